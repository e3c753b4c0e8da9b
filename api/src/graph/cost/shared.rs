//! Buckets that all nodes share, in Redis. One script, one round trip; whoever asks never waits
//! for a connection, and for an answer only a moment. Without an answer the buckets of this
//! process count until Redis is back: a client is then limited by each node instead of by all.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Rates;
use super::bucket::{Holder, MILLI, Settled, Taken};

/// How long an answer may take. Beyond, asking costs more than it protects.
const PATIENCE: Duration = Duration::from_millis(50);
/// Between two attempts to reach Redis.
const RETRY: Duration = Duration::from_secs(1);
/// The time that buckets are kept is that of filling, and this.
const GRACE_MS: u64 = 1000;

/// Refills by the time of Redis, which is one for all nodes. `taken` is given back before `cost`
/// is taken; a `cost` that must be granted whole is refused if there is not enough.
const SCRIPT: &str = "\
local capacity, rate, cost, taken, whole = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1' \
local time = redis.call('TIME') \
local now = time[1] * 1000 + math.floor(time[2] / 1000) \
local held = redis.call('HMGET', KEYS[1], 'level', 'at') \
local level, at = tonumber(held[1]) or capacity, tonumber(held[2]) or now \
level = math.min(capacity, level + math.max(0, now - at) * rate + taken) \
local granted = 1 \
if whole and cost > level then granted = 0 else level = math.max(0, level - cost) end \
redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at', string.format('%.0f', now)) \
redis.call('PEXPIRE', KEYS[1], ARGV[6]) \
return {granted, math.floor(level / 1000)}";

/// Redis, while it answers.
#[derive(Debug)]
pub(super) struct Shared {
    connection: RwLock<Option<MultiplexedConnection>>,
    lost: Notify,
}

impl Shared {
    /// Buckets in Redis; a task keeps the connection until `stop`.
    pub(super) fn start(client: redis::Client, stop: CancellationToken) -> Arc<Self> {
        let shared = Arc::new(Self {
            connection: RwLock::new(None),
            lost: Notify::new(),
        });
        let kept = Arc::clone(&shared);
        tokio::spawn(async move { stop.run_until_cancelled(kept.keep(client)).await });
        shared
    }

    async fn keep(&self, client: redis::Client) {
        loop {
            match timeout(RETRY, client.get_multiplexed_async_connection()).await {
                Ok(Ok(connection)) => {
                    self.set(Some(connection));
                    self.lost.notified().await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "buckets count in this process for now"),
                Err(_) => {}
            }
            sleep(RETRY).await;
        }
    }

    fn set(&self, connection: Option<MultiplexedConnection>) {
        *self
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner) = connection;
    }

    /// Takes a cost, all of it or nothing. `None` if Redis does not answer.
    pub(super) async fn take(&self, holder: &Holder, cost: u64, rates: &Rates) -> Option<Taken> {
        self.run(
            holder,
            Settled {
                taken: 0,
                spent: cost,
            },
            true,
            rates,
        )
        .await
    }

    /// Settles what was taken with what it did cost.
    pub(super) async fn settle(&self, holder: &Holder, settled: Settled, rates: &Rates) {
        self.run(holder, settled, false, rates).await;
    }

    async fn run(
        &self,
        holder: &Holder,
        settled: Settled,
        whole: bool,
        rates: &Rates,
    ) -> Option<Taken> {
        let open = self
            .connection
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut connection = open?;
        let fills_in = rates.bucket.saturating_mul(MILLI) / rates.restore.max(1);
        let mut script = redis::cmd("EVAL");
        script.arg(SCRIPT).arg(1).arg(key(holder));
        script
            .arg(rates.bucket.saturating_mul(MILLI))
            .arg(rates.restore);
        script
            .arg(settled.spent.saturating_mul(MILLI))
            .arg(settled.taken.saturating_mul(MILLI));
        script
            .arg(u8::from(whole))
            .arg(fills_in.saturating_add(GRACE_MS));
        let answer = timeout(PATIENCE, script.query_async::<(u8, u64)>(&mut connection)).await;
        if let Ok(Ok((granted, left))) = answer {
            return Some(Taken {
                granted: granted == 1,
                left,
            });
        }
        // Nobody else asks until the task has connected again.
        self.set(None);
        self.lost.notify_one();
        metrics::counter!("entrepot_cost_buckets_unreachable_total").increment(1);
        None
    }
}

/// The tenant comes first, in braces: a cluster keeps what is the tenant's together. Slugs have no
/// braces, and the client is the rest.
fn key(holder: &Holder) -> String {
    format!("{{{}}}:cost:{}", holder.tenant, holder.client)
}
