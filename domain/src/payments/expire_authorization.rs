//! Ends an authorization whose time ran out: what the clock asks for.

use serde::Serialize;

use super::guard::{capturable, settled, wrong_state};
use super::{AuthorizationExpired, PaymentEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, PaymentId};
use crate::world::World;

/// Notes that the provider let go of what was not captured.
#[derive(Clone, Debug, Serialize)]
pub struct ExpireAuthorization {
    /// Which.
    pub payment_id: PaymentId,
}

impl Command for ExpireAuthorization {
    const NAME: &'static str = "ExpireAuthorization";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let payment = settled(world, self.payment_id)?;
        if !payment.expired(ctx.now) {
            return Err(wrong_state("the authorization has not expired").into());
        }
        let expired = AuthorizationExpired {
            payment_id: self.payment_id,
            order_id: payment.order_id,
            amount_minor: capturable(payment, None)?,
        };
        let decision = Decision::about(self.payment_id.0);
        Ok(decision.with(self.payment_id, PaymentEvent::AuthorizationExpired(expired)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::AuthorizePayment;
    use super::super::given::{PAYMENT, authorize, authorized, instant, ordered, payment};
    use super::*;
    use crate::testing::refused;

    const EXPIRE: ExpireAuthorization = ExpireAuthorization {
        payment_id: PAYMENT,
    };

    #[test]
    fn an_authorization_expires_once_and_not_before_its_instant() {
        let mut past = ordered();
        let command = AuthorizePayment {
            expires_at: Some(instant("2026-03-01T00:00:00Z")),
            ..authorize(100)
        };
        past.when(&command).expect("authorized");
        let wrong_state = "WRONG_STATE paymentId";
        assert_eq!(refused(past.when(&EXPIRE)), wrong_state);
        let mut past = past.at("2026-03-01T00:00:00Z");
        past.when(&EXPIRE).expect("its time is over");
        assert_eq!(payment(&past).capturable(), 0);
        assert_eq!(refused(past.when(&EXPIRE)), wrong_state);
    }

    #[test]
    fn an_authorization_without_an_end_does_not_expire() {
        let mut past = authorized(100).at("2099-01-01T00:00:00Z");
        assert_eq!(refused(past.when(&EXPIRE)), "WRONG_STATE paymentId");
    }
}
