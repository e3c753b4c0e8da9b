//! Where a subscription starts, and whether the log can still be read on from there.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensions as _, Result};
use entrepot_event_store::{End, Extent};

use super::Watched;
use super::place::{Mark, Place, Sent};
use crate::graph::error::{self, bad_input, fault};
use crate::graph::scalar::BigInt;
use crate::graph::session::Session;

/// What a subscriber says: after a cursor, after a position, with a snapshot, or none of it for now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// A cursor. With it, the snapshot is that of the cursor, if that was not all sent.
    pub(crate) after: Option<String>,
    pub(crate) position: Option<BigInt>,
    pub(crate) snapshot: bool,
}

/// What is to be sent first.
pub(super) enum Next<K> {
    /// The rows of a snapshot after a key.
    Snapshot {
        position: i64,
        mark: Mark,
        after: Option<K>,
    },
    /// What happens after this position, and of its own rows what is behind this one.
    Log { position: i64, row: usize },
}

/// Finds out where to start. `here` is where the read models are now.
pub(super) async fn find<W: Watched>(
    session: &Session,
    start: &Start,
    here: i64,
) -> Result<(Next<W::Key>, Option<Arc<str>>)> {
    let tenant = session.tenant()?;
    // Who comes back with the id of the last event has read beyond the argument.
    let after = session.caller().last_event_id.as_ref();
    if let Some(cursor) = after.or(start.after.as_ref()) {
        let place = Place::open::<W>(cursor, tenant, &session.app.secrets)
            .ok_or_else(|| bad_input("after", "not a cursor of this stream"))?;
        let mark = mark_at::<W>(session, place.position).await?;
        if mark != place.mark {
            let extent = extent(session, place.position).await?;
            let why = "the log has another history there now";
            return Err(expired::<W>(session, &extent, why));
        }
        if matches!(place.sent, Sent::Row(_)) {
            // The event itself is read again for the rest of its rows.
            mark_at::<W>(session, place.position - 1).await?;
        }
        let next = match place.sent {
            Sent::Row(row) => Next::Log {
                position: place.position,
                row,
            },
            Sent::All => all(place.position),
            Sent::Snapshot(key) => Next::Snapshot {
                position: place.position,
                mark,
                after: Some(key),
            },
        };
        return Ok((next, Some(cursor.as_str().into())));
    }
    match (start.position, start.snapshot) {
        (Some(_), true) => Err(bad_input(
            "position",
            "give either a position or a snapshot",
        )),
        (Some(BigInt(position)), false) if position < 0 => {
            Err(bad_input("position", "must not be negative"))
        }
        (Some(BigInt(position)), false) => {
            mark_at::<W>(session, position).await?;
            Ok((all(position), None))
        }
        (None, true) => {
            let mark = mark_at::<W>(session, here).await?;
            Ok((
                Next::Snapshot {
                    position: here,
                    mark,
                    after: None,
                },
                None,
            ))
        }
        (None, false) => Ok((all(here), None)),
    }
}

const fn all<K>(position: i64) -> Next<K> {
    Next::Log {
        position,
        row: usize::MAX,
    }
}

async fn extent(session: &Session, position: i64) -> Result<Extent> {
    let extent = session.app.store.extent(session.tenant()?, position).await;
    extent.map_err(error::store)
}

/// The mark of a position that the log can be read on from.
async fn mark_at<W: Watched>(session: &Session, position: i64) -> Result<Mark> {
    let extent = extent(session, position).await?;
    if let Some(hash) = &extent.hash {
        return Ok(hash.into());
    }
    let why = if position > extent.head.position {
        "the log does not reach that far"
    } else {
        "the log does not reach that far back"
    };
    Err(expired::<W>(session, &extent, why))
}

/// There is no way to go on without a gap: the client starts again with a snapshot, or from one of
/// the cursors here.
fn expired<W: Watched>(session: &Session, extent: &Extent, why: &str) -> Error {
    let cursor = |end: &End| {
        let place = Place::<W::Key> {
            position: end.position,
            mark: Mark::from(&end.hash),
            sent: Sent::All,
        };
        let tenant = session.tenant().ok()?;
        Some(place.seal::<W>(tenant, &session.app.secrets))
    };
    let (earliest, current) = (cursor(&extent.before), cursor(&extent.head));
    fault(
        "CURSOR_EXPIRED",
        format!("{why}: start again with a snapshot"),
    )
    .extend_with(|_, extensions| {
        extensions.set("earliestCursor", earliest.clone());
        extensions.set("currentCursor", current.clone());
    })
}
