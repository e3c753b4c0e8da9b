//! The log: one row an event, appended and never changed.

use sea_orm::entity::prelude::*;

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Gapless, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// What the stream is about.
    pub stream_type: String,
    /// Which one.
    pub stream_id: Uuid,
    /// Gapless in the stream, from 1.
    pub version: i64,
    /// Unique.
    pub event_id: Uuid,
    /// `order.placed`
    pub event_type: String,
    /// Of the payload.
    pub schema_version: i32,
    /// The tenant's configuration revision that the decision was made under.
    pub config_rev: i64,
    /// The fact, JSON as text: nothing on the hot way queries into it.
    pub payload: String,
    /// Actor, command, correlation and causation, JSON as text.
    pub meta: String,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// SHA-256 of the predecessor in the tenant's log; the last one's own stands in the head.
    pub prev_hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
