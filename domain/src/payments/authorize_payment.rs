//! Records that a provider holds an amount for the tenant.

use serde::Serialize;

use super::guard::{check_provider, check_provider_ref, new_id, order_currency};
use super::{PaymentAuthorized, PaymentEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Currency, Halt, Instant, OrderId, PaymentId, Refusal, code, positive};
use crate::world::World;

/// Starts a payment of an order by an authorization.
#[derive(Clone, Debug, Serialize)]
pub struct AuthorizePayment {
    /// The new payment's id; a fresh one if not given.
    pub payment_id: Option<PaymentId>,
    /// What is paid.
    pub order_id: OrderId,
    /// Who holds the money.
    pub provider: String,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// What may be captured.
    pub amount_minor: i64,
    /// The order's currency, if given.
    pub currency: Option<Currency>,
    /// When the provider lets go.
    pub expires_at: Option<Instant>,
}

impl Command for AuthorizePayment {
    const NAME: &'static str = "AuthorizePayment";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let currency = order_currency(world, self.order_id, self.currency)?;
        let payment_id = new_id(world, ctx, self.payment_id)?;
        check_provider(&self.provider)?;
        check_provider_ref(self.provider_ref.as_deref())?;
        if self.expires_at.is_some_and(|at| at <= ctx.now) {
            let message = "the authorization has expired already";
            return Err(Refusal::at(code::TIME_OUT_OF_ORDER, "expiresAt", message).into());
        }
        let authorized = PaymentAuthorized {
            payment_id,
            order_id: self.order_id,
            provider: self.provider.clone(),
            provider_ref: self.provider_ref.clone(),
            currency,
            amount_minor: positive(self.amount_minor, "amountMinor")?,
            expires_at: self.expires_at,
        };
        Ok(Decision::about(payment_id.0).with(payment_id, PaymentEvent::Authorized(authorized)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{ORDER, PAYMENT, authorize, instant, ordered, payment};
    use super::*;
    use crate::testing::refused;

    #[test]
    fn an_authorization_takes_the_orders_currency() {
        let mut past = ordered();
        past.when(&authorize(9306)).expect("authorized");
        let payment = payment(&past);
        assert_eq!(
            (payment.currency, payment.capturable(), payment.order_id),
            (Currency::default(), 9306, ORDER)
        );
    }

    #[test]
    fn without_an_id_the_payment_gets_a_fresh_one() {
        let mut past = ordered();
        let command = AuthorizePayment {
            payment_id: None,
            ..authorize(9306)
        };
        let first = past.when(&command).expect("authorized").subject;
        let second = past.when(&command).expect("a second payment").subject;
        assert_ne!(first, second);
    }

    #[test]
    fn authorizations_that_break_a_rule_are_refused() {
        let mut past = ordered().at("2026-03-01T00:00:00Z");
        past.when(&authorize(1)).expect("authorized");
        let taken = "ALREADY_EXISTS paymentId";
        assert_eq!(refused(past.when(&authorize(1))), taken);

        let good = AuthorizePayment {
            payment_id: Some(PaymentId::natural(&["other"])),
            ..authorize(1)
        };
        for (command, expected) in [
            (
                AuthorizePayment {
                    order_id: OrderId(PAYMENT.0),
                    ..good.clone()
                },
                "NOT_FOUND orderId",
            ),
            (
                AuthorizePayment {
                    currency: Currency::parse("EUR"),
                    ..good.clone()
                },
                "CURRENCY_MISMATCH currency",
            ),
            (
                AuthorizePayment {
                    provider: String::new(),
                    ..good.clone()
                },
                "TEXT_MALFORMED provider",
            ),
            (
                AuthorizePayment {
                    provider_ref: Some("a\0".to_owned()),
                    ..good.clone()
                },
                "TEXT_MALFORMED providerRef",
            ),
            (
                AuthorizePayment {
                    amount_minor: 0,
                    ..good.clone()
                },
                "AMOUNT_NOT_POSITIVE amountMinor",
            ),
            (
                AuthorizePayment {
                    expires_at: Some(instant("2026-03-01T00:00:00Z")),
                    ..good
                },
                "TIME_OUT_OF_ORDER expiresAt",
            ),
        ] {
            assert_eq!(refused(past.when(&command)), expected);
        }
    }
}
