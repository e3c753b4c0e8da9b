//! What the area's tests share: an order, one payment of it, and what is done to it.

use uuid::Uuid;

use super::{
    Attempt, AuthorizePayment, CapturePayment, Payment, RefundPayment, ReportUnknownOutcome,
};
use crate::kernel::{Currency, Instant, OrderId, PaymentId};
use crate::orders::{Allocation, OrderEvent, OrderPlaced, Totals};
use crate::state::State;
use crate::testing::{Past, retailer};

pub(super) const ORDER: OrderId = OrderId(Uuid::from_u128(1));
pub(super) const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(2));

/// A retailer with an order in US dollars.
pub(super) fn ordered() -> Past {
    let placed = OrderPlaced {
        order_id: ORDER,
        channel: "web".to_owned(),
        external_ref: None,
        customer_id: None,
        subscription_id: None,
        address_ref: None,
        currency: Currency::default(),
        placed_at: instant("2026-01-15T12:00:00Z"),
        allocation: Allocation::Imported,
        lines: Vec::new(),
        shipping: None,
        totals: Totals::default(),
    };
    retailer().and(ORDER, OrderEvent::Placed(Box::new(placed)))
}

/// The same with an amount authorized by `stripe`.
pub(super) fn authorized(amount_minor: i64) -> Past {
    let mut past = ordered();
    past.when(&authorize(amount_minor)).expect("authorized");
    past
}

pub(super) fn authorize(amount_minor: i64) -> AuthorizePayment {
    AuthorizePayment {
        payment_id: Some(PAYMENT),
        order_id: ORDER,
        provider: "stripe".to_owned(),
        provider_ref: Some("pi_1".to_owned()),
        amount_minor,
        currency: None,
        expires_at: None,
    }
}

pub(super) fn capture(amount_minor: Option<i64>) -> CapturePayment {
    CapturePayment {
        payment_id: PAYMENT,
        amount_minor,
        provider_ref: None,
        fee_minor: None,
    }
}

pub(super) fn refund(amount_minor: Option<i64>) -> RefundPayment {
    RefundPayment {
        payment_id: PAYMENT,
        amount_minor,
        provider_ref: None,
        reason: "goodwill".to_owned(),
    }
}

pub(super) fn report(attempt: Attempt, amount_minor: i64) -> ReportUnknownOutcome {
    ReportUnknownOutcome {
        payment_id: PAYMENT,
        attempt,
        amount_minor,
    }
}

pub(super) fn payment(past: &Past) -> Payment {
    match past.state_of(PAYMENT) {
        State::Payment(payment) => *payment,
        other => panic!("a payment, not {other:?}"),
    }
}

pub(super) fn instant(text: &str) -> Instant {
    Instant::parse(text, "instant").expect("instant")
}
