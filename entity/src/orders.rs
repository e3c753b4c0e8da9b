//! Read model: orders, each with its lines, payments and shipments in one document.

use sea_orm::entity::prelude::*;

/// An order. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_orders")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    /// Where it was sold.
    pub channel: String,
    /// Its id in the channel.
    pub external_id: Option<String>,
    /// Who ordered, if known.
    pub customer_id: Option<Uuid>,
    /// The subscription whose cycle made it.
    pub subscription_id: Option<Uuid>,
    /// Of every amount, ISO 4217.
    pub currency: String,
    /// `placed`, `on_hold`, `completed`, `canceled`.
    pub status: String,
    /// `unpaid`, `authorized`, `partially_paid`, `paid`, `partially_refunded`, `refunded`, `voided`.
    pub payment_status: String,
    /// `unfulfilled`, `partial`, `fulfilled`, `delivered`.
    pub fulfillment_status: String,
    /// When the customer ordered, in microseconds since 1970.
    pub placed_at: i64,
    /// The same as a day in the tenant's zone.
    pub placed_on: String,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// Of the lines as placed, before discounts.
    pub gross_minor: i64,
    /// Of the lines as placed.
    pub discount_minor: i64,
    /// Of the lines as placed, after discounts.
    pub net_minor: i64,
    /// Shipping as placed, tax excluded.
    pub shipping_minor: i64,
    /// As placed, on lines and shipping.
    pub tax_minor: i64,
    /// What the customer was to pay when the order was placed.
    pub total_minor: i64,
    /// What was given up of the total since.
    pub canceled_minor: i64,
    /// What moved to the tenant.
    pub captured_minor: i64,
    /// What moved back.
    pub refunded_minor: i64,
    /// Lines.
    pub line_count: i32,
    /// The last event that changed the row.
    pub position: i64,
    /// All of the order, JSON as text: `projections::orders::OrderDoc`.
    pub doc: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
