//! What events are about, and the complaint about those that do not fit.

use std::fmt::Display;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::FulfillmentEvent;
use entrepot_domain::kernel::{OrderId, PaymentId, SubscriptionId};
use entrepot_domain::orders::OrderEvent;
use entrepot_domain::payments::PaymentEvent;
use entrepot_domain::subscriptions::SubscriptionEvent;

use crate::model::FoldError;

/// The order that an event of orders, payments or fulfillment is about.
pub(crate) fn order(event: &Event) -> Option<OrderId> {
    match event {
        Event::Order(event) => Some(match event {
            OrderEvent::Placed(placed) => placed.order_id,
            OrderEvent::Held(held) => held.order_id,
            OrderEvent::Released(released) => released.order_id,
            OrderEvent::LineCanceled(canceled) => canceled.order_id,
            OrderEvent::Canceled(canceled) => canceled.order_id,
        }),
        Event::Fulfillment(event) => Some(match event {
            FulfillmentEvent::Dispatched(dispatched) => dispatched.order_id,
            FulfillmentEvent::Delivered(delivered) => delivered.order_id,
        }),
        Event::Payment(event) => Some(payment(event).1),
        _ => None,
    }
}

/// Whether the event is the first of an order.
pub(crate) const fn places(event: &Recorded) -> bool {
    event.version == 1 && matches!(event.event, Event::Order(OrderEvent::Placed(_)))
}

/// The payment that an event is about, and what is paid.
pub(crate) const fn payment(event: &PaymentEvent) -> (PaymentId, OrderId) {
    match event {
        PaymentEvent::Authorized(event) => (event.payment_id, event.order_id),
        PaymentEvent::AuthorizationExpired(event) => (event.payment_id, event.order_id),
        PaymentEvent::Voided(event) => (event.payment_id, event.order_id),
        PaymentEvent::Captured(event) => (event.payment_id, event.order_id),
        PaymentEvent::OutcomeUnknown(event) => (event.payment_id, event.order_id),
        PaymentEvent::OutcomeResolved(event) => (event.payment_id, event.order_id),
        PaymentEvent::Refunded(event) => (event.payment_id, event.order_id),
        PaymentEvent::FeeAssessed(event) => (event.payment_id, event.order_id),
    }
}

/// The subscription that an event is about.
pub(crate) const fn subscription(event: &SubscriptionEvent) -> SubscriptionId {
    match event {
        SubscriptionEvent::Created(event) => event.subscription_id,
        SubscriptionEvent::Renewed(event) => event.subscription_id,
        SubscriptionEvent::RenewalFailed(event) => event.subscription_id,
        SubscriptionEvent::CycleSkipped(event) => event.subscription_id,
        SubscriptionEvent::Paused(event) => event.subscription_id,
        SubscriptionEvent::Resumed(event) => event.subscription_id,
        SubscriptionEvent::QuantityChanged(event) => event.subscription_id,
        SubscriptionEvent::Canceled(event) => event.subscription_id,
    }
}

/// An event about something that no event before it made known.
pub(crate) fn unknown(what: &str, id: impl Display) -> FoldError {
    FoldError(format!("{what} {id} is not known"))
}

/// An event that makes known what was known already.
pub(crate) fn known(what: &str, id: impl Display) -> FoldError {
    FoldError(format!("{what} {id} is known already"))
}
