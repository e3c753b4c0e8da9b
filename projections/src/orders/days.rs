//! Roll-up: what was ordered, by the day on which it was ordered.
//!
//! All that ever happens to an order counts on its booked day, in one row for each measure and
//! code, so that a day's rows can be compared with one another: of what was ordered that day, so
//! much was paid and so much given up.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::order_days;

use super::doc::OrderDoc;
use crate::rollup::{self, Sums};
use crate::writes::Writes;

/// Measure and code; the rest of the key never changes for an order.
type Key = (&'static str, String);

/// Adds what changed between two versions of an order.
pub(super) fn write(
    tenant: TenantId,
    before: Option<&OrderDoc>,
    after: &OrderDoc,
    out: &mut Writes,
) {
    let then = before.map(sums).unwrap_or_default();
    for ((measure, code), [amount_minor, count]) in rollup::difference(&then, &sums(after)) {
        out.add(&order_days::Model {
            tenant_id: tenant.0,
            day: after.placed_on.to_string(),
            channel: after.channel.clone(),
            currency: after.currency.to_string(),
            measure: measure.to_owned(),
            code,
            amount_minor,
            count,
        });
    }
}

/// What an order counts for: one of each measure and code that it has.
fn sums(order: &OrderDoc) -> Sums<Key, 2> {
    let mut sums = Sums::new();
    let mut add = |measure, code: &str, amount: i64| {
        rollup::add(&mut sums, (measure, code.to_owned()), [amount, 0]);
    };
    add("order", "", order.totals.total_minor);
    for (measure, amount) in [
        ("gross", order.totals.gross_minor),
        ("net", order.totals.net_minor),
        ("shipping", order.totals.shipping_minor),
        ("total", order.totals.total_minor),
    ] {
        if amount != 0 {
            add(measure, "", amount);
        }
    }
    for discount in order.lines.iter().flat_map(|line| &line.discounts) {
        add("discount", &discount.code, discount.amount_minor);
    }
    let on_lines = order.lines.iter().flat_map(|line| &line.taxes);
    let on_shipping = order.shipping.iter().flat_map(|shipping| &shipping.taxes);
    for tax in on_lines.chain(on_shipping) {
        add("tax", &tax.code, tax.amount_minor);
    }
    if order.cancellation.is_some() || order.quantities().canceled > 0 {
        add("canceled", "", order.canceled.total_minor());
    }
    for payment in &order.payments {
        if payment.captured_minor != 0 {
            add("captured", &payment.provider, payment.captured_minor);
        }
        if payment.refunded_minor != 0 {
            add("refunded", &payment.provider, payment.refunded_minor);
        }
        if payment.fee_estimated.is_some() {
            add("fee", &payment.provider, payment.fee_minor);
        }
    }
    for [_, count] in sums.values_mut() {
        *count = 1;
    }
    sums
}
