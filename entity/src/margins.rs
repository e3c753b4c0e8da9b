//! Read model: what each order line earned.

use sea_orm::entity::prelude::*;

/// An order line's margin, in minor units of the order's currency, tax excluded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_margins")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    /// Which line.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    /// What was sold.
    pub sku: String,
    /// Where it was sold.
    pub channel: String,
    /// Who ordered, if known.
    pub customer_id: Option<Uuid>,
    /// Of every amount, ISO 4217.
    pub currency: String,
    /// The day on which the order was placed, in the tenant's zone.
    pub booked_on: String,
    /// The day of the line's last dispatch, in the tenant's zone.
    pub shipped_on: Option<String>,
    /// The same, once nothing of the line is open any more.
    pub recognized_on: Option<String>,
    /// Units ordered and not given up.
    pub quantity: i64,
    /// Units shipped.
    pub shipped_quantity: i64,
    /// As placed, before discounts.
    pub gross_minor: i64,
    /// As placed.
    pub discount_minor: i64,
    /// After discounts, less what was given up.
    pub net_minor: i64,
    /// The cost of the units whose cost is known, however many.
    pub issued_minor: i64,
    /// The units whose cost is known: they were issued from stock.
    pub cogs_known_quantity: i64,
    /// Cost of goods sold; null until the cost of all units is known.
    pub cogs_minor: Option<i64>,
    /// Share of the shipping charged to the customer.
    pub shipping_minor: i64,
    /// Share of the payment fees.
    pub fee_minor: i64,
    /// Share of the labels' cost.
    pub shipping_cost_minor: i64,
    /// Net less cost; null if the cost is unknown.
    pub gross_margin_minor: Option<i64>,
    /// Gross margin plus shipping, less fees and shipping cost; null if the cost is unknown.
    pub contribution_minor: Option<i64>,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
