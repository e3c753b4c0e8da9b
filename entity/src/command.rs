//! Idempotency: the first answer of every command, written in the commit of its events.

use sea_orm::entity::prelude::*;

/// A command that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "command")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Who keys are unique for: a token's client, an import, a timer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client: String,
    /// The idempotency key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// `PlaceOrder`
    pub name: String,
    /// SHA-256 of name and input.
    pub input_hash: Vec<u8>,
    /// Position of the first event.
    pub first_position: i64,
    /// Position of the last event.
    pub last_position: i64,
    /// The answer's id.
    pub subject: Uuid,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// Whether the key is kept for ever (imports, timers) or may be purged after 30 days.
    pub permanent: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
