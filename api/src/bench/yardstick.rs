//! What live updates are compared with: a bare broadcast inside a process, over as many sockets.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::Result;

/// Bytes of a message: about those of an update.
const MESSAGE: usize = 400;
/// Messages that a slow reader may be behind.
const QUEUE: usize = 4_096;

/// Sends messages at a rate for a time, to the sockets of one channel after the other; how long each
/// took to each of them.
pub(super) async fn broadcast(
    sockets: usize,
    channels: usize,
    rate: u32,
    window: Duration,
) -> Result<Vec<Duration>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let channel = |_| broadcast::channel::<Instant>(QUEUE).0;
    let senders: Vec<_> = (0..channels).map(channel).collect();
    let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
    let start = Instant::now();
    for sender in senders.iter().cycle().take(sockets) {
        let (there, here) = tokio::try_join!(TcpStream::connect(address), listener.accept())?;
        here.0.set_nodelay(true)?;
        writers.spawn(write(here.0, sender.subscribe(), start));
        readers.spawn(read(there, start));
    }
    let mut pace = interval(Duration::from_secs(1) / rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + window;
    for sender in senders.iter().cycle() {
        pace.tick().await;
        let now = Instant::now();
        if now >= end {
            break;
        }
        // Nobody may listen to this one.
        let _ = sender.send(now);
    }
    // Without senders the writers end, and then the readers.
    drop(senders);
    let mut durations = Vec::new();
    while let Some(read) = readers.join_next().await {
        durations.extend(read?);
    }
    Ok(durations)
}

async fn write(mut stream: TcpStream, mut messages: broadcast::Receiver<Instant>, start: Instant) {
    let mut message = [0; MESSAGE];
    while let Ok(sent) = messages.recv().await {
        let since = u64::try_from(sent.duration_since(start).as_nanos()).unwrap_or_default();
        message[..8].copy_from_slice(&since.to_be_bytes());
        if stream.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn read(mut stream: TcpStream, start: Instant) -> Vec<Duration> {
    let (mut message, mut durations) = ([0; MESSAGE], Vec::new());
    while stream.read_exact(&mut message).await.is_ok() {
        let mut since = [0; 8];
        since.copy_from_slice(&message[..8]);
        let sent = Duration::from_nanos(u64::from_be_bytes(since));
        durations.push(start.elapsed().saturating_sub(sent));
    }
    durations
}
