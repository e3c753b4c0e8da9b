//! Records that money moved back to the customer.

use serde::Serialize;

use super::guard::{check_provider_ref, refundable, settled};
use super::{PaymentEvent, PaymentRefunded};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId, REASON_MAX, text};
use crate::world::World;

/// Refunds a captured payment, whole or in part.
#[derive(Clone, Debug, Serialize)]
pub struct RefundPayment {
    /// Which.
    pub payment_id: PaymentId,
    /// Minor units; all that is left if not given.
    pub amount_minor: Option<i64>,
    /// The provider's own id of the refund.
    pub provider_ref: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl Command for RefundPayment {
    const NAME: &'static str = "RefundPayment";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let payment = settled(world, self.payment_id)?;
        let amount_minor = refundable(payment, self.amount_minor)?;
        check_provider_ref(self.provider_ref.as_deref())?;
        text(&self.reason, REASON_MAX, "reason")?;
        let refunded = PaymentRefunded {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            provider: payment.provider.clone(),
            provider_ref: self.provider_ref.clone(),
            currency: payment.currency,
            amount_minor,
            reason: self.reason.clone(),
            refunded_at: ctx.now,
        };
        let decision = Decision::about(self.payment_id.0);
        Ok(decision.with(self.payment_id, PaymentEvent::Refunded(refunded)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{authorized, capture, payment, refund};
    use super::*;
    use crate::testing::refused;

    #[test]
    fn refunds_stop_at_what_was_captured() {
        let mut past = authorized(100);
        let exceeds = "REFUND_EXCEEDS_CAPTURED amountMinor";
        assert_eq!(refused(past.when(&refund(Some(1)))), exceeds);
        past.when(&capture(Some(60))).expect("captured");
        past.when(&refund(Some(20))).expect("a part");
        assert_eq!(refused(past.when(&refund(Some(41)))), exceeds);
        past.when(&refund(None)).expect("the rest");
        let after = payment(&past);
        assert_eq!((after.refundable(), after.capturable()), (0, 40));
        assert_eq!(refused(past.when(&refund(None))), "WRONG_STATE paymentId");
    }

    #[test]
    fn a_refund_says_why() {
        let mut past = authorized(100);
        past.when(&capture(None)).expect("captured");
        let command = RefundPayment {
            reason: " ".to_owned(),
            ..refund(None)
        };
        assert_eq!(refused(past.when(&command)), "TEXT_MALFORMED reason");
    }
}
