//! The state of long streams, so that loading one takes bounded time. Disposable.

use sea_orm::entity::prelude::*;

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "snapshot")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// What the stream is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_type: String,
    /// Which one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_id: Uuid,
    /// The last version that it covers.
    pub version: i64,
    /// Of the shape of states; another shape is not read.
    pub state_version: i32,
    /// JSON as text.
    pub state: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
