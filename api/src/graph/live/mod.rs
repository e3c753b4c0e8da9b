//! Live updates: one for each event that touched a row, in position order, from any position, with
//! the row as it stands when it is sent. Nothing is dropped; a reader resumes from a cursor.
//!
//! The log is the buffer: a subscriber is a place in it and nothing more. What all subscribers of a
//! tenant read is read once (`tail`, kept by `hub`), what many of them get is written once (`cohort`),
//! and who gets nothing is not woken (`interest`). Read in this order: `start` (where a subscription
//! begins), `place` (what its cursors say), `snapshot` and `subscriber` (what comes next), `stream` (from
//! there to the transport).

mod batch;
mod change;
mod cohort;
mod hub;
mod interest;
mod place;
mod rows;
mod snapshot;
mod start;
mod stream;
mod subscriber;
mod tail;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::{Context, Result};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use futures_util::Stream;
use futures_util::stream::iter;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cost::Toll;
use super::error;
use super::session::{Session, session};
use super::snapshot::Snapshot;
use crate::app::App;
use stream::{Given, Slot};
use subscriber::Subscriber;

pub(crate) use change::{Change, ChangeHead};
pub(crate) use hub::Hub;
pub use hub::LiveLimits;
pub(crate) use start::Start;
pub(crate) use stream::{refused, updates};

/// Rows, and the position that they stand at.
pub(crate) type AsOf<W> = (i64, HashMap<<W as Watched>::Key, Arc<<W as Watched>::Row>>);

/// What a subscription watches.
pub(crate) trait Watched: Clone + Eq + Hash + Send + Sync + 'static {
    /// Names the stream in its cursors.
    const NAME: &'static str;
    /// What one row is about.
    type Key: Clone + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// A row.
    type Row: Send + Sync + 'static;

    /// The rows that an event touches.
    fn keys(event: &Event) -> Vec<Self::Key>;

    /// The rows as they stand, whoever asks: all subscribers of the tenant share them.
    fn load(
        tenant: TenantId,
        snapshot: &Snapshot,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Row>>> + Send;

    /// The rows as this process has them in memory, because it has just folded them, and the position
    /// that they stand at; `None` if it does not have all of them.
    fn folded(_app: &App, _tenant: TenantId, _keys: &[Self::Key]) -> Option<AsOf<Self>> {
        None
    }

    /// The last event that changed a row.
    fn position(row: &Self::Row) -> i64;

    /// Whether the subscriber asked for this row; cheap, before anything is read.
    fn wants(&self, key: &Self::Key) -> bool;

    /// Whether the subscriber asked for the row, as it stands, and may see it who may see these
    /// channels; all of them for `None`.
    fn sees(&self, channels: Option<&[String]>, row: &Self::Row) -> bool;

    /// The next rows after a key, in the order of keys, `limit` of them at most and fewer only at
    /// the end. Rows that the subscriber does not see may be left out.
    fn page(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        after: Option<&Self::Key>,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<(Self::Key, Self::Row)>>> + Send;
}

/// What a subscription field resolves to.
///
/// Once, to find out what is asked for: then a subscriber is made and no update comes. After that
/// once for each update that is to be written: then that one comes.
pub(crate) async fn changes<W: Watched>(
    ctx: &Context<'_>,
    watched: W,
    start: Start,
) -> Result<impl Stream<Item = Result<Arc<Change<W::Row>>>> + use<W>> {
    if let Some(given) = ctx.data_opt::<Given>() {
        let change = given.change::<W::Row>().ok_or_else(error::broken)?;
        return Ok(iter(Some(Ok(change))));
    }
    let session = Arc::clone(session(ctx)?);
    // A stream is refused when it starts, not with its first update.
    session
        .audience()
        .check("Subscription", &ctx.item.node.name.node)?;
    let hub = ctx.data::<Arc<Hub>>()?;
    let toll = ctx.data::<Toll>()?.clone();
    let subscriber = Subscriber::begin(hub, session, toll, watched, start).await?;
    ctx.data::<Slot>()?.put(Box::new(subscriber));
    Ok(iter(None))
}
