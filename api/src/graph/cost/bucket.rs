//! A leaky bucket, and those of this process.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use super::Rates;
use crate::auth::Requester;

/// Buckets at hand. One that is forgotten is full again: that long unused, it was all but full.
const BUCKETS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// Thousandths of a cost in one. A restore rate a second is then one of thousandths a millisecond.
pub(super) const MILLI: u64 = 1000;

/// Whose bucket: the tenant and the client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::graph) struct Holder {
    /// The tenant's slug; empty for who selects none.
    pub(super) tenant: String,
    /// The client as the token names it.
    pub(super) client: String,
}

impl Holder {
    pub(super) fn of(requester: &Requester) -> Self {
        Self {
            tenant: requester.tenant().unwrap_or_default().to_owned(),
            client: requester.client().to_owned(),
        }
    }
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Whether there was enough.
    pub(super) granted: bool,
    /// What is left.
    pub(super) left: u64,
}

impl Taken {
    /// When there will be enough.
    pub(super) fn wait(self, cost: u64, rates: &Rates) -> Duration {
        let missing = cost.saturating_sub(self.left).saturating_mul(MILLI);
        Duration::from_millis(missing.div_ceil(rates.restore.max(1)))
    }
}

/// One bucket: how full it was, and when.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: u64,
    at: Instant,
}

impl Bucket {
    fn refill(&mut self, now: Instant, rates: &Rates) {
        let passed = now.saturating_duration_since(self.at).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let full = rates.bucket.saturating_mul(MILLI);
        let restored = passed.saturating_mul(rates.restore);
        self.level = self.level.saturating_add(restored).min(full);
        // What is left of a millisecond counts the next time.
        self.at += Duration::from_millis(passed);
    }
}

/// The buckets of this process.
#[derive(Debug)]
pub(super) struct Buckets(Mutex<LruCache<Holder, Bucket>>);

impl Default for Buckets {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(BUCKETS)))
    }
}

impl Buckets {
    /// Takes a cost, all of it or nothing.
    pub(super) fn take(&self, holder: &Holder, cost: u64, rates: &Rates) -> Taken {
        self.with(holder, rates, |bucket| {
            let cost = cost.saturating_mul(MILLI);
            let granted = cost <= bucket.level;
            if granted {
                bucket.level -= cost;
            }
            Taken {
                granted,
                left: bucket.level / MILLI,
            }
        })
    }

    /// Settles what was taken with what it did cost. Says what is left.
    pub(super) fn settle(&self, holder: &Holder, settled: Settled, rates: &Rates) -> u64 {
        self.with(holder, rates, |bucket| {
            bucket.level = settled
                .apply(bucket.level / MILLI, rates)
                .saturating_mul(MILLI);
            bucket.level / MILLI
        })
    }

    fn with<T>(&self, holder: &Holder, rates: &Rates, change: impl FnOnce(&mut Bucket) -> T) -> T {
        let now = Instant::now();
        let full = || Bucket {
            level: rates.bucket.saturating_mul(MILLI),
            at: now,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(holder) {
            all.put(holder.clone(), full());
        }
        let mut fallback = full();
        let bucket = all.get_mut(holder).unwrap_or(&mut fallback);
        bucket.refill(now, rates);
        change(bucket)
    }
}

/// What was taken before, and what it turned out to cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    /// The estimate, if it was taken.
    pub(super) taken: u64,
    /// The actual cost.
    pub(super) spent: u64,
}

impl Settled {
    /// The level after it. A cost above the estimate is taken as far as there is something.
    pub(super) fn apply(self, level: u64, rates: &Rates) -> u64 {
        let level = level.saturating_add(self.taken).saturating_sub(self.spent);
        level.min(rates.bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates {
        maximum: 100,
        bucket: 200,
        restore: 50,
    };

    fn holder(tenant: &str, client: &str) -> Holder {
        Holder {
            tenant: tenant.to_owned(),
            client: client.to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_empties_and_fills_again() {
        let (buckets, app) = (Buckets::default(), holder("north", "app"));
        let take = |cost| buckets.take(&app, cost, &RATES);
        assert_eq!(
            take(150),
            Taken {
                granted: true,
                left: 50
            }
        );
        let refused = take(100);
        assert_eq!(
            refused,
            Taken {
                granted: false,
                left: 50
            }
        );
        assert_eq!(refused.wait(100, &RATES), Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(999)).await;
        assert!(!take(100).granted);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(
            take(100),
            Taken {
                granted: true,
                left: 0
            }
        );
        tokio::time::sleep(Duration::from_hours(24 * 365)).await;
        assert_eq!(take(0).left, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn each_tenant_and_each_client_has_its_own() {
        let buckets = Buckets::default();
        assert!(buckets.take(&holder("north", "app"), 200, &RATES).granted);
        assert!(!buckets.take(&holder("north", "app"), 1, &RATES).granted);
        assert!(buckets.take(&holder("north", "other"), 200, &RATES).granted);
        assert!(buckets.take(&holder("south", "app"), 200, &RATES).granted);
    }

    #[tokio::test(start_paused = true)]
    async fn the_difference_is_given_back_and_never_more_than_fits() {
        let (buckets, app) = (Buckets::default(), holder("north", "app"));
        assert_eq!(buckets.take(&app, 100, &RATES).left, 100);
        assert_eq!(
            buckets.settle(
                &app,
                Settled {
                    taken: 100,
                    spent: 30
                },
                &RATES
            ),
            170
        );
        assert_eq!(
            buckets.settle(
                &app,
                Settled {
                    taken: 100,
                    spent: 0
                },
                &RATES
            ),
            200
        );
        assert_eq!(
            buckets.settle(
                &app,
                Settled {
                    taken: 0,
                    spent: 500
                },
                &RATES
            ),
            0
        );
    }

    #[test]
    fn buckets_are_bounded() {
        let buckets = Buckets::default();
        for client in 0..BUCKETS.get() + 10 {
            buckets.take(&holder("north", &client.to_string()), 1, &RATES);
        }
        assert_eq!(buckets.0.lock().unwrap().len(), BUCKETS.get());
    }
}
