//! What falls due: a projection that the clock task reads across tenants.

use sea_orm::entity::prelude::*;

/// Something that falls due.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timer")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// `subscription_cycle`, `subscription_resume`, `reservation_expiry`, `authorization_expiry`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// What it is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    /// Microseconds since 1970.
    pub due_at: i64,
    /// What the command needs besides the subject, JSON as text.
    pub detail: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
