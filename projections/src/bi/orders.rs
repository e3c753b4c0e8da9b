//! Flat rows of orders.

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::FulfillmentEvent;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_domain::orders::{OrderEvent, OrderPlaced};
use entrepot_domain::payments::PaymentEvent;
use entrepot_entity::bi_orders::{Column, Entity, Model};
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::orders::{OrderStatus, Quantities};
use crate::writes::Writes;
use crate::{load, subject};

/// The read model `bi_orders`.
#[derive(Clone, Copy, Debug)]
pub struct BiOrders;

impl Fold for BiOrders {
    const NAME: &'static str = "bi_orders";
    type Key = OrderId;
    type Doc = Option<Model>;

    fn tables() -> &'static [&'static str] {
        &["rm_bi_orders"]
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
        let rows = load::rows::<Entity, _>(view, tenant, Column::OrderId, ids).await?;
        let loaded = rows.into_iter();
        Ok(loaded
            .map(|row| (OrderId(row.order_id), Some(row)))
            .collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &OrderId,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        match (&event.event, &mut *doc) {
            (Event::Order(OrderEvent::Placed(_)), Some(_)) => {
                return Err(subject::known("order", key));
            }
            (Event::Order(OrderEvent::Placed(placed)), None) => {
                *doc = Some(row(placed, event, facts));
            }
            (_, None) => return Err(subject::unknown("order", key)),
            (fact, Some(row)) => {
                later(row, fact);
                let quantities = Quantities {
                    ordered: row.quantity,
                    canceled: row.canceled_quantity,
                    shipped: row.shipped_quantity,
                    delivered: 0,
                };
                let status = OrderStatus::of(quantities, row.held);
                status.as_str().clone_into(&mut row.status);
                row.updated_at = event.recorded_at.micros();
                row.position = event.position;
            }
        }
        Ok(())
    }

    fn write(_: &TenantFacts, _: &OrderId, _: &Self::Doc, after: &Self::Doc, out: &mut Writes) {
        if let Some(row) = after {
            out.put(row);
        }
    }
}

fn row(placed: &OrderPlaced, event: &Recorded, facts: &TenantFacts) -> Model {
    let quantities = Quantities {
        ordered: placed.lines.iter().map(|line| line.quantity).sum(),
        ..Quantities::default()
    };
    Model {
        tenant_id: facts.tenant.0,
        order_id: placed.order_id.0,
        channel: placed.channel.clone(),
        external_id: placed.external_ref.as_ref().map(|there| there.id.clone()),
        customer_id: placed.customer_id.map(|id| id.0),
        subscription_id: placed.subscription_id.map(|id| id.0),
        currency: placed.currency.to_string(),
        status: OrderStatus::of(quantities, false).as_str().to_owned(),
        placed_at: placed.placed_at.micros(),
        placed_on: facts.time_zone.date_of(placed.placed_at).to_string(),
        line_count: i64::try_from(placed.lines.len()).unwrap_or(i64::MAX),
        quantity: quantities.ordered,
        canceled_quantity: 0,
        shipped_quantity: 0,
        held: false,
        gross_minor: placed.totals.gross_minor,
        discount_minor: placed.totals.discount_minor,
        net_minor: placed.totals.net_minor,
        shipping_minor: placed.totals.shipping_minor,
        tax_minor: placed.totals.tax_minor,
        total_minor: placed.totals.total_minor,
        canceled_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        fee_minor: 0,
        updated_at: event.recorded_at.micros(),
        position: event.position,
    }
}

fn later(row: &mut Model, fact: &Event) {
    match fact {
        Event::Order(OrderEvent::Held(_)) => row.held = true,
        Event::Order(OrderEvent::Released(_)) => row.held = false,
        Event::Order(OrderEvent::LineCanceled(line)) => {
            row.canceled_quantity += line.quantity;
            row.canceled_minor += line.net_minor + line.tax_minor;
        }
        Event::Order(OrderEvent::Canceled(canceled)) => {
            for line in &canceled.lines {
                row.canceled_quantity += line.quantity;
                row.canceled_minor += line.net_minor + line.tax_minor;
            }
            row.canceled_minor += canceled.shipping_net_minor + canceled.shipping_tax_minor;
        }
        Event::Fulfillment(FulfillmentEvent::Dispatched(dispatched)) => {
            let units = dispatched.lines.iter().map(|line| line.quantity);
            row.shipped_quantity += units.sum::<i64>();
        }
        Event::Payment(PaymentEvent::Captured(captured)) => {
            row.captured_minor += captured.amount_minor;
        }
        Event::Payment(PaymentEvent::Refunded(refunded)) => {
            row.refunded_minor += refunded.amount_minor;
        }
        Event::Payment(PaymentEvent::FeeAssessed(fee)) => row.fee_minor += fee.amount_minor,
        _ => {}
    }
}
