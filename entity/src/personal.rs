//! Personal data, sealed: names, addresses, e-mail. Never in the log.

use sea_orm::entity::prelude::*;

/// A personal record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// What events refer to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: Uuid,
    /// Whose.
    pub subject_id: Uuid,
    /// Keyed hash of the e-mail address, for look-up; null after erasure or without one.
    pub lookup: Option<Vec<u8>>,
    /// The record, sealed under the person's key.
    pub sealed: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
