//! The rows of one kind that a batch of events touched: which they are, and, once somebody wants
//! one, how they stand.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Result;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Entry;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::place::{Mark, Place, Sent};
use super::{AsOf, Watched};
use crate::app::App;
use crate::graph::error::fault;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;

/// How often the read models are looked at that went back behind what they had reached: a crash of
/// the database may cost them their newest commits.
const LOOKS: u32 = 100;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Rows that events touched.
pub(super) struct Rows<W: Watched> {
    /// In the order of the log.
    touched: Vec<Touched<W::Key>>,
    standing: OnceCell<Standing<W>>,
}

/// An event and one of the rows that it touched.
pub(super) struct Touched<K> {
    /// The event's position, and which of its rows.
    pub(super) at: (i64, usize),
    pub(super) key: K,
    pub(super) event: Arc<Recorded>,
    place: Place<K>,
}

/// The rows as they stand.
pub(super) struct Standing<W: Watched> {
    /// The position that all of them stand at.
    pub(super) as_of: i64,
    rows: HashMap<W::Key, Arc<W::Row>>,
    /// Of all that was touched, in its order.
    cursors: Vec<Arc<str>>,
}

impl<W: Watched> Rows<W> {
    /// What the events touched. One that this release cannot read touched nothing here: the read
    /// models have put it aside as well.
    pub(super) fn of(entries: &[Arc<Entry>]) -> Self {
        let mut touched = Vec::new();
        for entry in entries {
            let Ok(event) = &entry.event else { continue };
            let keys = W::keys(&event.event);
            let count = keys.len();
            touched.extend(keys.into_iter().enumerate().map(|(index, key)| Touched {
                at: (entry.position, index),
                key,
                event: Arc::clone(event),
                place: Place {
                    position: entry.position,
                    mark: Mark::from(&entry.hash),
                    sent: if index + 1 == count {
                        Sent::All
                    } else {
                        Sent::Row(index)
                    },
                },
            }));
        }
        Self {
            touched,
            standing: OnceCell::new(),
        }
    }

    /// What a subscriber asked for who has everything up to `at`, with its index.
    pub(super) fn wanted(
        &self,
        watched: &W,
        at: (i64, usize),
    ) -> impl Iterator<Item = (usize, &Touched<W::Key>)> {
        let first = self.touched.partition_point(|touched| touched.at <= at);
        let all = self.touched.iter().enumerate().skip(first);
        all.filter(move |(_, touched)| watched.wants(&touched.key))
    }

    /// How the rows stand: at a position, which is the batch's last, or behind it.
    pub(super) async fn standing(
        &self,
        reader: &Reader<'_>,
        position: i64,
    ) -> Result<&Standing<W>> {
        // Boxed: one reads, and all the others only wait.
        let read = async || Box::pin(self.read(reader, position)).await;
        self.standing.get_or_try_init(read).await
    }

    async fn read(&self, reader: &Reader<'_>, position: i64) -> Result<Standing<W>> {
        let (app, tenant) = (reader.app(), reader.tenant()?);
        let keys: HashSet<W::Key> = self.touched.iter().map(|row| row.key.clone()).collect();
        let keys: Vec<W::Key> = keys.into_iter().collect();
        // What a projector of this process has committed is what the tables say.
        let folded = W::folded(app, tenant, &keys).filter(|(as_of, _)| *as_of >= position);
        let (as_of, rows) = match folded {
            Some(folded) => folded,
            None => Self::load(reader, tenant, keys, position).await?,
        };
        let secrets = &app.secrets;
        let cursors = self.touched.iter();
        let cursors = cursors.map(|touched| touched.place.seal::<W>(tenant, secrets).into());
        Ok(Standing {
            as_of,
            rows,
            cursors: cursors.collect(),
        })
    }

    async fn load(
        reader: &Reader<'_>,
        tenant: TenantId,
        keys: Vec<W::Key>,
        position: i64,
    ) -> Result<AsOf<W>> {
        let snapshot = standing_at(reader, position).await?;
        let rows = W::load(tenant, &snapshot, keys).await;
        let as_of = snapshot.place.position;
        snapshot.end().await?;
        let rows = rows?.into_iter().map(|(key, row)| (key, Arc::new(row)));
        Ok((as_of, rows.collect()))
    }
}

impl<W: Watched> Standing<W> {
    /// The cursor of what was touched, and its row; `None` if there is no such row.
    pub(super) fn of(
        &self,
        index: usize,
        touched: &Touched<W::Key>,
    ) -> Option<(&Arc<str>, &Arc<W::Row>)> {
        Some((self.cursors.get(index)?, self.rows.get(&touched.key)?))
    }
}

/// Who reads rows.
pub(super) enum Reader<'a> {
    /// A subscriber, for itself.
    One(&'a Session),
    /// The tail of a tenant, for all who follow it.
    All(&'a App, TenantId),
}

impl Reader<'_> {
    fn tenant(&self) -> Result<TenantId> {
        match self {
            Self::One(session) => session.tenant(),
            Self::All(_, tenant) => Ok(*tenant),
        }
    }

    fn app(&self) -> &App {
        match self {
            Self::One(session) => &session.app,
            Self::All(app, _) => app,
        }
    }

    async fn begin(&self) -> Result<Snapshot> {
        match self {
            Self::One(session) => session.begin().await,
            Self::All(app, tenant) => Snapshot::begin(app, *tenant, None).await,
        }
    }
}

/// A state of the read models at a position or behind it. They said that they were there.
pub(super) async fn standing_at(reader: &Reader<'_>, position: i64) -> Result<Snapshot> {
    for _ in 0..LOOKS {
        let snapshot = reader.begin().await?;
        if snapshot.place.position >= position {
            return Ok(snapshot);
        }
        snapshot.end().await?;
        sleep(LOOK).await;
    }
    Err(fault(
        "UNAVAILABLE",
        "the read models are being folded again",
    ))
}
