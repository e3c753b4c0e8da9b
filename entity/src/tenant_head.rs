//! Where each tenant's log ends: the row that an append locks.

use sea_orm::entity::prelude::*;

/// A head.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant_head")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Of the last event; 0 for an empty log.
    pub position: i64,
    /// Raised when a tenant is restored, so that older tokens and cursors are refused.
    pub incarnation: i32,
    /// When the last event was recorded, microseconds since 1970: time never runs backwards in a log.
    pub recorded_at: i64,
    /// SHA-256 of the last event.
    pub hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
