//! Stops a subscription's cycles for a while.

use serde::Serialize;

use super::guard::{check_status, known};
use super::{SubscriptionEvent, SubscriptionPaused, SubscriptionStatus};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Date, Halt, Refusal, SubscriptionId, code};
use crate::world::World;

/// Pauses a subscription: no cycle runs until it is resumed.
#[derive(Clone, Debug, Serialize)]
pub struct PauseSubscription {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The day on which it resumes by itself; after today in the subscription's zone.
    pub resume_on: Option<Date>,
}

impl Command for PauseSubscription {
    const NAME: &'static str = "PauseSubscription";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let (subscription, terms) = known(world, self.subscription_id)?;
        check_status(subscription, SubscriptionStatus::Active)?;
        let today = terms.time_zone.date_of(ctx.now);
        if self.resume_on.is_some_and(|day| day <= today) {
            let message = format!("the pause would end at once: today is {today}");
            return Err(Refusal::at(code::TIME_OUT_OF_ORDER, "resumeOn", message).into());
        }
        let paused = SubscriptionPaused {
            subscription_id: self.subscription_id,
            resume_on: self.resume_on,
        };
        let decision = Decision::about(self.subscription_id.0);
        Ok(decision.with(self.subscription_id, SubscriptionEvent::Paused(paused)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{SUBSCRIPTION, date, subscribed, subscription};
    use super::*;
    use crate::testing::refused;

    fn pause(resume_on: &str) -> PauseSubscription {
        PauseSubscription {
            subscription_id: SUBSCRIPTION,
            resume_on: Some(date(resume_on)),
        }
    }

    #[test]
    fn a_subscription_is_paused_once() {
        let mut past = subscribed("2026-02-01");
        past.when(&pause("2026-01-16")).expect("paused");
        let paused = subscription(&past);
        assert_eq!(paused.status, SubscriptionStatus::Paused);
        assert_eq!(paused.resume_on, Some(date("2026-01-16")));
        assert_eq!(
            refused(past.when(&pause("2026-01-16"))),
            "WRONG_STATE subscriptionId"
        );
    }

    #[test]
    fn a_pause_ends_after_today() {
        assert_eq!(
            refused(subscribed("2026-02-01").when(&pause("2026-01-15"))),
            "TIME_OUT_OF_ORDER resumeOn"
        );
    }
}
