//! Roll-up: margins by booked day, channel and SKU. Sums of minor units; ratios are the reader's.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::margin_days;
use entrepot_entity::margins::Model as Line;

use crate::rollup::{self, Sums};
use crate::writes::Writes;

/// Day, channel, SKU, currency.
type Key<'l> = (&'l str, &'l str, &'l str, &'l str);

/// Adds what changed between two versions of an order's lines.
pub(super) fn write(tenant: TenantId, before: &[Line], after: &[Line], out: &mut Writes) {
    for (key, amounts) in rollup::difference(&sums(before), &sums(after)) {
        out.add(&row(tenant, key, amounts));
    }
}

fn sums(lines: &[Line]) -> Sums<Key<'_>, 11> {
    let mut sums = Sums::new();
    for line in lines {
        let (day, channel) = (line.booked_on.as_str(), line.channel.as_str());
        let key = (day, channel, line.sku.as_str(), line.currency.as_str());
        rollup::add(&mut sums, key, amounts(line));
    }
    sums
}

/// In the order of the columns.
fn amounts(line: &Line) -> [i64; 11] {
    let known = line.cogs_minor.is_some();
    let sold = line.quantity > 0 || line.net_minor != 0;
    [
        1,
        line.quantity,
        line.net_minor,
        line.cogs_minor.unwrap_or(0),
        line.shipping_minor,
        line.fee_minor,
        line.shipping_cost_minor,
        if known { line.net_minor } else { 0 },
        line.gross_margin_minor.unwrap_or(0),
        line.contribution_minor.unwrap_or(0),
        i64::from(sold && !known),
    ]
}

fn row(
    tenant: TenantId,
    (day, channel, sku, currency): Key<'_>,
    amounts: [i64; 11],
) -> margin_days::Model {
    let [
        line_count,
        quantity,
        net_minor,
        cogs_minor,
        shipping_minor,
        fee_minor,
        shipping_cost_minor,
        known_net_minor,
        gross_margin_minor,
        contribution_minor,
        unknown_cost_lines,
    ] = amounts;
    margin_days::Model {
        tenant_id: tenant.0,
        day: day.to_owned(),
        channel: channel.to_owned(),
        sku: sku.to_owned(),
        currency: currency.to_owned(),
        line_count,
        quantity,
        net_minor,
        cogs_minor,
        shipping_minor,
        fee_minor,
        shipping_cost_minor,
        known_net_minor,
        gross_margin_minor,
        contribution_minor,
        unknown_cost_lines,
    }
}
