//! The server under test: this program, as a child that does not outlive the measurement.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::Result;
use super::client::Client;
use super::ground::Ground;
use crate::config::Place;

/// How long a server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two attempts to reach a server that starts.
const LOOK: Duration = Duration::from_millis(5);

/// A serving child process. It is killed when this is dropped.
pub(super) struct Server {
    child: Child,
    pid: u32,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// From its start until it was ready.
    pub(super) ready_after: Duration,
}

impl Server {
    /// Starts a server on the ground's database, and answers when it is ready.
    pub(super) async fn start(ground: &Ground) -> Result<Self> {
        Self::start_with(ground, &[]).await
    }

    /// The same with more settings.
    pub(super) async fn start_with(ground: &Ground, more: &[(&str, &str)]) -> Result<Self> {
        let address = free_address()?;
        let mut command = command(ground.place(), address)?;
        let started = Instant::now();
        let mut child = command.envs(more.iter().copied()).spawn()?;
        let pid = child.id().ok_or("the server ended at once")?;
        while !is_ready(address).await {
            if let Some(status) = child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            if started.elapsed() > PATIENCE {
                return Err("the server does not get ready".into());
            }
            sleep(LOOK).await;
        }
        Ok(Self {
            child,
            pid,
            address,
            ready_after: started.elapsed(),
        })
    }

    /// Its process.
    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Has it stop in its own order.
    pub(super) async fn stop(mut self) -> Result<()> {
        let mut kill = Command::new("kill");
        kill.arg(self.pid.to_string()).status().await?;
        if let Ok(status) = timeout(PATIENCE, self.child.wait()).await {
            let status = status?;
            return if status.success() {
                Ok(())
            } else {
                Err(format!("the server ended: {status}").into())
            };
        }
        Ok(self.child.kill().await?)
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut client) = Client::connect(address).await else {
        return false;
    };
    matches!(client.status("/readyz").await, Ok(200))
}

/// A port that was free just now.
pub(super) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Configured by its environment, which other users of the machine cannot see, and by nothing else.
fn command(place: &Place, listen: SocketAddr) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("serve")
        .env_clear()
        .env("ENTREPOT_LISTEN", listen.to_string())
        .env("ENTREPOT_LOG", "warn")
        .env("ENTREPOT_DATA_DIR", &place.data_dir)
        .env(
            "ENTREPOT_DATABASE_CONNECTIONS",
            place.database_connections.to_string(),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let optional = [
        ("ENTREPOT_DATABASE_URL", &place.database_url),
        ("ENTREPOT_REDIS_URL", &place.redis_url),
        ("ENTREPOT_SECRET", &place.secret),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    Ok(command)
}
