//! Lets a paused subscription's cycles run again.

use serde::Serialize;

use super::calendar::{cycle_date, first_cycle_from};
use super::guard::{check_status, known};
use super::{SubscriptionEvent, SubscriptionResumed, SubscriptionStatus};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, SubscriptionId};
use crate::world::World;

/// Resumes a subscription at the first cycle that is not past; the anchor stays.
#[derive(Clone, Debug, Serialize)]
pub struct ResumeSubscription {
    /// Which.
    pub subscription_id: SubscriptionId,
}

impl Command for ResumeSubscription {
    const NAME: &'static str = "ResumeSubscription";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let (subscription, terms) = known(world, self.subscription_id)?;
        check_status(subscription, SubscriptionStatus::Paused)?;
        let today = terms.time_zone.date_of(ctx.now);
        let next_cycle = first_cycle_from(terms, subscription.next_cycle, today);
        cycle_date(terms, next_cycle)?;
        let resumed = SubscriptionResumed {
            subscription_id: self.subscription_id,
            next_cycle,
        };
        let decision = Decision::about(self.subscription_id.0);
        Ok(decision.with(self.subscription_id, SubscriptionEvent::Resumed(resumed)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::PauseSubscription;
    use super::super::given::{SUBSCRIPTION, run, subscribed, subscription};
    use super::*;
    use crate::testing::{Past, refused};

    const PAUSE: PauseSubscription = PauseSubscription {
        subscription_id: SUBSCRIPTION,
        resume_on: None,
    };
    const RESUME: ResumeSubscription = ResumeSubscription {
        subscription_id: SUBSCRIPTION,
    };

    fn resumed(past: Past, now: &str) -> Past {
        let mut past = past;
        past.when(&PAUSE).expect("paused");
        let mut past = past.at(now);
        past.when(&RESUME).expect("resumed");
        past
    }

    #[test]
    fn cycles_that_passed_during_the_pause_make_no_order() {
        for (now, next_cycle) in [
            ("2026-01-20T12:00:00Z", 0),
            ("2026-01-31T12:00:00Z", 0),
            ("2026-02-01T12:00:00Z", 1),
            ("2026-03-31T12:00:00Z", 2),
            ("2126-02-01T12:00:00Z", 1201),
        ] {
            let past = resumed(subscribed("2026-01-31"), now);
            assert_eq!(subscription(&past).next_cycle, next_cycle, "{now}");
            assert_eq!(subscription(&past).status, SubscriptionStatus::Active);
        }
    }

    #[test]
    fn a_failed_cycle_that_passed_is_not_tried_again() {
        let mut past = subscribed("2026-01-31").at("2026-01-31T12:00:00Z");
        past.when(&run(0)).expect("fails for want of stock");
        let past = resumed(past, "2026-02-01T12:00:00Z");
        let subscription = subscription(&past);
        assert_eq!((subscription.next_cycle, subscription.retry_on), (1, None));
    }

    #[test]
    fn only_a_paused_subscription_is_resumed() {
        assert_eq!(
            refused(subscribed("2026-01-31").when(&RESUME)),
            "WRONG_STATE subscriptionId"
        );
    }
}
