//! Gives up what is not captured.

use serde::Serialize;

use super::guard::{capturable, settled};
use super::{PaymentEvent, PaymentVoided};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId};
use crate::world::World;

/// Gives up what is left of an authorization.
#[derive(Clone, Debug, Serialize)]
pub struct VoidPayment {
    /// Which.
    pub payment_id: PaymentId,
}

impl Command for VoidPayment {
    const NAME: &'static str = "VoidPayment";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let payment = settled(world, self.payment_id)?;
        let voided = PaymentVoided {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            amount_minor: capturable(payment, None)?,
        };
        let decision = Decision::about(self.payment_id.0);
        Ok(decision.with(self.payment_id, PaymentEvent::Voided(voided)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{PAYMENT, authorized, capture, payment};
    use super::*;
    use crate::testing::refused;

    const VOID: VoidPayment = VoidPayment {
        payment_id: PAYMENT,
    };

    #[test]
    fn what_is_not_captured_is_given_up_once() {
        let mut past = authorized(100);
        past.when(&capture(Some(60))).expect("a part");
        past.when(&VOID).expect("the rest");
        assert_eq!(payment(&past).capturable(), 0);
        let wrong_state = "WRONG_STATE paymentId";
        assert_eq!(refused(past.when(&VOID)), wrong_state);
        assert_eq!(refused(past.when(&capture(Some(1)))), wrong_state);
    }

    #[test]
    fn a_captured_payment_has_nothing_to_give_up() {
        let mut past = authorized(100);
        past.when(&capture(None)).expect("captured");
        assert_eq!(refused(past.when(&VOID)), "WRONG_STATE paymentId");
    }
}
