//! A wire to PostgreSQL that breaks at the worst moment: around the commit of an append, which is one
//! statement and commits by itself. Or that carries nothing any more, and nobody is told.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the statement begins that appends to the log.
const APPEND: &[u8] = b"WITH guard AS (UPDATE tenant_head ";
/// The code of the question whether the server speaks TLS, which comes before the start.
const TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// Where the wire breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never hears of the commit.
    Before,
    /// The server commits; the client never hears of it.
    After,
}

/// A proxy before a PostgreSQL server. It cuts every `every`th append, in turn before and after its
/// commit.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    cuts: Arc<AtomicU64>,
    silent: Arc<watch::Sender<bool>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A proxy before `server` (`host:port`).
    pub async fn before(server: String, every: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (commits, cuts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let count = Arc::clone(&cuts);
        let silent = Arc::new(watch::Sender::new(false));
        let hush = Arc::clone(&silent);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let wire = Wire {
                    every,
                    commits: Arc::clone(&commits),
                    cuts: Arc::clone(&count),
                };
                let server = TcpStream::connect(server.clone())
                    .await
                    .expect("the server answers");
                let mut hush = hush.subscribe();
                tokio::spawn(async move {
                    let mut carrying = Box::pin(wire.carry(client, server));
                    tokio::select! {
                        biased;
                        Ok(_) = hush.wait_for(|silent| *silent) => {}
                        () = &mut carrying => return,
                    }
                    // Open still, and nothing is carried.
                    std::future::pending::<()>().await;
                    drop(carrying);
                });
            }
        });
        Self {
            port,
            cuts,
            silent,
            accepting,
        }
    }

    /// From now on nothing is carried, on connections that are there or come; or it is again, on those
    /// that come.
    pub fn is_silent(&self, silent: bool) {
        self.silent.send_replace(silent);
    }

    /// How often it broke the wire.
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Wire {
    every: u64,
    commits: Arc<AtomicU64>,
    cuts: Arc<AtomicU64>,
}

impl Wire {
    /// Carries both directions until one ends, or until the cut.
    async fn carry(self, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let back = tokio::io::copy(&mut from_server, &mut to_client);
        let forth = self.forth(&mut from_client, &mut to_server);
        tokio::select! {
            biased;
            () = forth => {}
            _ = back => {}
        }
    }

    async fn forth(&self, from_client: &mut OwnedReadHalf, to_server: &mut OwnedWriteHalf) {
        let (mut appends, mut appending) = (HashSet::new(), false);
        let mut started = false;
        while let Ok(sent) = message(from_client, started).await {
            let mut texts = sent.get(5..).unwrap_or_default().split(|byte| *byte == 0);
            let (first, second) = (texts.next(), texts.next());
            let mut cut = None;
            match sent[0] {
                _ if !started => started = sent[4..8] != TLS,
                // Parse: the statement's name and its text.
                b'P' if second.is_some_and(|sql| sql.starts_with(APPEND)) => {
                    appends.insert(first.unwrap_or_default().to_vec());
                }
                // Bind: the portal's name and the statement's.
                b'B' => appending |= second.is_some_and(|name| appends.contains(name)),
                // Sync: what was sent since the last one is committed.
                b'S' if std::mem::take(&mut appending) => cut = self.cut(),
                _ => {}
            }
            if cut == Some(Cut::Before) {
                return;
            }
            // After the cut the server has the commit, and a connection that is closed: what it answers
            // is lost.
            if to_server.write_all(&sent).await.is_err() || cut.is_some() {
                return;
            }
        }
    }

    fn cut(&self) -> Option<Cut> {
        let commit = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        if !commit.is_multiple_of(self.every) {
            return None;
        }
        let cut = self.cuts.fetch_add(1, Ordering::Relaxed);
        Some(if cut.is_multiple_of(2) {
            Cut::After
        } else {
            Cut::Before
        })
    }
}

/// The next message of a client: its kind, which the first ones do not have, its length, and the rest.
async fn message(client: &mut OwnedReadHalf, started: bool) -> io::Result<Vec<u8>> {
    let mut sent = Vec::new();
    if started {
        sent.push(client.read_u8().await?);
    }
    let length = client.read_u32().await?;
    sent.extend(length.to_be_bytes());
    let rest = length.checked_sub(4).ok_or(ErrorKind::InvalidData)?;
    let rest = u64::from(rest);
    let read = client.take(rest).read_to_end(&mut sent).await?;
    if u64::try_from(read).unwrap_or_default() < rest {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(sent)
}
