//! Read model: stock of a SKU in a warehouse.

use sea_orm::entity::prelude::*;

/// A position. What is available is `on_hand - reserved`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_inventory")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// What.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku: String,
    /// Where.
    #[sea_orm(primary_key, auto_increment = false)]
    pub warehouse: String,
    /// Units there.
    pub on_hand: i64,
    /// Units held for somebody.
    pub reserved: i64,
    /// What the units cost, in minor units.
    pub value_minor: i64,
    /// Of the value: the tenant's base currency.
    pub currency: String,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
