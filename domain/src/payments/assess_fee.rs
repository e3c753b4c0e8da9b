//! States what a provider really took, once it is known.

use serde::Serialize;

use super::guard::{known, wrong_state};
use super::{FeeAssessed, PaymentEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId, non_negative};
use crate::world::World;

/// Sets a payment's fee: the fact holds the difference to what was estimated.
#[derive(Clone, Debug, Serialize)]
pub struct AssessFee {
    /// Which.
    pub payment_id: PaymentId,
    /// The whole fee of the payment, in its currency's minor units.
    pub amount_minor: i64,
}

impl Command for AssessFee {
    const NAME: &'static str = "AssessFee";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let payment = known(world, self.payment_id)?;
        let fee = non_negative(self.amount_minor, "amountMinor")?;
        if fee == payment.fee_minor {
            return Err(wrong_state("this is the payment's fee already").into());
        }
        let assessed = FeeAssessed {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            currency: payment.currency,
            amount_minor: fee - payment.fee_minor,
            estimated: false,
        };
        let decision = Decision::about(self.payment_id.0);
        Ok(decision.with(self.payment_id, PaymentEvent::FeeAssessed(assessed)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{PAYMENT, authorized, capture, payment};
    use super::*;
    use crate::event::Event;
    use crate::testing::refused;

    fn assess(amount_minor: i64) -> AssessFee {
        AssessFee {
            payment_id: PAYMENT,
            amount_minor,
        }
    }

    #[test]
    fn the_true_fee_corrects_the_estimate() {
        let mut past = authorized(9306);
        past.when(&capture(None)).expect("captured");
        let outcome = past.when(&assess(270)).expect("assessed");
        assert!(matches!(
            &outcome.events[..],
            [Event::Payment(PaymentEvent::FeeAssessed(fee))]
                if fee.amount_minor == -30 && !fee.estimated
        ));
        assert_eq!(payment(&past).fee_minor, 270);
        assert_eq!(refused(past.when(&assess(270))), "WRONG_STATE paymentId");
    }

    #[test]
    fn a_fee_is_not_negative() {
        assert_eq!(
            refused(authorized(9306).when(&assess(-1))),
            "AMOUNT_NEGATIVE amountMinor"
        );
    }
}
