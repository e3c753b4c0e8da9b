//! Flat row for SQL: a shipment.

use sea_orm::entity::prelude::*;

/// A shipment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_bi_shipments")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shipment_id: Uuid,
    /// Whose goods.
    pub order_id: Uuid,
    /// Where they came from; null if the channel shipped them.
    pub warehouse: Option<String>,
    /// Who carries them.
    pub carrier: Option<String>,
    /// The carrier's tracking number.
    pub tracking: Option<String>,
    /// Order lines with units in the shipment.
    pub line_count: i64,
    /// Units.
    pub quantity: i64,
    /// What the label cost, in minor units of the order's currency.
    pub label_cost_minor: Option<i64>,
    /// When they left, in microseconds since 1970.
    pub dispatched_at: i64,
    /// The same as a day in the tenant's zone.
    pub dispatched_on: String,
    /// When they arrived, in microseconds since 1970.
    pub delivered_at: Option<i64>,
    /// The same as a day in the tenant's zone.
    pub delivered_on: Option<String>,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
