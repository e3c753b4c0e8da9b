//! Roll-up: what was ordered, by the day on which it was ordered.

use sea_orm::entity::prelude::*;

/// One measure of one day. Everything about an order counts on the day on which it was placed, whenever
/// it happened.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_order_days")]
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
    /// Of the amount.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: String,
    /// `order`, `gross`, `discount`, `net`, `shipping`, `tax`, `total`, `canceled`, `captured`,
    /// `refunded`, `fee`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub measure: String,
    /// The discount's, tax's or provider's code; empty for the other measures.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The sum, in minor units.
    pub amount_minor: i64,
    /// The orders that have such an amount.
    pub count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
