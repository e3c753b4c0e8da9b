//! Flat rows of order lines.

use std::collections::HashSet;
use std::fmt;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::FulfillmentEvent;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_domain::orders::{LineCanceled, OrderEvent, OrderLine, OrderPlaced};
use entrepot_entity::bi_order_lines::{Column, Entity, Model};
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

/// The read model `bi_order_lines`.
#[derive(Clone, Copy, Debug)]
pub struct BiOrderLines;

/// One line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineKey {
    /// Which order.
    pub order_id: OrderId,
    /// Which line.
    pub line: u32,
}

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.order_id, self.line)
    }
}

impl Fold for BiOrderLines {
    const NAME: &'static str = "bi_order_lines";
    type Key = LineKey;
    type Doc = Option<Model>;

    fn tables() -> &'static [&'static str] {
        &["rm_bi_order_lines"]
    }

    fn keys(event: &Event) -> Vec<LineKey> {
        let keys = |order_id, lines: &mut dyn Iterator<Item = u32>| {
            let mut keys: Vec<LineKey> = lines.map(|line| LineKey { order_id, line }).collect();
            keys.sort();
            keys.dedup();
            keys
        };
        match event {
            Event::Order(OrderEvent::Placed(placed)) => keys(
                placed.order_id,
                &mut placed.lines.iter().map(|line| line.line),
            ),
            Event::Order(OrderEvent::LineCanceled(line)) => {
                keys(line.order_id, &mut std::iter::once(line.line))
            }
            Event::Order(OrderEvent::Canceled(canceled)) => keys(
                canceled.order_id,
                &mut canceled.lines.iter().map(|line| line.line),
            ),
            Event::Fulfillment(FulfillmentEvent::Dispatched(shipment)) => keys(
                shipment.order_id,
                &mut shipment.lines.iter().map(|line| line.line),
            ),
            _ => Vec::new(),
        }
    }

    fn begins(event: &Recorded) -> bool {
        subject::places(event)
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[LineKey],
    ) -> Result<Vec<(LineKey, Self::Doc)>, DbError> {
        let wanted: HashSet<(OrderId, i64)> = keys
            .iter()
            .map(|key| (key.order_id, i64::from(key.line)))
            .collect();
        let ids = keys.iter().map(|key| key.order_id.0);
        let rows = load::rows::<Entity, _>(view, tenant, Column::OrderId, ids).await?;
        let loaded = rows.into_iter().filter_map(|row| {
            let order_id = OrderId(row.order_id);
            let line = u32::try_from(row.line).ok()?;
            wanted
                .contains(&(order_id, row.line))
                .then_some((LineKey { order_id, line }, Some(row)))
        });
        Ok(loaded.collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &LineKey,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        match (&event.event, &mut *doc) {
            (Event::Order(OrderEvent::Placed(_)), Some(_)) => {
                return Err(subject::known("order line", key));
            }
            (Event::Order(OrderEvent::Placed(placed)), None) => {
                let line = placed.lines.iter().find(|line| line.line == key.line);
                *doc = line.map(|line| row(placed, line, event, facts));
            }
            (_, None) => return Err(subject::unknown("order line", key)),
            (fact, Some(row)) => {
                later(row, key.line, fact);
                row.updated_at = event.recorded_at.micros();
                row.position = event.position;
            }
        }
        Ok(())
    }

    fn write(_: &TenantFacts, _: &LineKey, _: &Self::Doc, after: &Self::Doc, out: &mut Writes) {
        if let Some(row) = after {
            out.put(row);
        }
    }
}

fn row(placed: &OrderPlaced, line: &OrderLine, event: &Recorded, facts: &TenantFacts) -> Model {
    Model {
        tenant_id: facts.tenant.0,
        order_id: placed.order_id.0,
        line: i64::from(line.line),
        sku: line.sku.as_str().to_owned(),
        channel: placed.channel.clone(),
        customer_id: placed.customer_id.map(|id| id.0),
        currency: placed.currency.to_string(),
        placed_at: placed.placed_at.micros(),
        placed_on: facts.time_zone.date_of(placed.placed_at).to_string(),
        quantity: line.quantity,
        canceled_quantity: 0,
        shipped_quantity: 0,
        unit_price_minor: line.unit_price_minor,
        gross_minor: line.gross_minor,
        discount_minor: line.gross_minor - line.net_minor,
        net_minor: line.net_minor,
        tax_minor: line.taxes.iter().map(|tax| tax.amount_minor).sum(),
        canceled_net_minor: 0,
        canceled_tax_minor: 0,
        updated_at: event.recorded_at.micros(),
        position: event.position,
    }
}

fn later(row: &mut Model, number: u32, fact: &Event) {
    match fact {
        Event::Order(OrderEvent::LineCanceled(line)) => give_up(row, line),
        Event::Order(OrderEvent::Canceled(canceled)) => {
            let lines = canceled.lines.iter().filter(|line| line.line == number);
            lines.for_each(|line| give_up(row, line));
        }
        Event::Fulfillment(FulfillmentEvent::Dispatched(shipment)) => {
            let lines = shipment.lines.iter().filter(|line| line.line == number);
            row.shipped_quantity += lines.map(|line| line.quantity).sum::<i64>();
        }
        _ => {}
    }
}

fn give_up(row: &mut Model, line: &LineCanceled) {
    row.canceled_quantity += line.quantity;
    row.canceled_net_minor += line.net_minor;
    row.canceled_tax_minor += line.tax_minor;
}
