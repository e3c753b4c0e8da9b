//! What a subscription costs on its way through what was there before it.

use std::sync::Arc;

use tokio::time::sleep;

use super::bucket::Holder;
use super::{CostMode, Costs};
use crate::auth::Requester;

/// Pays for the updates of a snapshot or a replay, out of the bucket of who follows. Nothing is
/// refused: whose bucket is empty waits until there is enough, and misses nothing.
#[derive(Clone, Debug)]
pub(in crate::graph) struct Toll {
    costs: Arc<Costs>,
    holder: Holder,
    /// The estimate of one update.
    each: u64,
}

impl Toll {
    pub(in crate::graph) fn new(costs: &Arc<Costs>, requester: &Requester, each: u64) -> Self {
        Self {
            costs: Arc::clone(costs),
            holder: Holder::of(requester),
            each,
        }
    }

    /// Pays for so many updates, for one at least: that there are none was read too.
    pub(in crate::graph) async fn pay(&self, updates: usize) {
        let (mode, rates) = (self.costs.mode, &self.costs.rates);
        if mode == CostMode::Off {
            return;
        }
        let updates = u64::try_from(updates.max(1)).unwrap_or(u64::MAX);
        let mut due = self.each.saturating_mul(updates);
        while due > 0 {
            // No bucket holds more at once.
            let part = due.min(rates.bucket);
            let (taken, _) = self.costs.take(&self.holder, part).await;
            if taken.granted || mode == CostMode::Measure {
                due -= part;
            } else {
                sleep(taken.wait(part, rates)).await;
            }
        }
    }
}
