//! Read model: subscriptions.

use sea_orm::entity::prelude::*;

/// A subscription. Amounts are of its currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_subscriptions")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: Uuid,
    /// `active`, `paused`, `canceled`.
    pub status: String,
    /// Who wants the goods.
    pub customer_id: Uuid,
    /// The channel that its orders count for.
    pub channel: String,
    /// Of every amount, ISO 4217.
    pub currency: String,
    /// The cycle that is due next.
    pub next_cycle: i64,
    /// The day on which it is due; null unless active.
    pub next_on: Option<String>,
    /// Monthly recurring revenue in millionths of a minor unit; 0 unless active.
    pub mrr_micros: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// The same as a day in the tenant's zone.
    pub created_on: String,
    /// When the row last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// The last event that changed the row.
    pub position: i64,
    /// Terms, items and cycles, JSON as text: `projections::subscriptions::SubscriptionDoc`.
    pub doc: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
