//! Who projects which slot of tenants.

use sea_orm::entity::prelude::*;

/// A lease on one slot of one group.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lease")]
pub struct Model {
    /// `core` or `bi`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grp: String,
    /// `tenant_id` modulo 64.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: i32,
    /// The node that holds it.
    pub owner: Uuid,
    /// Raised at each change of owner.
    pub epoch: i64,
    /// Microseconds since 1970, by the database's clock.
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
