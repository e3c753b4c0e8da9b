//! Facts about stock. Values are minor units of the tenant's base currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::{Instant, OrderId, ReservationId, Sku, Warehouse, events};

events! {
    /// Facts of the stream of one SKU in one warehouse.
    InventoryEvent {
        /// Goods came in with their cost.
        Received(StockReceived) = "inventory.received" v 1,
        /// Units are held for somebody.
        Reserved(StockReserved) = "inventory.reserved" v 1,
        /// Held units are free again.
        ReservationReleased(ReservationReleased) = "inventory.reservation_released" v 1,
        /// Units left for good, at their share of the value.
        Issued(StockIssued) = "inventory.issued" v 1,
        /// A count, damage or find corrected quantity and value.
        Adjusted(StockAdjusted) = "inventory.adjusted" v 1,
        /// Units left for another warehouse.
        TransferDispatched(TransferDispatched) = "inventory.transfer_dispatched" v 1,
        /// Units came from another warehouse, at the value that they left with.
        TransferReceived(TransferReceived) = "inventory.transfer_received" v 1,
    }
}

/// `inventory.received`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockReceived {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units.
    pub quantity: i64,
    /// What all the units cost.
    pub value_minor: i64,
    /// The receipt.
    pub receipt_id: Uuid,
    /// The supplier's or the tenant's own number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `inventory.reserved`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockReserved {
    /// The new reservation.
    pub reservation_id: ReservationId,
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units.
    pub quantity: i64,
    /// The order line that they are held for; none for a reservation made by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_line: Option<OrderLineRef>,
    /// When they become free by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// One line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLineRef {
    /// Which order.
    pub order_id: OrderId,
    /// Which line.
    pub line: u32,
}

/// `inventory.reservation_released`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationReleased {
    /// Which.
    pub reservation_id: ReservationId,
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units that are free again.
    pub quantity: i64,
    /// Why.
    pub reason: ReleaseReason,
}

/// Why held units are free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Somebody asked.
    Requested,
    /// The order or line was canceled.
    Canceled,
    /// The time ran out.
    Expired,
}

/// `inventory.issued`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockIssued {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units.
    pub quantity: i64,
    /// Their share of the position's value: the cost of goods sold.
    pub value_minor: i64,
    /// The order line that they were sold on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_line: Option<OrderLineRef>,
    /// The reservation that they were held by; it shrinks by the quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<ReservationId>,
}

/// `inventory.adjusted`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockAdjusted {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units found or, negative, lost.
    pub quantity_delta: i64,
    /// Value gained or, negative, written off.
    pub value_delta_minor: i64,
    /// Why, for people.
    pub reason: String,
}

/// `inventory.transfer_dispatched`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferDispatched {
    /// The transfer.
    pub transfer_id: Uuid,
    /// What.
    pub sku: Sku,
    /// Where they left.
    pub warehouse: Warehouse,
    /// Where they go.
    pub to: Warehouse,
    /// Units.
    pub quantity: i64,
    /// Their share of the value.
    pub value_minor: i64,
}

/// `inventory.transfer_received`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferReceived {
    /// The transfer.
    pub transfer_id: Uuid,
    /// What.
    pub sku: Sku,
    /// Where they arrived.
    pub warehouse: Warehouse,
    /// Where they came from.
    pub from: Warehouse,
    /// Units.
    pub quantity: i64,
    /// The value that they left with.
    pub value_minor: i64,
}
