//! What operations cost, and what a client may spend.
//!
//! Costs are those of the IBM specification: a field that gives an object weighs 1, lists multiply
//! ([`table`]). Before an operation runs, its estimate ([`estimate`]) is taken from the bucket of
//! the caller's tenant and client ([`bucket`], [`shared`]); afterwards the difference to what it
//! did cost ([`meter`]) is settled. Who acts for a tenant is charged to it, platform operators and
//! routers with a user's token too: a credential is no reason to starve others.
//!
//! A subscription is charged the estimate of one update when it starts. Updates of what happens are
//! free: how many there are is decided by who writes, not by who reads. What was there before is
//! asked for by who reads: each update of a snapshot or a replay costs as much ([`toll`]).

mod bucket;
mod estimate;
mod meter;
mod report;
mod shared;
mod table;
mod toll;

use std::sync::Arc;

use async_graphql::Response;
use tokio_util::sync::CancellationToken;

use crate::auth::Requester;
use bucket::{Buckets, Holder, Settled, Taken};
use shared::Shared;

pub(super) use estimate::Estimates;
pub(super) use meter::{Meter, Weights};
pub(super) use table::{PAGE, SIZED, SLICING, Size, size_of, weight_of};
pub(super) use toll::Toll;

/// What is done about costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CostMode {
    /// Refuse what costs too much.
    Enforce,
    /// Say what it costs and refuse nothing.
    Measure,
    /// Nothing.
    Off,
}

/// How much clients may spend. Costs are without unit; an object is 1.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// The most that one operation may cost by its estimate.
    pub maximum: u64,
    /// What a client may spend at once.
    pub bucket: u64,
    /// What comes back each second.
    pub restore: u64,
}

/// Counts and limits what operations cost.
#[derive(Debug)]
pub struct Costs {
    mode: CostMode,
    rates: Rates,
    local: Buckets,
    shared: Option<Arc<Shared>>,
}

/// The estimate of an operation, taken from the caller's bucket.
#[derive(Debug)]
pub(super) struct Charge {
    costs: Arc<Costs>,
    holder: Holder,
    /// Where it was taken, if not in this process.
    from: Option<Arc<Shared>>,
    /// The estimate.
    requested: u64,
    /// What was really taken.
    taken: u64,
    /// What was left then.
    left: u64,
    meter: Meter,
}

impl Costs {
    /// With buckets in this process, and in Redis where there is one. A bucket holds at least one
    /// operation of the maximum: nothing would ever pass otherwise.
    pub fn new(
        mode: CostMode,
        rates: Rates,
        redis: Option<redis::Client>,
        stop: &CancellationToken,
    ) -> Self {
        let rates = Rates {
            bucket: rates.bucket.max(rates.maximum),
            ..rates
        };
        let shared = redis.filter(|_| mode != CostMode::Off);
        Self {
            mode,
            rates,
            local: Buckets::default(),
            shared: shared.map(|client| Shared::start(client, stop.clone())),
        }
    }

    /// Takes an estimate from the caller's bucket, or answers why it is refused. `None` where
    /// nothing is counted.
    pub(super) async fn charge(
        self: &Arc<Self>,
        requester: &Requester,
        estimate: u64,
        weights: &Arc<Weights>,
    ) -> Result<Option<Charge>, Response> {
        if self.mode == CostMode::Off {
            return Ok(None);
        }
        let enforced = self.mode == CostMode::Enforce;
        if enforced && estimate > self.rates.maximum {
            metrics::counter!("entrepot_cost_refused_total", "code" => report::TOO_EXPENSIVE)
                .increment(1);
            return Err(report::too_expensive(estimate, &self.rates));
        }
        let holder = Holder::of(requester);
        let (taken, from) = self.take(&holder, estimate).await;
        if enforced && !taken.granted {
            metrics::counter!("entrepot_cost_refused_total", "code" => report::THROTTLED)
                .increment(1);
            return Err(report::throttled(estimate, taken, &self.rates));
        }
        Ok(Some(Charge {
            costs: Arc::clone(self),
            holder,
            from,
            requested: estimate,
            taken: if taken.granted { estimate } else { 0 },
            left: taken.left,
            meter: Meter::new(weights),
        }))
    }

    /// Takes a cost from a bucket, all of it or nothing, and says where the bucket is kept if not
    /// in this process.
    async fn take(&self, holder: &Holder, cost: u64) -> (Taken, Option<Arc<Shared>>) {
        if let Some(shared) = &self.shared
            && let Some(taken) = shared.take(holder, cost, &self.rates).await
        {
            return (taken, Some(Arc::clone(shared)));
        }
        (self.local.take(holder, cost, &self.rates), None)
    }
}

/// What an operation was estimated to cost, and what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) requested: u64,
    pub(super) spent: u64,
}

impl Charge {
    /// What was counted so far.
    pub(super) fn cost(&self) -> Cost {
        Cost {
            requested: self.requested,
            spent: self.meter.spent(),
        }
    }

    /// Counts what the operation costs.
    pub(super) const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Settles the estimate with what the operation did cost, and says so in the answer. A charge
    /// that is dropped before is kept whole: whatever ran was cut off.
    pub(super) fn settle(self, response: &mut Response) {
        let settled = Settled {
            taken: self.taken,
            spent: self.meter.spent(),
        };
        let (rates, holder) = (self.costs.rates, self.holder);
        let left = if let Some(shared) = self.from {
            // The answer does not wait for it.
            tokio::spawn(async move { shared.settle(&holder, settled, &rates).await });
            settled.apply(self.left, &rates)
        } else {
            self.costs.local.settle(&holder, settled, &rates)
        };
        let cost = report::settled(self.requested, settled.spent, left, &rates);
        response
            .extensions
            .insert(report::EXTENSION.to_owned(), cost);
    }
}
