//! What processes use, as Linux tells it. Elsewhere, and of processes on other machines, nothing is
//! known and the figures are left out.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend};

use super::Result;
use super::ground::Ground;
use super::server::Server;

/// A tick of `/proc/<pid>/stat`, the same on every machine that matters.
const TICK: Duration = Duration::from_millis(10);
/// Fields of `/proc/<pid>/stat` behind the name, before the ticks in user mode.
const USER_TICKS: usize = 11;

/// CPU time that was used up to now.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    client: Duration,
    server: Duration,
    /// By backend of the scenario's database.
    database: BTreeMap<u32, Duration>,
}

/// CPU time between two moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    pub(super) client: Duration,
    pub(super) server: Duration,
    /// `None` if the database's processes are not to be seen.
    pub(super) database: Option<Duration>,
}

impl Usage {
    /// Now.
    pub(super) async fn now(ground: &Ground, server: &Server) -> Result<Self> {
        let database = backends(ground).await?.into_iter();
        Ok(Self {
            client: cpu(std::process::id()).unwrap_or_default(),
            server: cpu(server.pid()).unwrap_or_default(),
            database: database.filter_map(|pid| Some((pid, cpu(pid)?))).collect(),
        })
    }

    /// What was used since. Backends that ended meanwhile are not counted.
    pub(super) fn since(&self, before: &Self) -> Used {
        let since = |(pid, now): (&u32, &Duration)| {
            let before = before.database.get(pid).copied().unwrap_or_default();
            now.saturating_sub(before)
        };
        let database: Duration = self.database.iter().map(since).sum();
        Used {
            client: self.client.saturating_sub(before.client),
            server: self.server.saturating_sub(before.server),
            database: (!self.database.is_empty()).then_some(database),
        }
    }
}

/// Processes that work for the scenario's database, if it has any and they run here.
async fn backends(ground: &Ground) -> Result<Vec<u32>> {
    let beside = ground.beside();
    if beside.get_database_backend() != DbBackend::Postgres {
        return Ok(Vec::new());
    }
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
               AND application_name = 'entrepot'";
    let query = sea_orm::Statement::from_string(DbBackend::Postgres, sql);
    let mut pids = Vec::new();
    for row in beside.query_all_raw(query).await? {
        let pid = u32::try_from(row.try_get_by_index::<i32>(0)?)?;
        // A server elsewhere has other processes under these numbers.
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if name.trim_end() == "postgres" {
            pids.push(pid);
        }
    }
    Ok(pids)
}

/// CPU time of a process, user and system.
fn cpu(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(") ")?;
    let mut ticks = behind_name.split(' ').skip(USER_TICKS);
    let user: u32 = ticks.next()?.parse().ok()?;
    let system: u32 = ticks.next()?.parse().ok()?;
    Some(TICK * (user + system))
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
