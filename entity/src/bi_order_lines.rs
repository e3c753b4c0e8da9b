//! Flat row for SQL: an order line.

use sea_orm::entity::prelude::*;

/// An order line. Amounts are minor units of the order's currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_bi_order_lines")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    /// The line's number in the order, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    /// What was ordered.
    pub sku: String,
    /// Where it was sold.
    pub channel: String,
    /// Who ordered, if known.
    pub customer_id: Option<Uuid>,
    /// Of every amount, ISO 4217.
    pub currency: String,
    /// When the customer ordered, in microseconds since 1970.
    pub placed_at: i64,
    /// The same as a day in the tenant's zone.
    pub placed_on: String,
    /// Units ordered.
    pub quantity: i64,
    /// Units given up.
    pub canceled_quantity: i64,
    /// Units shipped.
    pub shipped_quantity: i64,
    /// For one unit, if known.
    pub unit_price_minor: Option<i64>,
    /// As placed, before discounts.
    pub gross_minor: i64,
    /// As placed.
    pub discount_minor: i64,
    /// As placed, after discounts.
    pub net_minor: i64,
    /// As placed, on the net amount.
    pub tax_minor: i64,
    /// What was given up of the net amount.
    pub canceled_net_minor: i64,
    /// What was given up of the tax.
    pub canceled_tax_minor: i64,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
