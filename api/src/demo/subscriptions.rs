//! What customers want again and again.

use entrepot_domain::event::Event;
use entrepot_domain::inventory::{ReceiptCost, ReceiveStock};
use entrepot_domain::kernel::{Date, PaymentId, Sku, SubscriptionId, Warehouse};
use entrepot_domain::orders::OrderEvent;
use entrepot_domain::payments::RecordExternalPayment;
use entrepot_domain::subscriptions::{
    CancelSubscription, ChangeQuantity, CreateSubscription, Interval, IntervalUnit, NewItem,
    PauseSubscription, RunCycle, SkipCycle,
};
use jiff::ToSpan as _;

use super::DemoError;
use super::course::Course;
use super::dice::Dice;
use super::pen::Line;
use super::plan::customer_id;

/// How many a retailer has.
pub(super) const SUBSCRIPTIONS: usize = 25;
/// Those whose first cycle is due today, and runs.
const DUE: usize = 6;
/// Goods that are subscribed to come first in the catalog.
const CONSUMED: usize = 8;

/// The subscription of this number.
fn subscription_id(number: usize) -> SubscriptionId {
    SubscriptionId::natural(&["demo", &number.to_string()])
}

/// Creates the subscriptions, runs what is due today, and lets customers change their minds.
pub(super) async fn run(course: &Course<'_>) -> Result<(), DemoError> {
    let pen = course.pen;
    let today = course.retailer.zone().date_of(course.now);
    let created = (0..SUBSCRIPTIONS).map(|number| {
        let command = create(course, number, today);
        pen.line(format!("subscription:{number}"), command)
    });
    let lines = stocked(course).into_iter().chain(created);
    pen.write_all(lines.collect()).await?;
    for number in 0..DUE {
        run_cycle(course, number).await?;
    }
    pen.write_all(changes(course, today)).await.map(drop)
}

/// Enough for the cycles of some weeks.
fn stocked(course: &Course<'_>) -> Vec<Line> {
    let goods = course.goods.iter().take(CONSUMED);
    let received = goods.filter_map(|good| {
        let receipt = ReceiveStock {
            sku: Sku::from(good.sku),
            warehouse: Warehouse::from(course.retailer.warehouses[0]),
            quantity: 60,
            cost: ReceiptCost::Unit(good.cost?),
            reference: Some(format!("PO-SUB-{}", good.sku)),
        };
        Some(
            course
                .pen
                .line(format!("receipt:subscriptions:{}", good.sku), receipt),
        )
    });
    received.collect()
}

fn create(course: &Course<'_>, number: usize, today: Date) -> CreateSubscription {
    let mut dice = Dice::of(course.retailer.slug, "subscription", number);
    let (unit, count) = match number % 5 {
        0 => (IntervalUnit::Week, 1),
        1 => (IntervalUnit::Week, 2),
        _ => (IntervalUnit::Month, 1),
    };
    let first = dice.index(CONSUMED);
    let second = dice.percent(30).then(|| (first + 3) % CONSUMED);
    let items = [Some(first), second]
        .into_iter()
        .flatten()
        .map(|good| NewItem {
            sku: Sku::from(course.goods[good].sku),
            quantity: dice.between(1, 3),
            unit_price_minor: None,
        });
    let items = items.collect();
    let days = if number < DUE { 0 } else { dice.between(1, 28) };
    CreateSubscription {
        subscription_id: Some(subscription_id(number)),
        customer_id: customer_id(number * 2),
        channel: "web".to_owned(),
        currency: None,
        items,
        interval: Interval { unit, count },
        anchor: later(today, days),
        anchor_day: None,
        time_zone: None,
    }
}

/// Runs the first cycle, unless the clock was faster, and pays its order.
async fn run_cycle(course: &Course<'_>, number: usize) -> Result<(), DemoError> {
    let pen = course.pen;
    let cycle = RunCycle {
        subscription_id: subscription_id(number),
        cycle: 0,
    };
    let Some(receipt) = pen
        .try_write(pen.line(format!("cycle:{number}"), cycle))
        .await?
    else {
        return Ok(());
    };
    if let Some(Event::Order(OrderEvent::Placed(order))) = pen.first_fact(&receipt).await? {
        let paid = RecordExternalPayment {
            payment_id: Some(PaymentId::natural(&[
                "demo",
                "subscription",
                &number.to_string(),
            ])),
            order_id: order.order_id,
            provider: "stripe".to_owned(),
            provider_ref: Some(format!("sub_{number:06}")),
            amount_minor: order.totals.total_minor,
            currency: None,
            captured_at: None,
            fee_minor: None,
        };
        pen.write(pen.line(format!("cycle-paid:{number}"), paid))
            .await?;
    }
    Ok(())
}

/// Pauses, skips, more or less of a thing, and ends.
fn changes(course: &Course<'_>, today: Date) -> Vec<Line> {
    let pen = course.pen;
    let paused = [(7, None), (15, Some(later(today, 30)))].map(|(number, resume_on)| {
        let subscription_id = subscription_id(number);
        let command = PauseSubscription {
            subscription_id,
            resume_on,
        };
        pen.line(format!("pause:{number}"), command)
    });
    let skipped = [9, 3].map(|number| {
        let command = SkipCycle {
            subscription_id: subscription_id(number),
            cycles: None,
        };
        pen.line(format!("skip:{number}"), command)
    });
    let changed = [4, 12].map(|number| {
        let first = create(course, number, today).items.remove(0);
        let command = ChangeQuantity {
            subscription_id: subscription_id(number),
            sku: first.sku,
            quantity: first.quantity + 1,
        };
        pen.line(format!("quantity:{number}"), command)
    });
    let canceled = [(11, "moving abroad"), (20, "too much coffee")].map(|(number, reason)| {
        let command = CancelSubscription {
            subscription_id: subscription_id(number),
            reason: reason.to_owned(),
        };
        pen.line(format!("end:{number}"), command)
    });
    [paused, skipped, changed, canceled]
        .into_iter()
        .flatten()
        .collect()
}

/// A date that many days later.
fn later(date: Date, days: i64) -> Date {
    Date(date.0.saturating_add(days.days()))
}
