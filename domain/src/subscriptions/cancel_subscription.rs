//! Ends a subscription for good.

use serde::Serialize;

use super::guard::{check_not_canceled, known};
use super::{SubscriptionCanceled, SubscriptionEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, REASON_MAX, SubscriptionId, text};
use crate::world::World;

/// Cancels a subscription: no cycle runs any more. Orders that it made stay.
#[derive(Clone, Debug, Serialize)]
pub struct CancelSubscription {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// Why, for people.
    pub reason: String,
}

impl Command for CancelSubscription {
    const NAME: &'static str = "CancelSubscription";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let (subscription, _) = known(world, self.subscription_id)?;
        check_not_canceled(subscription)?;
        text(&self.reason, REASON_MAX, "reason")?;
        let canceled = SubscriptionCanceled {
            subscription_id: self.subscription_id,
            reason: self.reason.clone(),
        };
        let decision = Decision::about(self.subscription_id.0);
        Ok(decision.with(self.subscription_id, SubscriptionEvent::Canceled(canceled)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{SUBSCRIPTION, subscribed};
    use super::super::{ChangeQuantity, PauseSubscription, ResumeSubscription, SkipCycle};
    use super::*;
    use crate::command::AnyCommand;
    use crate::testing::refused;

    fn cancel(reason: &str) -> CancelSubscription {
        CancelSubscription {
            subscription_id: SUBSCRIPTION,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn nothing_happens_to_a_canceled_subscription() {
        let subscription_id = SUBSCRIPTION;
        let mut past = subscribed("2026-01-31");
        past.when(&cancel("moved")).expect("canceled");
        let commands: [&dyn AnyCommand; 5] = [
            &cancel("again"),
            &PauseSubscription {
                subscription_id,
                resume_on: None,
            },
            &ResumeSubscription { subscription_id },
            &SkipCycle {
                subscription_id,
                cycles: None,
            },
            &ChangeQuantity {
                subscription_id,
                sku: "A".into(),
                quantity: 9,
            },
        ];
        for command in commands {
            let expected = "WRONG_STATE subscriptionId";
            assert_eq!(refused(past.when(command)), expected, "{}", command.name());
        }
    }

    #[test]
    fn a_cancellation_says_why() {
        assert_eq!(
            refused(subscribed("2026-01-31").when(&cancel(""))),
            "TEXT_MALFORMED reason"
        );
    }
}
