//! Between a row of the log and what it says.

use std::sync::Arc;

use entrepot_domain::envelope::{Hash, HashInput, Meta, Recorded, chain};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{DecodeError, Instant, StreamId, StreamKind, TenantId};
use entrepot_entity::event;

/// One position of a tenant's log, as a reader gets it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The position.
    pub position: i64,
    /// What the stream is about, as stored.
    pub stream_type: String,
    /// Which one.
    pub stream_id: uuid::Uuid,
    /// The event; an error if this release cannot read it.
    pub event: Result<Arc<Recorded>, DecodeError>,
    /// Of the event and, through its predecessors, of everything before it.
    pub hash: Hash,
    /// Size of the payload as stored: what the entry weighs where entries are kept.
    pub bytes: usize,
}

impl Entry {
    /// Reads a row.
    pub fn read(row: &event::Model) -> Self {
        Self {
            position: row.position,
            stream_type: row.stream_type.clone(),
            stream_id: row.stream_id,
            event: decode(row).map(Arc::new),
            hash: hash(row),
            bytes: row.payload.len(),
        }
    }

    /// An event that was just appended.
    pub fn of(recorded: Arc<Recorded>, hash: Hash, bytes: usize) -> Self {
        Self {
            position: recorded.position,
            stream_type: recorded.stream.kind.as_str().to_owned(),
            stream_id: recorded.stream.id,
            event: Ok(recorded),
            hash,
            bytes,
        }
    }
}

fn decode(row: &event::Model) -> Result<Recorded, DecodeError> {
    let broken = |what: &str| DecodeError::Payload(row.event_type.clone(), what.to_owned());
    let kind = StreamKind::parse(&row.stream_type)
        .ok_or_else(|| broken("its stream type is not known"))?;
    let meta: Meta = serde_json::from_str(&row.meta).map_err(|error| broken(&error.to_string()))?;
    Ok(Recorded {
        tenant: TenantId(row.tenant_id),
        position: row.position,
        stream: StreamId {
            kind,
            id: row.stream_id,
        },
        version: row.version,
        event_id: row.event_id,
        event: Event::decode(&row.event_type, row.schema_version, &row.payload)?,
        meta,
        recorded_at: Instant::from_micros(row.recorded_at)
            .ok_or_else(|| broken("its time is out of range"))?,
    })
}

/// The row of an event that is about to be appended.
pub(crate) fn row(
    recorded: &Recorded,
    meta: &str,
    prev_hash: &Hash,
) -> Result<event::Model, serde_json::Error> {
    Ok(event::Model {
        tenant_id: recorded.tenant.0,
        position: recorded.position,
        stream_type: recorded.stream.kind.as_str().to_owned(),
        stream_id: recorded.stream.id,
        version: recorded.version,
        event_id: recorded.event_id,
        event_type: recorded.event.type_name().to_owned(),
        schema_version: recorded.event.schema_version(),
        config_rev: recorded.meta.config_rev,
        payload: recorded.event.encode()?,
        meta: meta.to_owned(),
        recorded_at: recorded.recorded_at.micros(),
        prev_hash: prev_hash.to_vec(),
    })
}

/// A hash as a row has it. What has another length is none: it is that of an empty log, which follows
/// from no event.
pub(crate) fn stored(hash: &[u8]) -> Hash {
    hash.try_into().unwrap_or_default()
}

/// The hash of a row, which its successor carries.
pub fn hash(row: &event::Model) -> Hash {
    chain(
        &stored(&row.prev_hash),
        &HashInput {
            position: row.position,
            stream_kind: &row.stream_type,
            stream_id: row.stream_id,
            version: row.version,
            event_id: row.event_id,
            type_name: &row.event_type,
            schema_version: row.schema_version,
            payload: &row.payload,
            meta: &row.meta,
            recorded_at: row.recorded_at,
        },
    )
}
