//! Live updates: one for each event that touched a row, in position order, from any position, with
//! the row as it stands when it is sent. Nothing is dropped; a reader resumes from a cursor.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Result};
use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use futures_util::Stream;
use futures_util::stream::unfold;

use super::error::{self, bad_input, fault};
use super::scalar::{BigInt, DateTime};
use super::session::{GROUP, Session, Snapshot, session};

/// Events read at once.
const BATCH: usize = 200;

/// The cursor of the update that is being sent, for the transport.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor(Arc<Mutex<Option<String>>>);

impl Cursor {
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, cursor: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor.to_owned());
    }
}

/// What a subscription watches.
pub(crate) trait Watched: Send + Sync + 'static {
    /// Names the stream in its cursors.
    const NAME: &'static str;
    /// What one row is about.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// A row.
    type Row: Clone + Send + Sync;

    /// The rows that an event touches.
    fn keys(event: &Event) -> Vec<Self::Key>;

    /// Whether the subscriber asked for this row; cheap, before anything is read.
    fn wants(&self, key: &Self::Key) -> bool;

    /// The rows as they stand, those that the caller may see and asked for.
    fn rows(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Row>>> + Send;
}

/// One update.
#[derive(Clone, Debug)]
pub(crate) struct Change<R> {
    pub(crate) cursor: String,
    pub(crate) previous_cursor: Option<String>,
    pub(crate) event: Arc<Recorded>,
    pub(crate) as_of: i64,
    pub(crate) row: R,
}

impl<R> Change<R> {
    /// When the event was recorded.
    pub(crate) fn occurred_at(&self) -> DateTime {
        DateTime(self.event.recorded_at)
    }
}

/// Where a subscription starts: after a cursor, after a position, or now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    pub(crate) after: Option<String>,
    pub(crate) position: Option<BigInt>,
}

/// A place in the stream: the position, and which of the rows that its event touched.
type Place = (i64, usize);

struct Tail<W: Watched> {
    session: Arc<Session>,
    tenant: TenantId,
    watched: W,
    /// Everything up to here was sent or is in `ready`.
    place: Place,
    previous: Option<String>,
    ready: VecDeque<Change<W::Row>>,
    failed: bool,
}

/// The updates of what is watched, without end.
pub(crate) async fn changes<W: Watched>(
    ctx: &Context<'_>,
    watched: W,
    start: Start,
) -> Result<impl Stream<Item = Result<Change<W::Row>>> + use<W>> {
    let session = Arc::clone(session(ctx)?);
    let sent = ctx.data::<Cursor>()?.clone();
    // A stream is refused when it starts, not with its first update.
    session
        .audience()
        .check("Subscription", &ctx.item.node.name.node)?;
    let tenant = session.tenant()?;
    let here = now(&session).await?;
    let after = start
        .after
        .or_else(|| session.caller().last_event_id.clone());
    let place = match (&after, start.position) {
        (Some(cursor), _) => open::<W>(&session, tenant, cursor)
            .ok_or_else(|| bad_input("after", "not a cursor of this stream"))?,
        (None, Some(BigInt(position))) if position < 0 => {
            return Err(bad_input("position", "must not be negative"));
        }
        (None, Some(BigInt(position))) => (position, usize::MAX),
        (None, None) => (here, usize::MAX),
    };
    let tail = Tail {
        session,
        tenant,
        watched,
        place,
        previous: after,
        ready: VecDeque::new(),
        failed: false,
    };
    Ok(unfold(tail, move |mut tail| {
        let sent = sent.clone();
        async move {
            let change = tail.next().await?;
            if let Ok(change) = &change {
                sent.set(&change.cursor);
            }
            Some((change, tail))
        }
    }))
}

/// Where the read models stand; the feed, which may have just started, is told as well.
async fn now(session: &Session) -> Result<i64> {
    let snapshot = session.begin().await?;
    let as_of = snapshot.as_of;
    session
        .app
        .store
        .feed()
        .models_are(session.tenant()?, GROUP, as_of);
    snapshot.tx.rollback().await.map_err(error::db)?;
    Ok(as_of)
}

fn binding<W: Watched>(tenant: TenantId) -> String {
    format!("live:{tenant}:{}", W::NAME)
}

fn seal<W: Watched>(session: &Session, tenant: TenantId, place: Place) -> String {
    session
        .app
        .secrets
        .seal_cursor(&format!("{} {}", place.0, place.1), &binding::<W>(tenant))
}

fn open<W: Watched>(session: &Session, tenant: TenantId, cursor: &str) -> Option<Place> {
    let text = session
        .app
        .secrets
        .open_cursor(cursor, &binding::<W>(tenant))?;
    let (position, index) = text.split_once(' ')?;
    Some((position.parse().ok()?, index.parse().ok()?))
}

impl<W: Watched> Tail<W> {
    async fn next(&mut self) -> Option<Result<Change<W::Row>>> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Some(Ok(change));
            }
            if self.failed {
                return None;
            }
            if let Err(error) = self.read().await {
                self.failed = true;
                return Some(Err(error));
            }
        }
    }

    /// Waits until the read models are further than what was sent, and reads what happened.
    async fn read(&mut self) -> Result<()> {
        // Of a position whose rows were all sent, nothing is left; of another, the rest is.
        let after = if self.place.1 == usize::MAX {
            self.place.0
        } else {
            self.place.0 - 1
        };
        let mut models = self.session.app.store.feed().models(self.tenant, GROUP);
        if models.wait_for(|position| *position > after).await.is_err() {
            return Err(fault("UNAVAILABLE", "the server is stopping"));
        }
        let entries = self
            .session
            .app
            .store
            .read(self.tenant, after, BATCH)
            .await
            .map_err(error::store)?;
        let touched: Vec<(Place, W::Key, Arc<Recorded>)> = entries
            .iter()
            .filter_map(|entry| entry.event.as_ref().ok())
            .flat_map(|event| {
                let keys = W::keys(&event.event).into_iter().enumerate();
                keys.map(move |(index, key)| ((event.position, index), key, Arc::clone(event)))
            })
            .filter(|(place, key, _)| *place > self.place && self.watched.wants(key))
            .collect();
        let last = entries.last().map_or(after, |entry| entry.position);
        if touched.is_empty() {
            // What is beyond the read models is read again when they are there.
            let reached = *self
                .session
                .app
                .store
                .feed()
                .models(self.tenant, GROUP)
                .borrow();
            self.place = (last.min(reached), usize::MAX);
            return Ok(());
        }
        let snapshot = self.session.begin().await?;
        let sent = self.ready_from(&snapshot, touched, last).await;
        snapshot.tx.rollback().await.map_err(error::db)?;
        sent
    }

    async fn ready_from(
        &mut self,
        snapshot: &Snapshot,
        mut touched: Vec<(Place, W::Key, Arc<Recorded>)>,
        last: i64,
    ) -> Result<()> {
        touched.retain(|(place, ..)| place.0 <= snapshot.as_of);
        let keys: HashSet<W::Key> = touched.iter().map(|(_, key, _)| key.clone()).collect();
        let rows = self
            .watched
            .rows(&self.session, snapshot, keys.into_iter().collect())
            .await?;
        for (place, key, event) in touched {
            if let Some(row) = rows.get(&key).cloned() {
                let cursor = seal::<W>(&self.session, self.tenant, place);
                let previous_cursor = self.previous.replace(cursor.clone());
                self.ready.push_back(Change {
                    cursor,
                    previous_cursor,
                    event,
                    as_of: snapshot.as_of,
                    row,
                });
            }
        }
        self.place = (last.min(snapshot.as_of), usize::MAX);
        Ok(())
    }
}
