//! Facts about shipments. They stand in the order's stream, whose quantities they change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Instant, OrderId, ShipmentId, Warehouse, events};

events! {
    /// Facts about shipments.
    FulfillmentEvent {
        /// Goods left; control passes, revenue is recognized.
        Dispatched(ShipmentDispatched) = "shipment.dispatched" v 1,
        /// Goods arrived.
        Delivered(ShipmentDelivered) = "shipment.delivered" v 1,
    }
}

/// `shipment.dispatched`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentDispatched {
    /// The new shipment.
    pub shipment_id: ShipmentId,
    /// Whose goods.
    pub order_id: OrderId,
    /// Where they came from; none if the channel shipped them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<Warehouse>,
    /// At least one.
    pub lines: Vec<ShippedLine>,
    /// Who carries them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// What the label cost, in the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_cost_minor: Option<i64>,
    /// When they left.
    pub dispatched_at: Instant,
}

/// Units of one order line in a shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippedLine {
    /// The order line's number.
    pub line: u32,
    /// Units.
    pub quantity: i64,
}

/// `shipment.delivered`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentDelivered {
    /// Which.
    pub shipment_id: ShipmentId,
    /// Whose goods.
    pub order_id: OrderId,
    /// When they arrived.
    pub delivered_at: Instant,
}
