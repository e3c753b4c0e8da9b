//! What processes use, as Linux tells it. Elsewhere, and of processes on other machines, nothing is
//! known and the figures are left out.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::Result;
use super::ground::Ground;

/// A tick of `/proc/<pid>/stat`, the same on every machine that matters.
const TICK: Duration = Duration::from_millis(10);
/// Fields of `/proc/<pid>/stat` behind the name: the parent, and four times in ticks.
const PARENT: usize = 1;
const USER: usize = 11;

/// What was used up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Of this process.
    pub(super) client: Duration,
    /// Of programs that it started and that ended.
    pub(super) ended: Duration,
    /// Of the server under test.
    pub(super) server: Duration,
    /// Of the database's server; none if its processes are not to be seen.
    pub(super) database: Option<Duration>,
    /// Bytes of its write-ahead log, and transactions in the scenario's database.
    pub(super) written: Option<usize>,
    pub(super) transactions: Option<usize>,
}

impl Usage {
    /// Now; of the server, that is this process and all below it.
    pub(super) async fn now(ground: &Ground, server: Option<u32>) -> Result<Self> {
        let own = Process::of(std::process::id()).unwrap_or_default();
        let mut usage = Self {
            client: own.alone,
            ended: own.ended,
            server: server.map(tree).unwrap_or_default(),
            ..Self::default()
        };
        if ground.beside().get_database_backend() == DbBackend::Postgres {
            usage.ask_postgres(ground).await?;
        }
        Ok(usage)
    }

    async fn ask_postgres(&mut self, ground: &Ground) -> Result<()> {
        let sql = "SELECT pg_backend_pid(), (pg_current_wal_insert_lsn() - '0/0')::bigint, \
                   xact_commit FROM pg_stat_database WHERE datname = current_database()";
        let query = Statement::from_string(DbBackend::Postgres, sql);
        if let Some(row) = ground.beside().query_one_raw(query).await? {
            let backend = u32::try_from(row.try_get_by_index::<i32>(0)?)?;
            self.database = postgres(backend);
            self.written = Some(usize::try_from(row.try_get_by_index::<i64>(1)?)?);
            self.transactions = Some(usize::try_from(row.try_get_by_index::<i64>(2)?)?);
        }
        Ok(())
    }

    /// What was used since.
    pub(super) fn since(self, before: &Self) -> Self {
        Self {
            client: self.client.saturating_sub(before.client),
            ended: self.ended.saturating_sub(before.ended),
            server: self.server.saturating_sub(before.server),
            database: less(self.database, before.database, Duration::saturating_sub),
            written: less(self.written, before.written, usize::saturating_sub),
            transactions: less(
                self.transactions,
                before.transactions,
                usize::saturating_sub,
            ),
        }
    }
}

fn less<T>(now: Option<T>, before: Option<T>, difference: impl Fn(T, T) -> T) -> Option<T> {
    Some(difference(now?, before?))
}

/// CPU time of a process, in user and system mode.
#[derive(Clone, Copy, Debug, Default)]
struct Process {
    parent: u32,
    alone: Duration,
    /// Of the children that it has waited for, and theirs.
    ended: Duration,
}

impl Process {
    fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, behind_name) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = behind_name.split(' ').collect();
        let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
        Some(Self {
            parent: number(PARENT)?,
            alone: TICK * (number(USER)? + number(USER + 1)?),
            ended: TICK * (number(USER + 2)? + number(USER + 3)?),
        })
    }
}

/// CPU time of all processes of the server that a backend belongs to, those that ended too.
fn postgres(backend: u32) -> Option<Duration> {
    // A server elsewhere has other processes under these numbers.
    let name = fs::read_to_string(format!("/proc/{backend}/comm")).ok()?;
    if name.trim_end() != "postgres" {
        return None;
    }
    let first = Process::of(backend)?.parent;
    Some(tree(first))
}

/// CPU time of a process and of all below it, those that ended too.
fn tree(first: u32) -> Duration {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all: HashMap<u32, Process> = pids
        .filter_map(|pid| Some((pid, Process::of(pid)?)))
        .collect();
    let below = |mut pid: u32| {
        while pid != first {
            match all.get(&pid) {
                Some(process) => pid = process.parent,
                None => return false,
            }
        }
        true
    };
    let counted = all.iter().filter(|(pid, _)| below(**pid));
    counted
        .map(|(_, process)| process.alone + process.ended)
        .sum()
}

/// Resident memory of a process in KiB: now, and the most so far.
pub(super) fn resident(pid: u32) -> Option<(usize, usize)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    Some((field("VmRSS")?, field("VmHWM")?))
}
