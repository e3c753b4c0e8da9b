//! Read model: customers, without personal data.

use sea_orm::entity::prelude::*;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_customers")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    /// The system that the customer came from.
    pub external_system: Option<String>,
    /// The customer's id there.
    pub external_id: Option<String>,
    /// The personal record; none if there is none or the customer was erased.
    pub personal_ref: Option<Uuid>,
    /// `active`, `erased`.
    pub status: String,
    /// Microseconds since 1970.
    pub registered_at: i64,
    /// The same as a day in the tenant's zone.
    pub registered_on: String,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
