//! Read model: SKUs with their prices.

use sea_orm::entity::prelude::*;

/// A SKU.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_products")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// The tenant's own code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku: String,
    /// For people.
    pub title: String,
    /// Names the taxes that apply.
    pub tax_class: String,
    /// Free grouping.
    pub category: Option<String>,
    /// Whether stock is kept.
    pub tracked: bool,
    /// Whether it cannot be ordered any more.
    pub discontinued: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
    /// Prices, JSON as text: currency to minor units for one unit, tax excluded.
    pub doc: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
