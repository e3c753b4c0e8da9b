//! Events that a read model could not take, and what follows on the same keys.

use sea_orm::entity::prelude::*;

/// A parked event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parked")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// The read model.
    #[sea_orm(primary_key, auto_increment = false)]
    pub model: String,
    /// The row key that is parked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_key: String,
    /// Of the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Why, for the poison event itself; null for what only follows on its key.
    pub error: Option<String>,
    /// Microseconds since 1970.
    pub parked_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
