//! Peers: other programs that do the same work, run in the same round on the same database. `bench/`
//! has those that the product is compared with.

use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::Result;
use super::figure::{Series, Setting, micros_each, ratio, whole};
use super::ground::Ground;
use super::usage::Usage;

/// A program to compare with: `NAME=COMMAND`.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    name: String,
    command: String,
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
        clients: usize,
        window: Duration,
        series: &mut Series,
    ) -> Result<Reached> {
        let before = Usage::now(ground, None).await?;
        let output = Command::new("sh")
            .args(["-c", &self.command])
            .env("PEER_DATABASE_URL", ground.place().database()?.url)
            .env("PEER_CLIENTS", clients.to_string())
            .env("PEER_SECONDS", window.as_secs().to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true)
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
