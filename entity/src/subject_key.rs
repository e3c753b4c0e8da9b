//! The key that each person's data is sealed under. Destroying it erases the person.

use sea_orm::entity::prelude::*;

/// A person's key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subject_key")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// The customer, or the order of a guest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    /// The key, sealed under the master key.
    pub wrapped_key: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
