//! Flat row for SQL: a payment.

use sea_orm::entity::prelude::*;

/// A payment. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_bi_payments")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: Uuid,
    /// What is paid.
    pub order_id: Uuid,
    /// Who moves the money.
    pub provider: String,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// Of every amount, ISO 4217.
    pub currency: String,
    /// What the provider held at first.
    pub authorized_minor: i64,
    /// What moved to the tenant.
    pub captured_minor: i64,
    /// What moved back.
    pub refunded_minor: i64,
    /// What the provider took.
    pub fee_minor: i64,
    /// Whether the fee schedule said so, and not yet the provider.
    pub fee_estimated: bool,
    /// `capture` or `refund`: a provider call whose outcome is not known.
    pub unknown_attempt: Option<String>,
    /// Whether the rest of the authorization was given up or ran out.
    pub closed: bool,
    /// When money last moved to the tenant, in microseconds since 1970.
    pub captured_at: Option<i64>,
    /// The same as a day in the tenant's zone.
    pub captured_on: Option<String>,
    /// When money last moved back, in microseconds since 1970.
    pub refunded_at: Option<i64>,
    /// The same as a day in the tenant's zone.
    pub refunded_on: Option<String>,
    /// When the payment was first heard of, in microseconds since 1970.
    pub created_at: i64,
    /// The same as a day in the tenant's zone.
    pub created_on: String,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
