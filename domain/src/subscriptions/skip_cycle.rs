//! Lets a subscription's next cycles pass without an order.

use serde::Serialize;

use super::calendar::cycle_date;
use super::guard::{check_not_canceled, known};
use super::{CycleSkipped, SubscriptionEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Refusal, Refused, SubscriptionId, code, quantity};
use crate::world::World;

/// The most cycles that one command skips.
const CYCLES_MAX: i64 = 24;

/// Skips the cycles that are due next; the anchor stays.
#[derive(Clone, Debug, Serialize)]
pub struct SkipCycle {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// How many, 1 to 24; one if not given.
    pub cycles: Option<i64>,
}

impl Command for SkipCycle {
    const NAME: &'static str = "SkipCycle";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let (subscription, terms) = known(world, self.subscription_id)?;
        check_not_canceled(subscription)?;
        let first = subscription.next_cycle;
        let next = first.saturating_add(self.count()?);
        cycle_date(terms, next)?;
        let mut decision = Decision::about(self.subscription_id.0);
        for cycle in first..next {
            let skipped = CycleSkipped {
                subscription_id: self.subscription_id,
                cycle,
            };
            let fact = SubscriptionEvent::CycleSkipped(skipped);
            decision.push(self.subscription_id, fact);
        }
        Ok(decision)
    }
}

impl SkipCycle {
    fn count(&self) -> Refused<i64> {
        let count = quantity(self.cycles.unwrap_or(1), "cycles")?;
        if count <= CYCLES_MAX {
            return Ok(count);
        }
        let message = format!("at most {CYCLES_MAX} cycles are skipped at once");
        Err(Refusal::at(code::QUANTITY_OUT_OF_RANGE, "cycles", message))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{SUBSCRIPTION, run, subscribed, subscription};
    use super::*;
    use crate::testing::refused;

    fn skip(cycles: Option<i64>) -> SkipCycle {
        SkipCycle {
            subscription_id: SUBSCRIPTION,
            cycles,
        }
    }

    #[test]
    fn each_skipped_cycle_is_a_fact() {
        let mut past = subscribed("2026-01-31");
        assert_eq!(past.when(&skip(None)).expect("one").events.len(), 1);
        assert_eq!(past.when(&skip(Some(24))).expect("24").events.len(), 24);
        assert_eq!(subscription(&past).next_cycle, 25);
    }

    #[test]
    fn a_cycle_that_was_skipped_does_not_run() {
        let mut past = subscribed("2026-01-31").at("2026-01-31T12:00:00Z");
        past.when(&skip(None)).expect("skipped");
        assert_eq!(refused(past.when(&run(0))), "WRONG_STATE subscriptionId");
    }

    #[test]
    fn the_number_of_cycles_has_limits() {
        for (cycles, expected) in [
            (0, "QUANTITY_NOT_POSITIVE cycles"),
            (25, "QUANTITY_OUT_OF_RANGE cycles"),
            (i64::MAX, "QUANTITY_OUT_OF_RANGE cycles"),
        ] {
            let outcome = subscribed("2026-01-31").when(&skip(Some(cycles)));
            assert_eq!(refused(outcome), expected);
        }
    }
}
