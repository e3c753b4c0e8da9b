//! The yardstick for commands: pgbench, one insert a transaction, on the same server. It is what
//! a service without group commit can at most reach, before HTTP, GraphQL, tokens and rules.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use tokio::process::Command;

use super::Result;
use super::ground::Ground;

/// Where Debian's packages put it.
const INSTALLED: &str = "/usr/lib/postgresql";
const TABLE: &str = "CREATE TABLE pgbench_event (
    tenant_id bigint NOT NULL, position bigint GENERATED ALWAYS AS IDENTITY, stream_id uuid NOT NULL,
    event_type text NOT NULL, payload text NOT NULL, recorded_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, position))";
const INSERT: &str =
    "INSERT INTO pgbench_event (tenant_id, stream_id, event_type, payload, recorded_at)
    VALUES (1, gen_random_uuid(), 'order.placed', :payload, 1768478400000000);\n";
/// Bytes of an event's payload.
const PAYLOAD: usize = 300;
/// Threads of pgbench.
const THREADS: usize = 2;

/// pgbench, ready to run.
pub(super) struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    url: String,
}

impl Pgbench {
    /// Finds the program and makes its table.
    pub(super) async fn prepare(ground: &Ground) -> Result<Self> {
        let url = ground.place().database_url.clone();
        let url = url.ok_or("--pgbench needs a PostgreSQL --database-url")?;
        ground.beside().execute_unprepared(TABLE).await?;
        let script = ground.folder().join("insert.sql");
        std::fs::write(&script, INSERT)?;
        Ok(Self {
            program: program(),
            script,
            url,
        })
    }

    /// Inserts for a while; answers with transactions a second.
    pub(super) async fn run(&self, clients: usize, window: Duration) -> Result<f64> {
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared"])
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(THREADS)))
            .arg(format!("--time={}", window.as_secs()))
            .arg(format!("--define=payload={}", "x".repeat(PAYLOAD)))
            .arg(format!("--file={}", self.script.display()))
            .arg(&self.url)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stdout);
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        match rate.and_then(|rate| rate.split(' ').next()?.parse().ok()) {
            Some(rate) => Ok(rate),
            None => Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}

/// The newest that the system's packages have, or whatever is on the path.
fn program() -> PathBuf {
    let versions = std::fs::read_dir(INSTALLED).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let program = Path::new(INSTALLED)
                .join(version.to_string())
                .join("bin/pgbench");
            program.is_file().then_some((version, program))
        })
        .max();
    newest.map_or_else(|| PathBuf::from("pgbench"), |(_, program)| program)
}
