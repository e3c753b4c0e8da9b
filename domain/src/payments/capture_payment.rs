//! Records that money moved to the tenant.

use serde::Serialize;

use super::PaymentCaptured;
use super::fee::push_capture;
use super::guard::{capturable, check_provider_ref, settled, wrong_state};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId};
use crate::world::World;

/// Captures an authorized payment, whole or in part.
#[derive(Clone, Debug, Serialize)]
pub struct CapturePayment {
    /// Which.
    pub payment_id: PaymentId,
    /// Minor units; all that is left if not given.
    pub amount_minor: Option<i64>,
    /// The provider's own id of the capture.
    pub provider_ref: Option<String>,
    /// What the provider took; estimated by the tenant's fee schedule if not given.
    pub fee_minor: Option<i64>,
}

impl Command for CapturePayment {
    const NAME: &'static str = "CapturePayment";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let payment = settled(world, self.payment_id)?;
        let amount_minor = capturable(payment, self.amount_minor)?;
        if payment.expired(ctx.now) {
            return Err(wrong_state("the authorization has expired").into());
        }
        check_provider_ref(self.provider_ref.as_deref())?;
        let captured = PaymentCaptured {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            provider: payment.provider.clone(),
            provider_ref: self.provider_ref.clone(),
            currency: payment.currency,
            amount_minor,
            captured_at: ctx.now,
        };
        let mut decision = Decision::about(self.payment_id.0);
        let tenant = world.tenant()?;
        push_capture(
            &mut decision,
            tenant,
            captured,
            self.fee_minor,
            payment.fee_minor,
        )?;
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{authorize, authorized, capture, instant, ordered, payment};
    use super::super::{AuthorizePayment, FeeAssessed, PaymentEvent};
    use super::*;
    use crate::event::Event;
    use crate::kernel::AMOUNT_MAX;
    use crate::testing::{Past, refused};

    fn fees(past: &Past) -> Vec<(i64, bool)> {
        let fee = |event: &Event| match event {
            Event::Payment(PaymentEvent::FeeAssessed(FeeAssessed {
                amount_minor,
                estimated,
                ..
            })) => Some((*amount_minor, *estimated)),
            _ => None,
        };
        past.events
            .iter()
            .filter_map(|new| fee(&new.event))
            .collect()
    }

    #[test]
    fn a_capture_estimates_its_fee_by_the_schedule() {
        let mut past = authorized(9306);
        past.when(&capture(None)).expect("captured");
        let payment = payment(&past);
        assert_eq!((payment.captured_minor, payment.capturable()), (9306, 0));
        assert_eq!(fees(&past), [(300, true)]);
    }

    #[test]
    fn a_stated_fee_is_no_estimate_and_no_fee_is_no_fact() {
        for (fee_minor, expected) in [(250, vec![(250, false)]), (0, vec![])] {
            let mut past = authorized(9306);
            let command = CapturePayment {
                fee_minor: Some(fee_minor),
                ..capture(None)
            };
            past.when(&command).expect("captured");
            assert_eq!(fees(&past), expected);
        }
    }

    #[test]
    fn a_provider_without_a_schedule_has_no_estimate() {
        let mut past = ordered();
        let command = AuthorizePayment {
            provider: "cash".to_owned(),
            ..authorize(9306)
        };
        past.when(&command).expect("authorized");
        past.when(&capture(None)).expect("captured");
        assert_eq!(fees(&past), []);
    }

    #[test]
    fn partial_captures_stop_at_what_was_authorized() {
        let mut past = authorized(100);
        past.when(&capture(Some(60))).expect("a part");
        let exceeds = "CAPTURE_EXCEEDS_AUTHORIZED amountMinor";
        assert_eq!(refused(past.when(&capture(Some(41)))), exceeds);
        past.when(&capture(None)).expect("the rest");
        assert_eq!(payment(&past).captured_minor, 100);
        assert_eq!(refused(past.when(&capture(Some(1)))), exceeds);
        assert_eq!(refused(past.when(&capture(None))), "WRONG_STATE paymentId");
    }

    #[test]
    fn captures_that_break_a_rule_are_refused() {
        let unknown = CapturePayment {
            payment_id: PaymentId::natural(&["other"]),
            ..capture(None)
        };
        let negative = CapturePayment {
            fee_minor: Some(-1),
            ..capture(None)
        };
        for (command, expected) in [
            (unknown, "NOT_FOUND paymentId"),
            (negative, "AMOUNT_NEGATIVE feeMinor"),
            (capture(Some(0)), "AMOUNT_NOT_POSITIVE amountMinor"),
        ] {
            assert_eq!(refused(authorized(9306).when(&command)), expected);
        }
    }

    #[test]
    fn an_expired_authorization_cannot_be_captured() {
        let mut past = ordered();
        let command = AuthorizePayment {
            expires_at: Some(instant("2026-03-01T00:00:00Z")),
            ..authorize(9306)
        };
        past.when(&command).expect("authorized");
        let mut past = past.at("2026-03-01T00:00:00Z");
        assert_eq!(refused(past.when(&capture(None))), "WRONG_STATE paymentId");
    }

    #[test]
    fn the_fees_of_a_payment_stay_within_the_largest_amount() {
        let mut past = authorized(100);
        let command = CapturePayment {
            fee_minor: Some(AMOUNT_MAX),
            ..capture(Some(1))
        };
        past.when(&command).expect("captured");
        assert_eq!(payment(&past).fee_minor, AMOUNT_MAX);
        assert_eq!(refused(past.when(&command)), "AMOUNT_OUT_OF_RANGE feeMinor");
    }
}
