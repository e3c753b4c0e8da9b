//! Read model: every change of monthly recurring revenue. Their sum is what there is now.

use sea_orm::entity::prelude::*;

/// A movement.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_mrr_movements")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Whose revenue changed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: Uuid,
    /// The event that changed it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// `new`, `expansion`, `contraction`, `churn` (also a pause), `reactivation` (a resumption).
    pub kind: String,
    /// The change in millionths of a minor unit, negative if revenue was lost.
    pub amount_micros: i64,
    /// Of the amount.
    pub currency: String,
    /// The day in the tenant's zone.
    pub moved_on: String,
    /// Microseconds since 1970.
    pub moved_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
