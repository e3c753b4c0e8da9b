//! How far each group of read models has read each tenant's log. The server reads it across tenants.

use sea_orm::entity::prelude::*;

/// A checkpoint, written in the commit of the rows that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkpoint")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// `core` or `bi`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grp: String,
    /// The last position that is in the rows.
    pub position: i64,
    /// The lease under which it was written: a projector that lost its lease cannot write.
    pub lease_epoch: i64,
    /// How often the rows were rebuilt: documents in a projector's memory are of one build.
    pub rebuilt: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
