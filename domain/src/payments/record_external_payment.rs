//! Records money that moved without this program: at a till, in a channel, by bank transfer.

use serde::Serialize;

use super::PaymentCaptured;
use super::fee::push_capture;
use super::guard::{check_provider, check_provider_ref, new_id, order_currency};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Currency, Halt, Instant, OrderId, PaymentId, positive};
use crate::world::World;

/// Starts a payment of an order by a capture that happened elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct RecordExternalPayment {
    /// The new payment's id; a fresh one if not given.
    pub payment_id: Option<PaymentId>,
    /// What is paid.
    pub order_id: OrderId,
    /// Who moved the money.
    pub provider: String,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// The order's currency, if given.
    pub currency: Option<Currency>,
    /// When the money moved; now if not given.
    pub captured_at: Option<Instant>,
    /// What the provider took; estimated by the tenant's fee schedule if not given.
    pub fee_minor: Option<i64>,
}

impl Command for RecordExternalPayment {
    const NAME: &'static str = "RecordExternalPayment";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let currency = order_currency(world, self.order_id, self.currency)?;
        let payment_id = new_id(world, ctx, self.payment_id)?;
        check_provider(&self.provider)?;
        check_provider_ref(self.provider_ref.as_deref())?;
        let captured_at = self.captured_at.unwrap_or(ctx.now);
        captured_at.not_after(ctx.now, "capturedAt")?;
        let captured = PaymentCaptured {
            payment_id,
            order_id: self.order_id,
            provider: self.provider.clone(),
            provider_ref: self.provider_ref.clone(),
            currency,
            amount_minor: positive(self.amount_minor, "amountMinor")?,
            captured_at,
        };
        let mut decision = Decision::about(payment_id.0);
        push_capture(&mut decision, world.tenant()?, captured, self.fee_minor, 0)?;
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use super::super::PaymentEvent;
    use super::super::given::{ORDER, PAYMENT, capture, instant, ordered, payment, refund};
    use super::*;
    use crate::event::Event;
    use crate::testing::refused;

    fn record() -> RecordExternalPayment {
        RecordExternalPayment {
            payment_id: Some(PAYMENT),
            order_id: ORDER,
            provider: "stripe".to_owned(),
            provider_ref: Some("ch_1".to_owned()),
            amount_minor: 9306,
            currency: Some(Currency::default()),
            captured_at: Some(instant("2026-01-02T03:04:05Z")),
            fee_minor: None,
        }
    }

    #[test]
    fn an_external_payment_is_captured_from_the_start() {
        let mut past = ordered();
        let events = past.when(&record()).expect("recorded").events;
        let payment = payment(&past);
        assert_eq!(
            (
                payment.captured_minor,
                payment.capturable(),
                payment.fee_minor
            ),
            (9306, 0, 300)
        );
        assert!(matches!(
            &events[0],
            Event::Payment(PaymentEvent::Captured(captured))
                if captured.captured_at == instant("2026-01-02T03:04:05Z")
        ));
        past.when(&refund(Some(100))).expect("refunded");
        assert_eq!(
            refused(past.when(&capture(Some(1)))),
            "CAPTURE_EXCEEDS_AUTHORIZED amountMinor"
        );
    }

    #[test]
    fn external_payments_that_break_a_rule_are_refused() {
        let mut past = ordered();
        for (command, expected) in [
            (
                RecordExternalPayment {
                    order_id: OrderId(PAYMENT.0),
                    ..record()
                },
                "NOT_FOUND orderId",
            ),
            (
                RecordExternalPayment {
                    currency: Currency::parse("EUR"),
                    ..record()
                },
                "CURRENCY_MISMATCH currency",
            ),
            (
                RecordExternalPayment {
                    amount_minor: -1,
                    ..record()
                },
                "AMOUNT_NOT_POSITIVE amountMinor",
            ),
            (
                RecordExternalPayment {
                    captured_at: Some(instant("2026-01-16T00:00:00Z")),
                    ..record()
                },
                "TIME_OUT_OF_ORDER capturedAt",
            ),
        ] {
            assert_eq!(refused(past.when(&command)), expected);
        }
        past.when(&record()).expect("recorded");
        assert_eq!(refused(past.when(&record())), "ALREADY_EXISTS paymentId");
    }
}
