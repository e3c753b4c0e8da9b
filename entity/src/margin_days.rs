//! Roll-up: margins by the day on which the orders were placed.

use sea_orm::entity::prelude::*;

/// Margins of one SKU, day and channel, in minor units, tax excluded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_margin_days")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// The day on which the orders were placed, in the tenant's zone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: String,
    /// Where they were sold.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// What was sold.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku: String,
    /// Of every amount.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: String,
    /// Order lines, also those given up.
    pub line_count: i64,
    /// Units ordered and not given up.
    pub quantity: i64,
    /// After discounts, less what was given up.
    pub net_minor: i64,
    /// Of the lines whose cost is known.
    pub cogs_minor: i64,
    /// Shipping charged to customers.
    pub shipping_minor: i64,
    /// Payment fees.
    pub fee_minor: i64,
    /// Labels.
    pub shipping_cost_minor: i64,
    /// Net of the lines whose cost is known: what a margin is a part of.
    pub known_net_minor: i64,
    /// Of the lines whose cost is known.
    pub gross_margin_minor: i64,
    /// Of the lines whose cost is known.
    pub contribution_minor: i64,
    /// Lines with a sale and no known cost: their margin is in no sum.
    pub unknown_cost_lines: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
