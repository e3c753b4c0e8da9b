//! Flat rows of shipments.

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::{FulfillmentEvent, ShipmentDispatched};
use entrepot_domain::kernel::{ShipmentId, TenantId};
use entrepot_entity::bi_shipments::{Column, Entity, Model};
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

/// The read model `bi_shipments`.
#[derive(Clone, Copy, Debug)]
pub struct BiShipments;

impl Fold for BiShipments {
    const NAME: &'static str = "bi_shipments";
    type Key = ShipmentId;
    type Doc = Option<Model>;

    fn tables() -> &'static [&'static str] {
        &["rm_bi_shipments"]
    }

    fn keys(event: &Event) -> Vec<ShipmentId> {
        let Event::Fulfillment(event) = event else {
            return Vec::new();
        };
        vec![match event {
            FulfillmentEvent::Dispatched(dispatched) => dispatched.shipment_id,
            FulfillmentEvent::Delivered(delivered) => delivered.shipment_id,
        }]
    }

    fn begins(event: &Recorded) -> bool {
        matches!(
            event.event,
            Event::Fulfillment(FulfillmentEvent::Dispatched(_))
        )
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[ShipmentId],
    ) -> Result<Vec<(ShipmentId, Self::Doc)>, DbError> {
        let ids = keys.iter().map(|key| key.0);
        let rows = load::rows::<Entity, _>(view, tenant, Column::ShipmentId, ids).await?;
        let loaded = rows.into_iter();
        Ok(loaded
            .map(|row| (ShipmentId(row.shipment_id), Some(row)))
            .collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &ShipmentId,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        let Event::Fulfillment(fact) = &event.event else {
            return Ok(());
        };
        match (fact, doc) {
            (FulfillmentEvent::Dispatched(_), Some(_)) => Err(subject::known("shipment", key)),
            (FulfillmentEvent::Dispatched(dispatched), doc) => {
                *doc = Some(row(dispatched, event, facts));
                Ok(())
            }
            (FulfillmentEvent::Delivered(_), None) => Err(subject::unknown("shipment", key)),
            (FulfillmentEvent::Delivered(delivered), Some(row)) => {
                row.delivered_at = Some(delivered.delivered_at.micros());
                let day = facts.time_zone.date_of(delivered.delivered_at);
                row.delivered_on = Some(day.to_string());
                row.updated_at = event.recorded_at.micros();
                row.position = event.position;
                Ok(())
            }
        }
    }

    fn write(_: &TenantFacts, _: &ShipmentId, _: &Self::Doc, after: &Self::Doc, out: &mut Writes) {
        if let Some(row) = after {
            out.put(row);
        }
    }
}

fn row(dispatched: &ShipmentDispatched, event: &Recorded, facts: &TenantFacts) -> Model {
    Model {
        tenant_id: facts.tenant.0,
        shipment_id: dispatched.shipment_id.0,
        order_id: dispatched.order_id.0,
        warehouse: dispatched.warehouse.as_ref().map(|place| place.0.clone()),
        carrier: dispatched.carrier.clone(),
        tracking: dispatched.tracking.clone(),
        line_count: i64::try_from(dispatched.lines.len()).unwrap_or(i64::MAX),
        quantity: dispatched.lines.iter().map(|line| line.quantity).sum(),
        label_cost_minor: dispatched.label_cost_minor,
        dispatched_at: dispatched.dispatched_at.micros(),
        dispatched_on: facts
            .time_zone
            .date_of(dispatched.dispatched_at)
            .to_string(),
        delivered_at: None,
        delivered_on: None,
        updated_at: event.recorded_at.micros(),
        position: event.position,
    }
}
