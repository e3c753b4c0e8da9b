//! Read model `rm_orders` as lists read it: what they are sorted and ruled by. The orders themselves
//! are read by their ids ([`order_docs`](super::order_docs)), where they are not in memory.

use sea_orm::entity::prelude::*;

/// An order's place in lists.
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
    /// When the customer ordered, in microseconds since 1970.
    pub placed_at: i64,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// What the customer was to pay when the order was placed.
    pub total_minor: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
