//! The rows of a snapshot, page by page.
//!
//! The snapshot stands at one position although no state is held for it: a row that changed since
//! is left out, because the event that changed it is behind the position and is sent afterwards.
//! So every row that matched comes once, from here or from there, however long the client takes
//! and however often it comes back.

use async_graphql::Result;

use super::Watched;
use super::rows::{Reader, standing_at};
use crate::graph::session::Session;

/// Rows read at once.
const PAGE: u64 = 100;

/// Rows of a snapshot.
pub(super) struct Page<W: Watched> {
    /// In the order of their keys.
    pub(super) rows: Vec<(W::Key, W::Row)>,
    /// Where the next page goes on; `None` if this was the last one.
    pub(super) next: Option<W::Key>,
}

/// The next rows of a snapshot at `position`.
pub(super) async fn page<W: Watched>(
    watched: &W,
    session: &Session,
    position: i64,
    after: Option<&W::Key>,
) -> Result<Page<W>> {
    // Not before its position, were it that a crash of the database cost the models their newest rows.
    let snapshot = standing_at(&Reader::One(session), position).await?;
    let rows = watched.page(session, &snapshot, after, PAGE).await;
    snapshot.end().await?;
    let mut rows = rows?;
    let whole = u64::try_from(rows.len()).is_ok_and(|count| count >= PAGE);
    let next = rows.last().map(|(key, _)| key.clone()).filter(|_| whole);
    rows.retain(|(key, row)| {
        W::position(row) <= position && watched.wants(key) && watched.sees(session.channels(), row)
    });
    Ok(Page { rows, next })
}
