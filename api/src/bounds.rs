//! What one client and one tenant may take, as flags and `ENTREPOT_…` variables.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::graph::cost::{CostMode, Costs, Rates};
use crate::graph::turns::{TurnLimits, Turns};
use crate::http::{Limits, SocketLimits};

/// Connections to read by that are left for what takes no turn: the log, who the tenants are.
const WITHOUT_TURN: usize = 2;

/// What one answer of the graph may have where nothing else is said: a page of 250 rows has 1 MB.
pub const ANSWER_BYTES: u32 = 16 << 20;

/// How the connections to read by are shared.
#[derive(Debug)]
pub(crate) struct Readers {
    /// Exports at one time.
    pub(crate) exports: usize,
    /// Turns of everything else; none if tenants are not bounded.
    pub(crate) turns: Option<Arc<Turns>>,
}

/// Exports would leave nothing to read by.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "--exports {exports}: each holds one of {connections} connections to read by, and {kept} are kept for everything else; \
     lower it, or raise --database-connections"
)]
pub struct TooManyExports {
    exports: usize,
    connections: usize,
    kept: usize,
}

/// Bounds on what is asked for.
#[derive(Clone, Debug, Args)]
pub struct BoundArgs {
    /// What is done about the cost of operations, an object being 1: refuse what is too much, only say it in extensions.cost, or nothing.
    #[arg(long, env = "ENTREPOT_COST", value_enum, default_value_t = CostMode::Enforce)]
    pub cost: CostMode,
    /// The most that one operation may cost by its estimate.
    #[arg(long, env = "ENTREPOT_COST_MAXIMUM", default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub cost_maximum: u64,
    /// What each client of a tenant may spend at once; at least the maximum of one operation.
    #[arg(long, env = "ENTREPOT_COST_BUCKET", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub cost_bucket: u64,
    /// What comes back to each client's bucket in a second.
    #[arg(long, env = "ENTREPOT_COST_RESTORE", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub cost_restore: u64,
    /// Queries of one tenant that read at one time while others read too; 0 for no bound on any tenant. Default: half the cores, at least one.
    #[arg(long, env = "ENTREPOT_TENANT_QUERIES")]
    pub tenant_queries: Option<usize>,
    /// Queries of one tenant that wait for their turn; one more is refused as THROTTLED.
    #[arg(long, env = "ENTREPOT_TENANT_QUEUE", default_value_t = 64)]
    pub tenant_queue: usize,
    /// Files for BI that are written at one time, of one tenant half of them; each holds a connection to read by. Default: a quarter of those connections, from one to four.
    #[arg(long, env = "ENTREPOT_EXPORTS", value_parser = clap::value_parser!(u16).range(1..))]
    pub exports: Option<u16>,
    /// How long a query waits for its turn before it is refused as OVERLOADED.
    #[arg(long, env = "ENTREPOT_QUEUE_TIMEOUT", default_value = "5s", value_parser = duration)]
    pub queue_timeout: Duration,
    /// How long the head of a request may take to come, and how long a connection may stand idle: `10s`, `500ms`.
    #[arg(long, env = "ENTREPOT_HEADER_TIMEOUT", default_value = "10s", value_parser = duration)]
    pub header_timeout: Duration,
    /// How long the body of a request may take to come.
    #[arg(long, env = "ENTREPOT_BODY_TIMEOUT", default_value = "10s", value_parser = duration)]
    pub body_timeout: Duration,
    /// How long a query may run. Commands are never cut off.
    #[arg(long, env = "ENTREPOT_QUERY_TIMEOUT", default_value = "10s", value_parser = duration)]
    pub query_timeout: Duration,
    /// Memory for answers that are given again while nothing of their tenant changes, in MiB; 0 for none.
    #[arg(long, env = "ENTREPOT_ANSWERS_MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(..=65_536))]
    pub answers_mib: u32,
    /// Largest answer of the graph in bytes; one that would become larger ends with PAYLOAD_TOO_LARGE.
    #[arg(long, env = "ENTREPOT_ANSWER_BYTES", default_value_t = ANSWER_BYTES, value_parser = clap::value_parser!(u32).range(64 * 1024..))]
    pub answer_bytes: u32,
    /// Largest request body in bytes.
    #[arg(long, env = "ENTREPOT_BODY_BYTES", default_value_t = 256 * 1024)]
    pub body_bytes: usize,
    /// Operations that one socket may run at one time.
    #[arg(long, env = "ENTREPOT_SOCKET_OPERATIONS", default_value_t = 100)]
    pub socket_operations: usize,
    /// Subscriptions that one tenant may have open on this server, over all its sockets and streams.
    #[arg(long, env = "ENTREPOT_TENANT_SUBSCRIPTIONS", default_value_t = 20_000)]
    pub tenant_subscriptions: usize,
}

impl BoundArgs {
    /// Who may read by so many connections.
    pub(crate) fn readers(&self, connections: u32) -> Result<Readers, TooManyExports> {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let kept = WITHOUT_TURN + 1;
        let exports = match self.exports.map(usize::from) {
            Some(exports) if exports + kept > connections => {
                return Err(TooManyExports {
                    exports,
                    connections,
                    kept,
                });
            }
            Some(exports) => exports,
            None => (connections / 4).clamp(1, 4),
        };
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let each = self.tenant_queries.unwrap_or((cores / 2).max(1));
        let limits = TurnLimits {
            all: connections.saturating_sub(WITHOUT_TURN + exports).max(1),
            each,
            queue: self.tenant_queue,
            patience: self.queue_timeout,
        };
        Ok(Readers {
            exports,
            turns: (each > 0).then(|| Turns::new(limits)),
        })
    }

    /// Bytes of answers that may be given again.
    pub(crate) fn answers_bytes(&self) -> usize {
        usize::try_from(u64::from(self.answers_mib) << 20).unwrap_or(usize::MAX)
    }

    /// Bounds on requests, streams and sockets.
    pub(crate) fn limits(&self) -> Limits {
        let limits = Limits::default();
        Limits {
            body_bytes_max: self.body_bytes,
            body_timeout: self.body_timeout,
            query_timeout: self.query_timeout,
            tenant_subscriptions_max: self.tenant_subscriptions,
            socket: SocketLimits {
                operations_max: self.socket_operations,
                ..limits.socket
            },
            ..limits
        }
    }

    /// Counts costs in this process, and in Redis where there is one.
    pub(crate) fn costs(&self, redis: Option<redis::Client>, stop: &CancellationToken) -> Costs {
        let rates = Rates {
            maximum: self.cost_maximum,
            bucket: self.cost_bucket,
            restore: self.cost_restore,
        };
        Costs::new(self.cost, rates, redis, stop)
    }
}

/// A time: a whole number of `ms`, `s` or `m`, above zero.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u32 = digits
        .parse()
        .map_err(|_| "give a number and ms, s or m".to_owned())?;
    let millis = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err("give ms, s or m behind the number".to_owned()),
    };
    match u64::from(number) * millis {
        0 => Err("must be above zero".to_owned()),
        millis => Ok(Duration::from_millis(millis)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        bounds: BoundArgs,
    }

    fn exports(flags: &[&str], connections: u32) -> Result<usize, TooManyExports> {
        let line = [&["entrepot"], flags].concat();
        let bounds = Line::parse_from(line).bounds;
        bounds.readers(connections).map(|readers| readers.exports)
    }

    #[test]
    fn exports_leave_connections_to_read_by() {
        assert_eq!(exports(&[], 16), Ok(4));
        assert_eq!(exports(&[], 1), Ok(1));
        assert_eq!(exports(&["--exports", "13"], 16), Ok(13));
        let refused = exports(&["--exports", "14"], 16).unwrap_err().to_string();
        assert_eq!(
            refused,
            "--exports 14: each holds one of 16 connections to read by, and 3 are kept for everything else; \
             lower it, or raise --database-connections"
        );
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "10", "s", "0s", "-1s", "1h", "1.5s", "99999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
