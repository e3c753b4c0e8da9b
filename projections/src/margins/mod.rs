//! Read model: what each order line earned, in the order's currency, tax excluded.
//!
//! - `net` is what was sold less what was given up; `cogs` the value of the issues from stock.
//! - `gross margin = net - cogs`; `contribution = gross margin + shipping - fees - shipping cost`.
//! - What belongs to the order as a whole (shipping, fees, labels) is spread over the lines by
//!   largest remainder on their net amounts as placed. Lines worth less than nothing take no share.
//! - Cost is known once nothing of the line is open and all that was shipped was issued from stock.
//!   A line that is shipped in part has sold more than it has cost yet: its margin stays unknown.
//!   So does that of a line that was not shipped, is not tracked, or was shipped by the channel.
//!   What is unknown is null, never zero, and roll-ups count it apart.
//! - Stock is valued in the tenant's base currency: orders in another currency have no cost.
//!
//! A line is booked on the day of the order and recognized on the day of its last dispatch.

mod days;
mod fold;

use std::collections::BTreeMap;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::FulfillmentEvent;
use entrepot_domain::inventory::InventoryEvent;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_domain::orders::OrderEvent;
use entrepot_domain::payments::PaymentEvent;
use entrepot_entity::margins;
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

/// The read model `margins`. A document is the rows of one order, in order of their lines; what the
/// order took or cost as a whole is the sum over the rows.
#[derive(Clone, Copy, Debug)]
pub struct Margins;

impl Fold for Margins {
    const NAME: &'static str = "margins";
    type Key = OrderId;
    type Doc = Vec<margins::Model>;

    fn weight(doc: &Self::Doc) -> usize {
        1 + doc.len()
    }

    fn tables() -> &'static [&'static str] {
        &["rm_margins", "rm_margin_days"]
    }

    fn keys(event: &Event) -> Vec<OrderId> {
        let key = match event {
            Event::Inventory(InventoryEvent::Issued(issued)) => {
                issued.order_line.map(|line| line.order_id)
            }
            Event::Payment(PaymentEvent::FeeAssessed(fee)) => Some(fee.order_id),
            Event::Order(OrderEvent::Held(_) | OrderEvent::Released(_))
            | Event::Fulfillment(FulfillmentEvent::Delivered(_))
            | Event::Payment(_) => None,
            other => subject::order(other),
        };
        key.into_iter().collect()
    }

    fn begins(event: &Recorded) -> bool {
        subject::places(event)
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[OrderId],
    ) -> Result<Vec<(OrderId, Self::Doc)>, DbError> {
        let ids = keys.iter().map(|key| key.0);
        let rows = load::rows::<margins::Entity, _>(view, tenant, margins::Column::OrderId, ids);
        let mut orders: BTreeMap<OrderId, Self::Doc> = BTreeMap::new();
        for row in rows.await? {
            orders.entry(OrderId(row.order_id)).or_default().push(row);
        }
        for lines in orders.values_mut() {
            lines.sort_by_key(|row| row.line);
        }
        Ok(orders.into_iter().collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &OrderId,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        if let Event::Order(OrderEvent::Placed(placed)) = &event.event {
            if !doc.is_empty() {
                return Err(subject::known("order", key));
            }
            *doc = fold::placed(placed, event, facts);
            return Ok(());
        }
        if doc.is_empty() {
            return Err(subject::unknown("order", key));
        }
        fold::later(doc, event, facts)
    }

    fn write(
        facts: &TenantFacts,
        _: &OrderId,
        before: &Self::Doc,
        after: &Self::Doc,
        out: &mut Writes,
    ) {
        for (index, row) in after.iter().enumerate() {
            if before.get(index) != Some(row) {
                out.put(row);
            }
        }
        days::write(facts.tenant, before, after, out);
    }
}

#[cfg(test)]
mod tests;
