//! One update, as the areas' subscriptions show it.

use std::sync::Arc;

use async_graphql::{Enum, SimpleObject};
use entrepot_domain::envelope::Recorded;

use crate::graph::scalar::{BigInt, DateTime};

/// What an update tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ChangeKind {
    /// Something happened to the row.
    Event,
    /// The row stood like this when the subscription began: `snapshot: true` asks for such rows.
    Snapshot,
    /// All rows of the snapshot were sent; what follows happened after it. There is no row.
    SnapshotEnd,
}

/// One update.
#[derive(Debug)]
pub(crate) struct Change<R> {
    pub(crate) cursor: Arc<str>,
    pub(crate) previous_cursor: Option<Arc<str>>,
    pub(crate) kind: ChangeKind,
    /// Of the event, or of the snapshot.
    pub(crate) position: i64,
    /// What happened; not in a snapshot.
    pub(crate) event: Option<Arc<Recorded>>,
    pub(crate) as_of: i64,
    /// Not at the end of a snapshot.
    pub(crate) row: Option<Arc<R>>,
}

/// What all updates have in common.
#[derive(SimpleObject)]
pub struct ChangeHead {
    /// Where to resume: after this update.
    cursor: String,
    /// The cursor of the update before this one; another value than the last that was seen means
    /// that updates were missed.
    previous_cursor: Option<String>,
    /// What the update tells.
    kind: ChangeKind,
    /// The event's position in the tenant's log; in a snapshot, the position of all its rows.
    position: BigInt,
    /// What happened: `order.placed`. Null in a snapshot.
    event_type: Option<String>,
    /// When the event was recorded. Null in a snapshot.
    occurred_at: Option<DateTime>,
    /// The position in the log that the row is shown as of.
    as_of: BigInt,
}

impl<R> From<&Change<R>> for ChangeHead {
    fn from(change: &Change<R>) -> Self {
        let event = change.event.as_ref();
        Self {
            cursor: change.cursor.to_string(),
            previous_cursor: change.previous_cursor.as_deref().map(str::to_owned),
            kind: change.kind,
            position: BigInt(change.position),
            event_type: event.map(|event| event.event.type_name().to_owned()),
            occurred_at: event.map(|event| DateTime(event.recorded_at)),
            as_of: BigInt(change.as_of),
        }
    }
}
