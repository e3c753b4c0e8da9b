//! Records that a provider call got no answer: it may have happened.

use serde::Serialize;

use super::guard::{capturable, refundable, settled};
use super::{Attempt, OutcomeUnknown, PaymentEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId};
use crate::world::World;

/// Blocks a payment until it is known whether an attempt happened.
///
/// An authorization that expired meanwhile does not matter: the provider may have been in time.
#[derive(Clone, Debug, Serialize)]
pub struct ReportUnknownOutcome {
    /// Which.
    pub payment_id: PaymentId,
    /// What was attempted.
    pub attempt: Attempt,
    /// Minor units that may have moved.
    pub amount_minor: i64,
}

impl Command for ReportUnknownOutcome {
    const NAME: &'static str = "ReportUnknownOutcome";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let payment = settled(world, self.payment_id)?;
        let amount_minor = match self.attempt {
            Attempt::Capture => capturable(payment, Some(self.amount_minor))?,
            Attempt::Refund => refundable(payment, Some(self.amount_minor))?,
        };
        let unknown = OutcomeUnknown {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            attempt: self.attempt,
            amount_minor,
        };
        let decision = Decision::about(self.payment_id.0);
        Ok(decision.with(self.payment_id, PaymentEvent::OutcomeUnknown(unknown)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::VoidPayment;
    use super::super::given::{PAYMENT, authorized, capture, refund, report};
    use super::*;
    use crate::command::AnyCommand;
    use crate::testing::refused;

    #[test]
    fn nothing_moves_while_an_outcome_is_unknown() {
        let mut past = authorized(100);
        past.when(&capture(Some(50))).expect("captured");
        past.when(&report(Attempt::Capture, 50)).expect("reported");
        let void = VoidPayment {
            payment_id: PAYMENT,
        };
        let commands: [&dyn AnyCommand; 4] = [
            &capture(Some(1)),
            &refund(Some(1)),
            &void,
            &report(Attempt::Refund, 1),
        ];
        for command in commands {
            let expected = "WRONG_STATE paymentId";
            assert_eq!(refused(past.when(command)), expected, "{}", command.name());
        }
    }

    #[test]
    fn only_an_attempt_that_was_possible_can_be_unknown() {
        let mut past = authorized(100);
        for (command, expected) in [
            (
                report(Attempt::Capture, 101),
                "CAPTURE_EXCEEDS_AUTHORIZED amountMinor",
            ),
            (
                report(Attempt::Refund, 1),
                "REFUND_EXCEEDS_CAPTURED amountMinor",
            ),
            (
                report(Attempt::Capture, 0),
                "AMOUNT_NOT_POSITIVE amountMinor",
            ),
        ] {
            assert_eq!(refused(past.when(&command)), expected);
        }
    }
}
