//! Reads streams and the log.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::kernel::{StreamId, StreamKind, TenantId};
use entrepot_domain::state::{STATE_VERSION, State};
use entrepot_entity::{event, scope, snapshot};
use sea_orm::{
    ColumnTrait as _, FromQueryResult as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select, Value,
};

use crate::db::{Db, DbError, Tx, View, Wanted};
use crate::error::StoreError;
use crate::memory::{Loaded, Slot};
use crate::record::Entry;

/// Streams loaded at once.
const CHUNK: usize = 500;

/// Loads streams: the newest snapshot of each, then the events after it, as of now. A stream with an event that
/// this release cannot read is an error of its own; the others come all the same.
pub(crate) async fn streams(
    db: &Db,
    tenant: TenantId,
    wanted: &BTreeSet<StreamId>,
) -> Result<Vec<(StreamId, Loaded)>, StoreError> {
    let mut loaded = Vec::with_capacity(wanted.len());
    let wanted: Vec<StreamId> = wanted.iter().copied().collect();
    for chunk in wanted.chunks(CHUNK) {
        loaded.extend(chunk_of_streams(View::Now(db), tenant, chunk).await?);
    }
    Ok(loaded)
}

async fn chunk_of_streams(
    view: View<'_>,
    tenant: TenantId,
    wanted: &[StreamId],
) -> Result<Vec<(StreamId, Loaded)>, StoreError> {
    let empty = |stream: &StreamId| Slot {
        version: 0,
        snapshot: 0,
        state: State::empty(stream.kind),
    };
    let mut slots: HashMap<StreamId, Loaded> = wanted
        .iter()
        .map(|stream| (*stream, Ok(empty(stream))))
        .collect();

    let stream = [Wanted::Is("stream_id"), Wanted::Is("stream_type")];
    let keys = wanted.iter().map(|stream| key(stream).into());
    for row in view
        .lookup("snapshot", tenant, &stream, keys.collect())
        .await?
    {
        restore(
            &mut slots,
            &snapshot::Model::from_query_result(&row, "").map_err(DbError::from)?,
        );
    }

    let [id, kind] = stream;
    let after = slots.iter().map(|(stream, slot)| {
        let [id, kind] = key(stream);
        let version = slot.as_ref().map_or(0, |slot| slot.version);
        vec![id, kind, version.into()]
    });
    let columns = [id, kind, Wanted::After("version")];
    let rows = view
        .lookup("event", tenant, &columns, after.collect())
        .await?;
    let rows = rows
        .iter()
        .map(|row| event::Model::from_query_result(row, ""));
    let mut rows = rows.collect::<Result<Vec<_>, _>>().map_err(DbError::from)?;
    rows.sort_by_key(|row| row.version);
    rows.iter().try_for_each(|row| evolve(&mut slots, row))?;
    Ok(slots.into_iter().collect())
}

fn key(stream: &StreamId) -> [Value; 2] {
    [stream.id.into(), stream.kind.as_str().into()]
}

/// A snapshot of another shape is passed over: the stream is folded from its start.
fn restore(slots: &mut HashMap<StreamId, Loaded>, row: &snapshot::Model) {
    let stream = StreamKind::parse(&row.stream_type).map(|kind| StreamId {
        kind,
        id: row.stream_id,
    });
    if row.state_version == STATE_VERSION
        && let Some(slot) = stream.and_then(|stream| slots.get_mut(&stream))
        && let Ok(state) = serde_json::from_str(&row.state)
    {
        *slot = Ok(Slot {
            version: row.version,
            snapshot: row.version,
            state,
        });
    }
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
