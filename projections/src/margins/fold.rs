//! How events change the margin rows of an order. An event that does not fit changes nothing.

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::{FulfillmentEvent, ShipmentDispatched};
use entrepot_domain::inventory::{InventoryEvent, StockIssued};
use entrepot_domain::kernel::largest_remainder;
use entrepot_domain::orders::{LineCanceled, OrderEvent, OrderLine, OrderPlaced};
use entrepot_domain::payments::PaymentEvent;
use entrepot_entity::margins::Model as Line;

use crate::model::{FoldError, TenantFacts};
use crate::subject;

/// The rows that `order.placed` makes.
pub(super) fn placed(placed: &OrderPlaced, event: &Recorded, facts: &TenantFacts) -> Vec<Line> {
    let rows = placed.lines.iter().map(|line| row(placed, line, facts));
    let mut lines: Vec<Line> = rows.collect();
    lines.sort_by_key(|row| row.line);
    spread(&mut lines, placed.totals.shipping_minor, |line| {
        &mut line.shipping_minor
    });
    settle(&mut lines, event, facts);
    lines
}

fn row(placed: &OrderPlaced, line: &OrderLine, facts: &TenantFacts) -> Line {
    Line {
        tenant_id: facts.tenant.0,
        order_id: placed.order_id.0,
        line: i64::from(line.line),
        sku: line.sku.as_str().to_owned(),
        channel: placed.channel.clone(),
        customer_id: placed.customer_id.map(|id| id.0),
        currency: placed.currency.to_string(),
        booked_on: facts.time_zone.date_of(placed.placed_at).to_string(),
        shipped_on: None,
        recognized_on: None,
        quantity: line.quantity,
        shipped_quantity: 0,
        gross_minor: line.gross_minor,
        discount_minor: line.gross_minor - line.net_minor,
        net_minor: line.net_minor,
        issued_minor: 0,
        cogs_known_quantity: 0,
        cogs_minor: None,
        shipping_minor: 0,
        fee_minor: 0,
        shipping_cost_minor: 0,
        gross_margin_minor: None,
        contribution_minor: None,
        updated_at: 0,
        position: 0,
    }
}

/// Takes any event after `order.placed` into account.
pub(super) fn later(
    lines: &mut [Line],
    event: &Recorded,
    facts: &TenantFacts,
) -> Result<(), FoldError> {
    match &event.event {
        Event::Order(OrderEvent::LineCanceled(canceled)) => {
            give_up(lines, std::slice::from_ref(canceled))?;
        }
        Event::Order(OrderEvent::Canceled(canceled)) => {
            give_up(lines, &canceled.lines)?;
            let back = -canceled.shipping_net_minor;
            spread_more(lines, back, |line| &mut line.shipping_minor);
        }
        Event::Fulfillment(FulfillmentEvent::Dispatched(dispatched)) => {
            dispatch(lines, dispatched, facts)?;
        }
        Event::Inventory(InventoryEvent::Issued(issued)) => issue(lines, issued)?,
        Event::Payment(PaymentEvent::FeeAssessed(fee)) => {
            spread_more(lines, fee.amount_minor, |line| &mut line.fee_minor);
        }
        _ => return Ok(()),
    }
    settle(lines, event, facts);
    Ok(())
}

fn give_up(lines: &mut [Line], canceled: &[LineCanceled]) -> Result<(), FoldError> {
    check_lines(lines, canceled.iter().map(|canceled| canceled.line))?;
    for canceled in canceled {
        for line in numbered(lines, canceled.line) {
            line.quantity -= canceled.quantity;
            line.net_minor -= canceled.net_minor;
        }
    }
    Ok(())
}

fn dispatch(
    lines: &mut [Line],
    dispatched: &ShipmentDispatched,
    facts: &TenantFacts,
) -> Result<(), FoldError> {
    check_lines(lines, dispatched.lines.iter().map(|line| line.line))?;
    let day = facts
        .time_zone
        .date_of(dispatched.dispatched_at)
        .to_string();
    for shipped in &dispatched.lines {
        for line in numbered(lines, shipped.line) {
            line.shipped_quantity += shipped.quantity;
            // Shipments may be told in another order than they left.
            line.shipped_on = line.shipped_on.take().max(Some(day.clone()));
        }
    }
    let label = dispatched.label_cost_minor.unwrap_or(0);
    spread_more(lines, label, |line| &mut line.shipping_cost_minor);
    Ok(())
}

fn issue(lines: &mut [Line], issued: &StockIssued) -> Result<(), FoldError> {
    let number = issued.order_line.map_or(0, |line| line.line);
    check_lines(lines, std::iter::once(number))?;
    for line in numbered(lines, number) {
        line.cogs_known_quantity += issued.quantity;
        line.issued_minor += issued.value_minor;
    }
    Ok(())
}

fn check_lines(lines: &[Line], numbers: impl Iterator<Item = u32>) -> Result<(), FoldError> {
    for number in numbers {
        if !lines.iter().any(|line| line.line == i64::from(number)) {
            return Err(subject::unknown("order line", number));
        }
    }
    Ok(())
}

fn numbered(lines: &mut [Line], number: u32) -> impl Iterator<Item = &mut Line> {
    let lines = lines.iter_mut();
    lines.filter(move |line| line.line == i64::from(number))
}

/// Spreads what the lines carry together of one kind, and `more`, over them anew.
fn spread_more(lines: &mut [Line], more: i64, part: fn(&mut Line) -> &mut i64) {
    let carried: i64 = lines.iter_mut().map(|line| *part(line)).sum();
    if more != 0 {
        spread(lines, carried + more, part);
    }
}

/// Spreads an amount over the lines by largest remainder on their net amounts as placed.
fn spread(lines: &mut [Line], amount: i64, part: fn(&mut Line) -> &mut i64) {
    let net = |line: &Line| (line.gross_minor - line.discount_minor).max(0);
    let weights: Vec<i64> = lines.iter().map(net).collect();
    for (line, share) in lines.iter_mut().zip(largest_remainder(amount, &weights)) {
        *part(line) = share;
    }
}

/// Derives what follows from the rest, and stamps the rows.
fn settle(lines: &mut [Line], event: &Recorded, facts: &TenantFacts) {
    for line in lines {
        let shipped = line.shipped_quantity > 0 && line.shipped_quantity >= line.quantity;
        line.recognized_on = line.shipped_on.clone().filter(|_| shipped);
        let known = shipped
            && line.cogs_known_quantity >= line.shipped_quantity
            && line.currency == facts.base_currency.code();
        line.cogs_minor = known.then_some(line.issued_minor);
        line.gross_margin_minor = line.cogs_minor.map(|cogs| line.net_minor - cogs);
        line.contribution_minor = line
            .gross_margin_minor
            .map(|margin| margin + line.shipping_minor - line.fee_minor - line.shipping_cost_minor);
        line.updated_at = event.recorded_at.micros();
        line.position = event.position;
    }
}
