//! Read model: orders, each with its lines, payments and shipments in one document.
//!
//! Written with it: the roll-up of orders by day, from the difference that an event makes.

mod days;
mod doc;
mod fold;
mod status;

use std::sync::Arc;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_domain::orders::OrderEvent;
use entrepot_entity::{order_docs, orders};
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

pub use doc::*;
pub use status::{FulfillmentStatus, OrderStatus, PaymentStatus};

/// The read model `orders`.
#[derive(Clone, Copy, Debug)]
pub struct Orders;

impl Fold for Orders {
    const NAME: &'static str = "orders";
    type Key = OrderId;
    type Doc = Option<Arc<OrderDoc>>;

    fn weight(doc: &Self::Doc) -> usize {
        1 + doc.as_ref().map_or(0, |doc| doc.lines.len())
    }

    fn tables() -> &'static [&'static str] {
        &["rm_orders", "rm_order_days"]
    }

    fn keys(event: &Event) -> Vec<OrderId> {
        subject::order(event).into_iter().collect()
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
        let rows =
            load::rows::<order_docs::Entity, _>(view, tenant, order_docs::Column::OrderId, ids)
                .await?;
        let loaded = rows.into_iter().map(|row| {
            let doc = load::document(&row.doc)?;
            Ok((OrderId(row.order_id), Some(Arc::new(doc))))
        });
        loaded.collect()
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &OrderId,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        match (&event.event, doc) {
            (Event::Order(OrderEvent::Placed(_)), Some(_)) => Err(subject::known("order", key)),
            (Event::Order(OrderEvent::Placed(placed)), doc) => {
                *doc = Some(Arc::new(fold::placed(placed, event, facts)));
                Ok(())
            }
            (_, None) => Err(subject::unknown("order", key)),
            (fact, Some(order)) => {
                let order = Arc::make_mut(order);
                fold::later(order, fact, event.recorded_at)?;
                order.updated_at = event.recorded_at;
                order.position = event.position;
                Ok(())
            }
        }
    }

    fn write(
        facts: &TenantFacts,
        _: &OrderId,
        before: &Self::Doc,
        after: &Self::Doc,
        out: &mut Writes,
    ) {
        if let Some(order) = after {
            out.put(&row(facts.tenant, order));
            days::write(facts.tenant, before.as_deref(), order, out);
        }
    }
}

fn row(tenant: TenantId, order: &OrderDoc) -> orders::Model {
    orders::Model {
        tenant_id: tenant.0,
        order_id: order.order_id.0,
        channel: order.channel.clone(),
        external_id: order.external_ref.as_ref().map(|there| there.id.clone()),
        customer_id: order.customer_id.map(|id| id.0),
        subscription_id: order.subscription_id.map(|id| id.0),
        currency: order.currency.to_string(),
        status: order.status().as_str().to_owned(),
        payment_status: order.payment_status().as_str().to_owned(),
        fulfillment_status: order.fulfillment_status().as_str().to_owned(),
        placed_at: order.placed_at.micros(),
        placed_on: order.placed_on.to_string(),
        updated_at: order.updated_at.micros(),
        gross_minor: order.totals.gross_minor,
        discount_minor: order.totals.discount_minor,
        net_minor: order.totals.net_minor,
        shipping_minor: order.totals.shipping_minor,
        tax_minor: order.totals.tax_minor,
        total_minor: order.totals.total_minor,
        canceled_minor: order.canceled.total_minor(),
        captured_minor: order.captured_minor(),
        refunded_minor: order.refunded_minor(),
        line_count: i32::try_from(order.lines.len()).unwrap_or(i32::MAX),
        position: order.position,
        doc: load::text(order),
    }
}

#[cfg(test)]
mod tests;
