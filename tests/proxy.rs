//! A wire to PostgreSQL that breaks at the worst moment: around the commit of an append, which is one
//! statement and commits by itself.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

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
                tokio::spawn(wire.carry(client, server));
            }
        });
        Self {
            port,
            cuts,
            accepting,
        }
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
        let back =
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let (mut appends, mut appending) = (HashSet::new(), false);
        let mut started = false;
        while let Ok(sent) = message(&mut from_client, started).await {
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
            match cut {
                None if to_server.write_all(&sent).await.is_ok() => {}
                Some(Cut::After) => {
                    back.abort();
                    let _ended = back.await;
                    // The server gets the commit and a closed connection; what it answers is lost.
                    let _sent = to_server.write_all(&sent).await;
                    break;
                }
                _ => break,
            }
        }
        // Both halves close here, or with the task that carries the answers.
        drop((from_client, to_server));
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
