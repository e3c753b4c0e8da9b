//! What is recorded around each event.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::event::Event;
use crate::kernel::{Actor, Instant, StreamId, TenantId};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// An event as the log holds it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Whose log.
    pub tenant: TenantId,
    /// Gapless position in the tenant's log, from 1.
    pub position: i64,
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// Gapless version in the stream, from 1.
    pub version: i64,
    /// Unique.
    pub event_id: Uuid,
    /// The fact.
    pub event: Event,
    /// Who, why and under which configuration.
    pub meta: Meta,
    /// When it was recorded; never before an earlier position's.
    pub recorded_at: Instant,
}

/// The circumstances of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Who gave the command.
    pub actor: Actor,
    /// The command that led to the event.
    pub command_id: Uuid,
    /// The conversation that the command belongs to.
    pub correlation_id: Uuid,
    /// The event that the command reacted to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The tenant's configuration revision that the decision was made under.
    pub config_rev: i64,
}

/// What an event's hash covers, besides its predecessor's.
#[derive(Debug)]
pub struct HashInput<'a> {
    /// Position in the tenant's log.
    pub position: i64,
    /// Stream kind as stored.
    pub stream_kind: &'a str,
    /// Stream id.
    pub stream_id: Uuid,
    /// Version in the stream.
    pub version: i64,
    /// Event id.
    pub event_id: Uuid,
    /// Type name as stored.
    pub type_name: &'a str,
    /// Schema version as stored.
    pub schema_version: i32,
    /// Payload as stored.
    pub payload: &'a str,
    /// Meta as stored.
    pub meta: &'a str,
    /// Microseconds since 1970.
    pub recorded_at: i64,
}

/// SHA-256 over the predecessor's hash and every stored column, variable parts length-prefixed.
pub fn chain(previous: &Hash, input: &HashInput<'_>) -> Hash {
    let mut digest = Sha256::new();
    digest.update(previous);
    for number in [
        input.position,
        input.version,
        i64::from(input.schema_version),
        input.recorded_at,
    ] {
        digest.update(number.to_be_bytes());
    }
    digest.update(input.stream_id.as_bytes());
    digest.update(input.event_id.as_bytes());
    for text in [
        input.stream_kind,
        input.type_name,
        input.payload,
        input.meta,
    ] {
        digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text.as_bytes());
    }
    digest.finalize().into()
}
