//! How events change an order's document. An event that does not fit changes nothing.

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::{FulfillmentEvent, ShipmentDispatched};
use entrepot_domain::kernel::{Instant, PaymentId};
use entrepot_domain::orders::{LineCanceled, OrderEvent, OrderLine, OrderPlaced};
use entrepot_domain::payments::PaymentEvent;

use super::doc::{
    CanceledAmounts, Cancellation, Hold, LineDoc, OrderDoc, PaymentClosed, PaymentDoc, Quantities,
    ShipmentDoc, ShipmentLineDoc, ShippingDoc, UnknownAttempt,
};
use crate::model::{FoldError, TenantFacts};
use crate::subject;

/// The document that `order.placed` makes.
pub(super) fn placed(placed: &OrderPlaced, event: &Recorded, facts: &TenantFacts) -> OrderDoc {
    OrderDoc {
        order_id: placed.order_id,
        channel: placed.channel.clone(),
        external_ref: placed.external_ref.clone(),
        customer_id: placed.customer_id,
        subscription_id: placed.subscription_id,
        address_ref: placed.address_ref,
        currency: placed.currency,
        allocation: placed.allocation,
        placed_at: placed.placed_at,
        placed_on: facts.time_zone.date_of(placed.placed_at),
        recorded_at: event.recorded_at,
        updated_at: event.recorded_at,
        position: event.position,
        hold: None,
        cancellation: None,
        lines: placed.lines.iter().map(line).collect(),
        shipping: placed.shipping.as_ref().map(|shipping| ShippingDoc {
            method: shipping.method.clone(),
            net_minor: shipping.net_minor,
            taxes: shipping.taxes.clone(),
        }),
        totals: placed.totals,
        canceled: CanceledAmounts::default(),
        payments: Vec::new(),
        shipments: Vec::new(),
    }
}

fn line(line: &OrderLine) -> LineDoc {
    LineDoc {
        line: line.line,
        sku: line.sku.clone(),
        quantities: Quantities {
            ordered: line.quantity,
            ..Quantities::default()
        },
        unit_price_minor: line.unit_price_minor,
        gross_minor: line.gross_minor,
        discounts: line.discounts.clone(),
        net_minor: line.net_minor,
        taxes: line.taxes.clone(),
        canceled_net_minor: 0,
        canceled_tax_minor: 0,
        reservations: line.reservations.clone(),
    }
}

/// Takes any event after `order.placed` into account.
pub(super) fn later(order: &mut OrderDoc, fact: &Event, at: Instant) -> Result<(), FoldError> {
    match fact {
        Event::Order(event) => lifecycle(order, event, at),
        Event::Fulfillment(event) => fulfillment(order, event),
        Event::Payment(event) => payment(order, event, at),
        _ => Ok(()),
    }
}

fn lifecycle(order: &mut OrderDoc, event: &OrderEvent, at: Instant) -> Result<(), FoldError> {
    match event {
        OrderEvent::Placed(placed) => return Err(subject::known("order", placed.order_id)),
        OrderEvent::Held(held) => {
            order.hold = Some(Hold {
                reason: held.reason.clone(),
                held_at: at,
            });
        }
        OrderEvent::Released(_) => order.hold = None,
        OrderEvent::LineCanceled(canceled) => give_up(order, std::slice::from_ref(canceled))?,
        OrderEvent::Canceled(canceled) => {
            give_up(order, &canceled.lines)?;
            order.canceled.shipping_net_minor += canceled.shipping_net_minor;
            order.canceled.shipping_tax_minor += canceled.shipping_tax_minor;
            order.cancellation = Some(Cancellation {
                reason: canceled.reason.clone(),
                canceled_at: at,
            });
        }
    }
    Ok(())
}

fn give_up(order: &mut OrderDoc, canceled: &[LineCanceled]) -> Result<(), FoldError> {
    check_lines(order, canceled.iter().map(|canceled| canceled.line))?;
    for canceled in canceled {
        for line in lines_of(order, canceled.line) {
            line.quantities.canceled += canceled.quantity;
            line.canceled_net_minor += canceled.net_minor;
            line.canceled_tax_minor += canceled.tax_minor;
        }
        order.canceled.net_minor += canceled.net_minor;
        order.canceled.tax_minor += canceled.tax_minor;
    }
    Ok(())
}

fn fulfillment(order: &mut OrderDoc, event: &FulfillmentEvent) -> Result<(), FoldError> {
    match event {
        FulfillmentEvent::Dispatched(dispatched) => {
            check_lines(order, dispatched.lines.iter().map(|line| line.line))?;
            let shipment = shipment(dispatched);
            for shipped in &shipment.lines {
                lines_of(order, shipped.line)
                    .for_each(|line| line.quantities.shipped += shipped.quantity);
            }
            order.shipments.push(shipment);
        }
        FulfillmentEvent::Delivered(delivered) => {
            let id = delivered.shipment_id;
            let mut shipments = order.shipments.iter_mut();
            let Some(shipment) = shipments.find(|shipment| shipment.shipment_id == id) else {
                return Err(subject::unknown("shipment", id));
            };
            // Reported twice: the goods arrived once.
            let first = shipment.delivered_at.is_none();
            shipment.delivered_at = Some(delivered.delivered_at);
            let arrived = if first {
                shipment.lines.clone()
            } else {
                Vec::new()
            };
            for arrived in arrived {
                lines_of(order, arrived.line)
                    .for_each(|line| line.quantities.delivered += arrived.quantity);
            }
        }
    }
    Ok(())
}

fn shipment(dispatched: &ShipmentDispatched) -> ShipmentDoc {
    let lines = dispatched.lines.iter().map(|line| ShipmentLineDoc {
        line: line.line,
        quantity: line.quantity,
    });
    ShipmentDoc {
        shipment_id: dispatched.shipment_id,
        warehouse: dispatched.warehouse.clone(),
        lines: lines.collect(),
        carrier: dispatched.carrier.clone(),
        tracking: dispatched.tracking.clone(),
        label_cost_minor: dispatched.label_cost_minor,
        dispatched_at: dispatched.dispatched_at,
        delivered_at: None,
    }
}

fn check_lines(order: &OrderDoc, numbers: impl Iterator<Item = u32>) -> Result<(), FoldError> {
    for number in numbers {
        if !order.lines.iter().any(|line| line.line == number) {
            let line = format!("{number} of order {}", order.order_id);
            return Err(subject::unknown("line", line));
        }
    }
    Ok(())
}

fn lines_of(order: &mut OrderDoc, number: u32) -> impl Iterator<Item = &mut LineDoc> {
    let lines = order.lines.iter_mut();
    lines.filter(move |line| line.line == number)
}

fn payment(order: &mut OrderDoc, event: &PaymentEvent, at: Instant) -> Result<(), FoldError> {
    let (id, _) = subject::payment(event);
    let known = order.payments.iter_mut().find(|paid| paid.payment_id == id);
    match (event, known) {
        (PaymentEvent::Authorized(_), Some(_)) => Err(subject::known("payment", id)),
        (PaymentEvent::Authorized(authorized), None) => {
            let mut payment = new_payment(id, &authorized.provider, at);
            payment.provider_ref.clone_from(&authorized.provider_ref);
            payment.authorized_minor = authorized.amount_minor;
            payment.expires_at = authorized.expires_at;
            order.payments.push(payment);
            Ok(())
        }
        // Recorded from outside: the capture is the first that is heard of it.
        (PaymentEvent::Captured(captured), None) => {
            let mut payment = new_payment(id, &captured.provider, at);
            payment.authorized_minor = captured.amount_minor;
            move_money(&mut payment, event);
            order.payments.push(payment);
            Ok(())
        }
        (_, None) => Err(subject::unknown("payment", id)),
        (_, Some(payment)) => {
            move_money(payment, event);
            Ok(())
        }
    }
}

fn new_payment(id: PaymentId, provider: &str, at: Instant) -> PaymentDoc {
    PaymentDoc {
        payment_id: id,
        provider: provider.to_owned(),
        provider_ref: None,
        authorized_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        fee_minor: 0,
        fee_estimated: None,
        unknown: None,
        closed: None,
        expires_at: None,
        created_at: at,
        captured_at: None,
        refunded_at: None,
    }
}

/// Takes an event of a payment that is there into account.
fn move_money(payment: &mut PaymentDoc, event: &PaymentEvent) {
    match event {
        PaymentEvent::Authorized(_) => {}
        PaymentEvent::AuthorizationExpired(_) => payment.closed = Some(PaymentClosed::Expired),
        PaymentEvent::Voided(_) => payment.closed = Some(PaymentClosed::Voided),
        PaymentEvent::Captured(captured) => {
            payment.captured_minor += captured.amount_minor;
            payment.captured_at = Some(captured.captured_at);
            if payment.provider_ref.is_none() {
                payment.provider_ref.clone_from(&captured.provider_ref);
            }
        }
        PaymentEvent::OutcomeUnknown(unknown) => {
            payment.unknown = Some(UnknownAttempt {
                attempt: unknown.attempt,
                amount_minor: unknown.amount_minor,
            });
        }
        PaymentEvent::OutcomeResolved(_) => payment.unknown = None,
        PaymentEvent::Refunded(refunded) => {
            payment.refunded_minor += refunded.amount_minor;
            payment.refunded_at = Some(refunded.refunded_at);
        }
        PaymentEvent::FeeAssessed(fee) => {
            payment.fee_minor += fee.amount_minor;
            payment.fee_estimated = Some(fee.estimated);
        }
    }
}
