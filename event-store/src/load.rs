//! Reads streams and the log.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::kernel::{StreamId, StreamKind, TenantId};
use entrepot_domain::state::{STATE_VERSION, State};
use entrepot_entity::{event, scope};
use sea_orm::{
    ColumnTrait as _, DbErr, FromQueryResult as _, QueryFilter as _, QueryOrder as _, QueryResult,
    QuerySelect as _, QueryTrait as _, Select,
};

use crate::db::{Db, DbError, Tx};
use crate::error::StoreError;
use crate::memory::{Loaded, Slot};
use crate::record::Entry;

/// Streams loaded at once.
const CHUNK: usize = 500;
/// A version that no snapshot's state has.
const NO_SNAPSHOT: i32 = -1;

/// Loads streams: the newest snapshot of each, then the events after it, as of now. A stream with an event
/// that this release cannot read is an error of its own; the others come all the same.
pub(crate) async fn streams(
    db: &Db,
    tenant: TenantId,
    wanted: &BTreeSet<StreamId>,
) -> Result<Vec<(StreamId, Loaded)>, StoreError> {
    let mut loaded = Vec::with_capacity(wanted.len());
    let wanted: Vec<StreamId> = wanted.iter().copied().collect();
    for chunk in wanted.chunks(CHUNK) {
        let (slots, broken) = chunk_of_streams(db, tenant, chunk, STATE_VERSION).await?;
        loaded.extend(slots);
        if !broken.is_empty() {
            let (slots, _) = chunk_of_streams(db, tenant, &broken, NO_SNAPSHOT).await?;
            loaded.extend(slots);
        }
    }
    Ok(loaded)
}

/// Streams by snapshots whose state has this version, and apart those whose snapshot cannot be read: they
/// are to be folded from their start.
async fn chunk_of_streams(
    db: &Db,
    tenant: TenantId,
    wanted: &[StreamId],
    state_version: i32,
) -> Result<(HashMap<StreamId, Loaded>, Vec<StreamId>), StoreError> {
    let empty = |stream: &StreamId| Slot {
        version: 0,
        snapshot: 0,
        state: State::empty(stream.kind),
    };
    let slots = wanted.iter().map(|stream| (*stream, Ok(empty(stream))));
    let (mut slots, mut broken): (HashMap<StreamId, Loaded>, _) = (slots.collect(), Vec::new());
    let keys = wanted
        .iter()
        .map(|stream| [stream.id.into(), stream.kind.as_str().into()]);
    let mut events = Vec::new();
    for row in db.streams(tenant, keys.collect(), state_version).await? {
        match restored(&row).map_err(DbError::from)? {
            Some((stream, Some(slot))) => drop(slots.insert(stream, Ok(slot))),
            Some((stream, None)) => {
                slots.remove(&stream);
                broken.push(stream);
            }
            None => {}
        }
        let position: Option<i64> = row.try_get("", "position").map_err(DbError::from)?;
        if position.is_some() {
            events.push(event::Model::from_query_result(&row, "").map_err(DbError::from)?);
        }
    }
    events.sort_by_key(|row| row.version);
    events.iter().try_for_each(|row| evolve(&mut slots, row))?;
    Ok((slots, broken))
}

/// The snapshot that a row has, if any; without a slot if it cannot be read.
fn restored(row: &QueryResult) -> Result<Option<(StreamId, Option<Slot>)>, DbErr> {
    let Some(state) = row.try_get::<Option<String>>("", "state")? else {
        return Ok(None);
    };
    let kind: String = row.try_get("", "wanted_type")?;
    let Some(kind) = StreamKind::parse(&kind) else {
        return Ok(None);
    };
    let id = row.try_get("", "wanted_id")?;
    let version = row.try_get("", "snapshot_version")?;
    let slot = serde_json::from_str(&state).ok().map(|state| Slot {
        version,
        snapshot: version,
        state,
    });
    Ok(Some((StreamId { kind, id }, slot)))
}

fn evolve(slots: &mut HashMap<StreamId, Loaded>, row: &event::Model) -> Result<(), StoreError> {
    let stream = StreamKind::parse(&row.stream_type).map(|kind| StreamId {
        kind,
        id: row.stream_id,
    });
    // One that could not be read further up stays so.
    let Some(loaded) = stream.and_then(|stream| slots.get_mut(&stream)) else {
        return Ok(());
    };
    let Ok(slot) = loaded else { return Ok(()) };
    if row.version != slot.version + 1 {
        return Err(StoreError::Corrupt {
            tenant: row.tenant_id,
            position: row.position,
            what: format!(
                "version {} of its stream follows {}",
                row.version, slot.version
            ),
        });
    }
    match Entry::read(row).event {
        Ok(recorded) => {
            slot.version = recorded.version;
            slot.state.evolve(&recorded.event);
        }
        Err(error) => *loaded = Err(error),
    }
    Ok(())
}

/// The first events of streams, those that have any.
pub async fn firsts(
    tx: &Tx,
    tenant: TenantId,
    streams: &[StreamId],
) -> Result<Vec<Arc<Recorded>>, StoreError> {
    let rows = scope::of::<event::Entity>(tenant.0)
        .filter(event::Column::StreamId.is_in(streams.iter().map(|stream| stream.id)))
        .filter(event::Column::Version.eq(1_i64))
        .all(tx)
        .await
        .map_err(DbError::from)?;
    let wanted: HashSet<&StreamId> = streams.iter().collect();
    let mut firsts = Vec::with_capacity(rows.len());
    for row in &rows {
        let recorded = Entry::read(row).event?;
        if wanted.contains(&recorded.stream) {
            firsts.push(recorded);
        }
    }
    Ok(firsts)
}

/// Rows of the log after a position, in order, without gaps, in the state that a transaction sees.
pub async fn rows(
    tx: &Tx,
    tenant: TenantId,
    after: i64,
    limit: u64,
) -> Result<Vec<event::Model>, StoreError> {
    let rows = behind(tenant, after, limit).all(tx).await;
    without_gaps(tenant, after, rows.map_err(DbError::from)?)
}

/// Rows of the log after a position, in order, without gaps, as of now.
pub(crate) async fn rows_of_now(
    db: &Db,
    tenant: TenantId,
    after: i64,
    limit: u64,
) -> Result<Vec<event::Model>, StoreError> {
    let rows = db.ask_of(tenant, behind(tenant, after, limit).into_query());
    let rows = rows.await?;
    let rows = rows
        .iter()
        .map(|row| event::Model::from_query_result(row, ""));
    let rows = rows.collect::<Result<_, _>>().map_err(DbError::from)?;
    without_gaps(tenant, after, rows)
}

fn behind(tenant: TenantId, after: i64, limit: u64) -> Select<event::Entity> {
    scope::of::<event::Entity>(tenant.0)
        .filter(event::Column::Position.gt(after))
        .order_by_asc(event::Column::Position)
        .limit(limit)
}

fn without_gaps(
    tenant: TenantId,
    after: i64,
    rows: Vec<event::Model>,
) -> Result<Vec<event::Model>, StoreError> {
    for (row, expected) in rows.iter().zip(after + 1..) {
        if row.position != expected {
            let what = format!("position {expected} is missing");
            return Err(StoreError::Corrupt {
                tenant: tenant.0,
                position: row.position,
                what,
            });
        }
    }
    Ok(rows)
}
