//! Says whether an attempt without an answer happened after all.

use serde::Serialize;

use super::fee::push_capture;
use super::guard::{check_provider_ref, known, wrong_state};
use super::{Attempt, OutcomeResolved, Payment, PaymentCaptured, PaymentEvent, PaymentRefunded};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId};
use crate::world::World;

/// The reason of a refund that turned out to have happened.
const RESOLVED_REFUND: &str = "an attempt of unknown outcome had happened";

/// Ends the wait for an unknown outcome.
#[derive(Clone, Debug, Serialize)]
pub struct ResolveOutcome {
    /// Which.
    pub payment_id: PaymentId,
    /// Whether the money moved.
    pub happened: bool,
    /// The provider's own id of what happened.
    pub provider_ref: Option<String>,
}

impl Command for ResolveOutcome {
    const NAME: &'static str = "ResolveOutcome";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let payment = known(world, self.payment_id)?;
        let Some((attempt, amount_minor)) = payment.unknown else {
            return Err(wrong_state("no attempt has an unknown outcome").into());
        };
        check_provider_ref(self.provider_ref.as_deref())?;
        let resolved = OutcomeResolved {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            attempt,
            happened: self.happened,
        };
        let mut decision = Decision::about(self.payment_id.0)
            .with(self.payment_id, PaymentEvent::OutcomeResolved(resolved));
        if !self.happened {
            return Ok(decision);
        }
        match attempt {
            Attempt::Capture => {
                let captured = self.captured(payment, amount_minor, ctx);
                let tenant = world.tenant()?;
                push_capture(&mut decision, tenant, captured, None, payment.fee_minor)?;
            }
            Attempt::Refund => {
                let refunded = self.refunded(payment, amount_minor, ctx);
                decision.push(self.payment_id, PaymentEvent::Refunded(refunded));
            }
        }
        Ok(decision)
    }
}

impl ResolveOutcome {
    fn captured(&self, payment: &Payment, amount_minor: i64, ctx: &Ctx) -> PaymentCaptured {
        PaymentCaptured {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            provider: payment.provider.clone(),
            provider_ref: self.provider_ref.clone(),
            currency: payment.currency,
            amount_minor,
            captured_at: ctx.now,
        }
    }

    fn refunded(&self, payment: &Payment, amount_minor: i64, ctx: &Ctx) -> PaymentRefunded {
        PaymentRefunded {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            provider: payment.provider.clone(),
            provider_ref: self.provider_ref.clone(),
            currency: payment.currency,
            amount_minor,
            reason: RESOLVED_REFUND.to_owned(),
            refunded_at: ctx.now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{PAYMENT, authorized, capture, payment, report};
    use super::*;
    use crate::event::Event;
    use crate::testing::{Past, refused};

    fn resolve(happened: bool) -> ResolveOutcome {
        ResolveOutcome {
            payment_id: PAYMENT,
            happened,
            provider_ref: None,
        }
    }

    fn facts(past: &mut Past, happened: bool) -> Vec<&'static str> {
        let outcome = past.when(&resolve(happened)).expect("resolved");
        outcome.events.iter().map(Event::type_name).collect()
    }

    #[test]
    fn a_capture_that_happened_is_captured_with_its_fee() {
        let mut past = authorized(9306);
        past.when(&report(Attempt::Capture, 9306)).expect("unknown");
        assert_eq!(
            facts(&mut past, true),
            [
                "payment.outcome_resolved",
                "payment.captured",
                "payment.fee_assessed"
            ]
        );
        let payment = payment(&past);
        assert_eq!((payment.captured_minor, payment.fee_minor), (9306, 300));
        assert_eq!(payment.unknown, None);
    }

    #[test]
    fn a_refund_that_happened_is_refunded() {
        let mut past = authorized(9306);
        past.when(&capture(None)).expect("captured");
        past.when(&report(Attempt::Refund, 306)).expect("unknown");
        assert_eq!(
            facts(&mut past, true),
            ["payment.outcome_resolved", "payment.refunded"]
        );
        assert_eq!(payment(&past).refundable(), 9000);
    }

    #[test]
    fn what_did_not_happen_may_be_tried_again() {
        let mut past = authorized(9306);
        past.when(&report(Attempt::Capture, 9306)).expect("unknown");
        assert_eq!(facts(&mut past, false), ["payment.outcome_resolved"]);
        past.when(&capture(None)).expect("captured");
        assert_eq!(refused(past.when(&resolve(true))), "WRONG_STATE paymentId");
    }
}
