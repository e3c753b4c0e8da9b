//! Records that a shipment arrived.

use serde::Serialize;

use super::{FulfillmentEvent, ShipmentDelivered};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Instant, OrderId, Refusal, ShipmentId, code};
use crate::world::World;

/// Marks a shipment as delivered.
#[derive(Clone, Debug, Serialize)]
pub struct DeliverShipment {
    /// Whose goods.
    pub order_id: OrderId,
    /// Which.
    pub shipment_id: ShipmentId,
    /// When they arrived; none: now.
    pub delivered_at: Option<Instant>,
}

impl Command for DeliverShipment {
    const NAME: &'static str = "DeliverShipment";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let order = world.order(self.order_id)?;
        order.check_exists()?;
        let mut shipments = order.shipments.iter();
        let Some(shipment) = shipments.find(|known| known.shipment_id == self.shipment_id) else {
            return Err(Refusal::not_found("shipmentId", "shipment").into());
        };
        if shipment.delivered {
            let message = "the shipment was delivered already";
            return Err(Refusal::at(code::WRONG_STATE, "shipmentId", message).into());
        }
        let delivered_at = self.delivered_at.unwrap_or(ctx.now);
        delivered_at.not_after(ctx.now, "deliveredAt")?;
        shipment
            .dispatched_at
            .not_after(delivered_at, "deliveredAt")?;
        let delivered = FulfillmentEvent::Delivered(ShipmentDelivered {
            shipment_id: self.shipment_id,
            order_id: self.order_id,
            delivered_at,
        });
        Ok(Decision::about(self.shipment_id.0).with(self.order_id, delivered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfillment::DispatchShipment;
    use crate::orders::tests::{order_id, stocked, worked_order};
    use crate::testing::refused;

    #[test]
    fn a_shipment_arrives_once_and_after_it_left() {
        let mut past = stocked();
        let deliver = |shipment_id, delivered_at: Option<&str>| DeliverShipment {
            order_id: order_id(),
            shipment_id,
            delivered_at: delivered_at.and_then(|at| Instant::parse(at, "at").ok()),
        };
        let unknown = deliver(ShipmentId::default(), None);
        assert_eq!(refused(past.when(&unknown)), "NOT_FOUND orderId");
        past.when(&worked_order()).expect("placed");
        assert_eq!(refused(past.when(&unknown)), "NOT_FOUND shipmentId");

        let ship = DispatchShipment {
            order_id: order_id(),
            warehouse: None,
            lines: Vec::new(),
            carrier: Some("post".to_owned()),
            tracking: Some("1Z".to_owned()),
            label_cost_minor: None,
            dispatched_at: None,
        };
        let shipment_id = past.when(&ship).expect("shipped").subject.into();
        for at in ["2026-01-15T11:59:59Z", "2026-01-15T12:00:01Z"] {
            let outcome = past.when(&deliver(shipment_id, Some(at)));
            assert_eq!(refused(outcome), "TIME_OUT_OF_ORDER deliveredAt");
        }
        past.when(&deliver(shipment_id, None)).expect("accepted");
        let again = deliver(shipment_id, None);
        assert_eq!(refused(past.when(&again)), "WRONG_STATE shipmentId");
    }
}
