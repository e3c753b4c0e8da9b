//! Facts about orders. Amounts are minor units of the order's currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::customers::ExternalRef;
use crate::kernel::{
    Currency, CustomerId, Instant, OrderId, ReservationId, Sku, SubscriptionId, Warehouse, events,
};

events! {
    /// Facts of an order's stream, shipments aside.
    OrderEvent {
        /// Somebody ordered. Native and imported orders share it.
        Placed(Box<OrderPlaced>) = "order.placed" v 1,
        /// The order must not be shipped for now.
        Held(OrderHeld) = "order.held" v 1,
        /// The hold is over.
        Released(OrderReleased) = "order.released" v 1,
        /// Open units of one line were given up.
        LineCanceled(LineCanceled) = "order.line_canceled" v 1,
        /// All open units were given up.
        Canceled(OrderCanceled) = "order.canceled" v 1,
    }
}

/// `order.placed`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// The new order.
    pub order_id: OrderId,
    /// The channel's code in the tenant's configuration.
    pub channel: String,
    /// The order's id in the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<ExternalRef>,
    /// Who ordered, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The subscription whose cycle made the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<SubscriptionId>,
    /// The personal record that holds the addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_ref: Option<Uuid>,
    /// Of every amount in the order.
    pub currency: Currency,
    /// When the customer ordered.
    pub placed_at: Instant,
    /// Who split the discounts over the lines.
    pub allocation: Allocation,
    /// At least one.
    pub lines: Vec<OrderLine>,
    /// Delivery charged to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    /// Sums of the above.
    pub totals: Totals,
}

/// Who computed an order's allocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// This program, by largest remainder.
    Native,
    /// The channel; its numbers are kept as they are.
    Imported,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// The line's number in the order, from 1.
    pub line: u32,
    /// What was ordered.
    pub sku: Sku,
    /// In the SKU's base unit. An imported line may have 0: money moved, goods did not.
    pub quantity: i64,
    /// Minor units for one unit. Unknown for imported lines that state only the sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price_minor: Option<i64>,
    /// Before discounts, tax excluded.
    pub gross_minor: i64,
    /// What was taken off, with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// Gross less discounts.
    pub net_minor: i64,
    /// On the net amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
    /// The stock held for the line, by warehouse. Empty for untracked SKUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<LineReservation>,
}

/// Something taken off a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Discount {
    /// Whether it was given to the line or is the line's share of one given to the order.
    pub scope: DiscountScope,
    /// Names the discount: a promotion, a coupon, a reason.
    pub code: String,
    /// Minor units, tax excluded.
    pub amount_minor: i64,
}

/// What a discount was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscountScope {
    /// One line.
    Line,
    /// The order; the lines carry shares of it.
    Order,
}

/// A tax on a line or on shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tax {
    /// Names the tax and its jurisdiction.
    pub code: String,
    /// Parts per million; unknown for imported taxes that state only the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_ppm: Option<i64>,
    /// Minor units.
    pub amount_minor: i64,
}

/// Stock held for a line in one warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineReservation {
    /// The reservation in the stock's stream.
    pub reservation_id: ReservationId,
    /// Where.
    pub warehouse: Warehouse,
    /// Units.
    pub quantity: i64,
}

/// Delivery charged to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shipping {
    /// For people: `standard`.
    pub method: String,
    /// Minor units, tax excluded.
    pub net_minor: i64,
    /// On the net amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
}

/// Sums of an order, in minor units: net = gross − discount, total = net + shipping + tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Of the lines, before discounts.
    pub gross_minor: i64,
    /// Of the lines.
    pub discount_minor: i64,
    /// Of the lines, after discounts.
    pub net_minor: i64,
    /// Shipping, tax excluded.
    pub shipping_minor: i64,
    /// On lines and shipping.
    pub tax_minor: i64,
    /// What the customer pays.
    pub total_minor: i64,
}

/// `order.held`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderHeld {
    /// Which.
    pub order_id: OrderId,
    /// Why, for people.
    pub reason: String,
}

/// `order.released`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderReleased {
    /// Which.
    pub order_id: OrderId,
}

/// `order.line_canceled`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineCanceled {
    /// Which order.
    pub order_id: OrderId,
    /// Which line.
    pub line: u32,
    /// Units given up.
    pub quantity: i64,
    /// Their share of the line's net amount, by cumulative rounding.
    pub net_minor: i64,
    /// Their share of the line's tax.
    pub tax_minor: i64,
    /// Why, for people.
    pub reason: String,
}

/// `order.canceled`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCanceled {
    /// Which.
    pub order_id: OrderId,
    /// The open units of each line that had any.
    pub lines: Vec<LineCanceled>,
    /// Shipping given back; only if nothing was shipped.
    pub shipping_net_minor: i64,
    /// The tax on it.
    pub shipping_tax_minor: i64,
    /// Why, for people.
    pub reason: String,
}
