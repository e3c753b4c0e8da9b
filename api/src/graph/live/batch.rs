//! A stretch of the log, and the rows that its events touched, loaded once for all who want them.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::Result;
use entrepot_domain::customers::CustomerEvent;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{StreamKind, TenantId};
use entrepot_event_store::{Entry, Store, StoreError};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::Watched;
use super::place::{Mark, Place, Sent};
use super::tail::BATCH;
use crate::graph::error::{self, fault};
use crate::graph::session::{Session, Snapshot};

/// How often the read models are looked at that went back behind what they had reached: a crash of
/// the database may cost them their newest commits.
const LOOKS: u32 = 100;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Events that follow each other.
pub(super) struct Batch {
    /// The position before the first.
    after: i64,
    entries: Vec<Arc<Entry>>,
    /// What each kind of subscription makes of it, by name.
    loaded: Mutex<HashMap<&'static str, Arc<OnceCell<Shared>>>>,
}

/// Updates of some kind.
type Shared = Arc<dyn Any + Send + Sync>;

/// What happened to rows of one kind.
pub(super) struct Loaded<W: Watched> {
    /// The position that all rows stand at.
    pub(super) as_of: i64,
    /// In the order of the log.
    pub(super) touched: Vec<Touched<W>>,
}

/// An event and one of the rows that it touched.
pub(super) struct Touched<W: Watched> {
    /// The event's position, and which of its rows.
    pub(super) at: (i64, usize),
    pub(super) key: W::Key,
    pub(super) event: Arc<Recorded>,
    pub(super) cursor: Arc<str>,
    /// As it stands; `None` if there is none.
    pub(super) row: Option<Arc<W::Row>>,
}

impl Batch {
    /// The events after a position, up to what the read models have reached.
    pub(super) async fn read(
        store: &Store,
        tenant: TenantId,
        after: i64,
        reached: i64,
    ) -> Result<Option<Self>, StoreError> {
        let mut entries = store.read(tenant, after, BATCH).await?;
        entries.retain(|entry| entry.position <= reached);
        let batch = Self {
            after,
            entries,
            loaded: Mutex::default(),
        };
        Ok((!batch.entries.is_empty()).then_some(batch))
    }

    pub(super) const fn after(&self) -> i64 {
        self.after
    }

    pub(super) fn to(&self) -> i64 {
        self.entries
            .last()
            .map_or(self.after, |entry| entry.position)
    }

    pub(super) fn events(&self) -> usize {
        self.entries.len()
    }

    /// Whether one of the events is of a stream of this kind.
    pub(super) fn touches(&self, kind: StreamKind) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.stream_type == kind.as_str())
    }

    /// Whether personal data was erased.
    pub(super) fn erases(&self) -> bool {
        let mut events = self
            .entries
            .iter()
            .filter_map(|entry| entry.event.as_ref().ok());
        events.any(|event| matches!(&event.event, Event::Customer(CustomerEvent::Erased(_))))
    }

    /// Whether there may be something here for a subscriber who has everything up to `at`.
    pub(super) fn concerns<W: Watched>(&self, watched: &W, at: (i64, usize)) -> bool {
        touched::<W>(&self.entries).any(|(place, key, ..)| place > at && watched.wants(&key))
    }

    /// What happened to rows of one kind.
    pub(super) async fn loaded<W: Watched>(&self, session: &Session) -> Result<Arc<Loaded<W>>> {
        let cell = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(W::NAME).or_default())
        };
        let shared = cell
            .get_or_try_init(async || -> Result<Shared> {
                let loaded: Shared = Arc::new(self.load::<W>(session).await?);
                Ok(loaded)
            })
            .await?;
        Arc::clone(shared).downcast().map_err(|_| error::broken())
    }

    async fn load<W: Watched>(&self, session: &Session) -> Result<Loaded<W>> {
        let tenant = session.tenant()?;
        let snapshot = standing_at(session, self.to()).await?;
        let keys: HashSet<W::Key> = touched::<W>(&self.entries)
            .map(|(_, key, ..)| key)
            .collect();
        let rows = W::load(tenant, &snapshot, keys.into_iter().collect()).await;
        let as_of = snapshot.as_of;
        snapshot.tx.rollback().await.map_err(error::db)?;
        let rows = rows?.into_iter();
        let rows: HashMap<W::Key, Arc<W::Row>> =
            rows.map(|(key, row)| (key, Arc::new(row))).collect();
        let touched = touched::<W>(&self.entries).map(|(at, key, event, entry)| {
            let last = W::keys(&event.event).len() == at.1 + 1;
            let place = Place::<W::Key> {
                position: at.0,
                mark: Mark::from(&entry.hash),
                sent: if last { Sent::All } else { Sent::Row(at.1) },
            };
            Touched {
                at,
                row: rows.get(&key).cloned(),
                key,
                event: Arc::clone(event),
                cursor: place.seal::<W>(tenant, &session.app.secrets).into(),
            }
        });
        Ok(Loaded {
            as_of,
            touched: touched.collect(),
        })
    }
}

/// The rows that events touch, in order.
fn touched<W: Watched>(
    entries: &[Arc<Entry>],
) -> impl Iterator<Item = ((i64, usize), W::Key, &Arc<Recorded>, &Entry)> {
    entries.iter().flat_map(|entry| {
        let event = entry.event.as_ref().ok();
        event.into_iter().flat_map(move |event| {
            let keys = W::keys(&event.event).into_iter().enumerate();
            keys.map(move |(index, key)| ((entry.position, index), key, event, &**entry))
        })
    })
}

/// A state of the read models at a position or behind it. They said that they were there.
pub(super) async fn standing_at(session: &Session, position: i64) -> Result<Snapshot> {
    for _ in 0..LOOKS {
        let snapshot = session.begin().await?;
        if snapshot.as_of >= position {
            return Ok(snapshot);
        }
        snapshot.tx.rollback().await.map_err(error::db)?;
        sleep(LOOK).await;
    }
    Err(fault(
        "UNAVAILABLE",
        "the read models are being folded again",
    ))
}
