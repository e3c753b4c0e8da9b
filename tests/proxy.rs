//! A wire to PostgreSQL that breaks at the worst moment: around a COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The simple query that ends a transaction, as it goes over the wire.
const COMMIT: &[u8] = b"COMMIT\0";

/// Where the wire breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never hears of the commit.
    Before,
    /// The server commits; the client never hears of it.
    After,
}

/// A proxy before a PostgreSQL server. It cuts every `every`th commit, in turn before and after.
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
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            let sent = &buffer[..read];
            match sent.ends_with(COMMIT).then(|| self.cut()).flatten() {
                None if to_server.write_all(sent).await.is_ok() => {}
                Some(Cut::After) => {
                    back.abort();
                    let _ended = back.await;
                    // The server gets the commit and a closed connection; what it answers is lost.
                    let _sent = to_server.write_all(sent).await;
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
