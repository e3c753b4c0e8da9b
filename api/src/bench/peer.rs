//! Peers: other programs that do the same work, run in the same round on the same database. `bench/`
//! has those that the product is compared with.

use std::net::SocketAddr;
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Result;
use super::figure::{Series, Setting, micros_each, ratio, whole};
use super::ground::Ground;
use super::server::free_address;
use super::usage::Usage;

/// How long a peer may take to start.
const PATIENCE: Duration = Duration::from_mins(5);
/// What stands for the tenant's number in a peer's request.
const TENANT: &str = "$TENANT";

/// A program to compare with: `NAME=COMMAND`.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    name: String,
    command: String,
}

/// A peer that serves. It is killed when this is dropped, and with it all that it started.
pub(super) struct PeerServer {
    child: Child,
    pid: u32,
    address: SocketAddr,
    body: String,
}

/// What a peer says that it reached: one JSON object, its last line.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Reached {
    /// Commands a second.
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl FromStr for Peer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, command)) if !name.is_empty() && !command.is_empty() => Ok(Self {
                name: name.to_owned(),
                command: command.to_owned(),
            }),
            _ => Err("say NAME=COMMAND"),
        }
    }
}

impl Peer {
    /// Runs the peer once and adds what it reached and used.
    pub(super) async fn measure(
        &self,
        ground: &Ground,
        (clients, window): (usize, Duration),
        told: &[(&str, String)],
        series: &mut Series,
    ) -> Result<Reached> {
        let before = Usage::now(ground, None).await?;
        let output = self
            .command(ground, told)?
            .env("PEER_CLIENTS", clients.to_string())
            .env("PEER_SECONDS", window.as_secs().to_string())
            .output()
            .await?;
        let used = Usage::now(ground, None).await?.since(&before);
        let said = String::from_utf8_lossy(&output.stdout);
        let reached = said.trim_end().lines().last().unwrap_or_default();
        let Ok(reached) = serde_json::from_str::<Reached>(reached) else {
            let complained = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {said}{complained}", self.name).into());
        };
        let setting = self.setting(Some(clients), None);
        let mut add = |figure, unit, value| series.add(figure, unit, setting, value);
        add("peer_rate", "1/s", reached.rate);
        add("peer_p50", "ms", reached.p50_ms);
        add("peer_p99", "ms", reached.p99_ms);
        let all = whole(reached.rate, window);
        add("peer_cpu", "us", micros_each(used.ended, all));
        if let Some(database) = used.database {
            add("peer_cpu_database", "us", micros_each(database, all));
        }
        Ok(reached)
    }

    /// Starts a peer that serves at `PEER_LISTEN`. When it does, it prints one line: the body of the
    /// request that is to be posted to `/graphql`, with `$TENANT` for the number of the tenant.
    pub(super) async fn serve(
        &self,
        ground: &Ground,
        told: &[(&str, String)],
    ) -> Result<PeerServer> {
        let address = free_address()?;
        let mut command = self.command(ground, told)?;
        command
            .env("PEER_LISTEN", address.to_string())
            .stdout(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn()?;
        let pid = child.id().ok_or("the peer ended at once")?;
        let said = child.stdout.take().ok_or("the peer has no output")?;
        let line = async { BufReader::new(said).lines().next_line().await };
        match timeout(PATIENCE, line).await?? {
            Some(body) => Ok(PeerServer {
                child,
                pid,
                address,
                body,
            }),
            None => Err(format!("{} ended: {}", self.name, child.wait().await?).into()),
        }
    }

    /// What figures call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn command(&self, ground: &Ground, told: &[(&str, String)]) -> Result<Command> {
        let mut command = Command::new("sh");
        command
            .args(["-c", &self.command])
            .env("PEER_DATABASE_URL", ground.place().database()?.url)
            .envs(told.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }

    /// Adds how the product compares with it.
    pub(super) fn compare(
        &self,
        series: &mut Series,
        (clients, tenants): (usize, usize),
        (rate, p50_ms): (f64, f64),
        reached: Reached,
    ) {
        let setting = self.setting(Some(clients), Some(tenants));
        series.add("rate_ratio", "x", setting, ratio(rate, reached.rate));
        series.add("p50_ratio", "x", setting, ratio(p50_ms, reached.p50_ms));
    }

    fn setting(&self, clients: Option<usize>, tenants: Option<usize>) -> Setting<'_> {
        Setting {
            clients,
            tenants,
            of: Some(&self.name),
        }
    }
}

impl PeerServer {
    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first of its processes.
    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// The request for a tenant.
    pub(super) fn body(&self, tenant: usize) -> String {
        self.body.replace(TENANT, &tenant.to_string())
    }

    /// Ends it and all that it started.
    pub(super) async fn stop(mut self) -> Result<()> {
        let mut kill = Command::new("kill");
        kill.args(["--", &format!("-{}", self.pid)])
            .status()
            .await?;
        self.child.wait().await?;
        Ok(())
    }
}
