//! What subscribers wait for. Those who watch the same with the same rights wait together, and are
//! woken when a batch has something for them. The others sleep on, and are told later that there was
//! nothing: with many subscribers who watch little each, waking them is what costs.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::future::join_all;
use tokio::sync::watch;

use super::Watched;
use super::batch::Batch;
use super::rows::Reader;

/// Batches that an interest remembers. Who is further behind looks through the log.
const REMEMBERED: usize = 64;

/// The channels whose rows may be seen; all of them for `None`.
type Channels = Option<Vec<String>>;

/// What some subscribers wait for.
pub(super) struct Interest<W: Watched> {
    pub(super) watched: W,
    channels: Channels,
    bell: Arc<Bell>,
}

impl<W: Watched> Interest<W> {
    /// Where to read on after a position; `None` if nothing is there up to `end`, which the tail had
    /// reached before this was asked. What is behind it may be noted and not at hand yet.
    pub(super) fn next(&self, after: i64, end: i64) -> Option<i64> {
        self.bell.found().next(after, end)
    }

    /// Rings when there is something.
    pub(super) fn rings(&self) -> watch::Receiver<()> {
        self.bell.rung.subscribe()
    }

    /// Whether the row is among what was asked for and may be seen.
    pub(super) fn sees(&self, row: &W::Row) -> bool {
        self.watched.sees(self.channels.as_deref(), row)
    }
}

/// What an interest is woken by.
pub(super) struct Bell {
    found: Mutex<Found>,
    rung: watch::Sender<()>,
}

/// Where there was something.
struct Found {
    /// Nothing is known of what is before this position.
    since: i64,
    /// The batches in which something is: the positions before the first event and of the last.
    batches: VecDeque<(i64, i64)>,
}

impl Found {
    const fn since(since: i64) -> Self {
        let batches = VecDeque::new();
        Self { since, batches }
    }

    fn next(&self, after: i64, end: i64) -> Option<i64> {
        if after < self.since {
            return Some(after);
        }
        let mut batches = self.batches.iter();
        let (from, to) = *batches.find(|(_, to)| *to > after)?;
        (to <= end).then(|| after.max(from))
    }

    fn note(&mut self, batch: (i64, i64)) {
        if self.batches.len() == REMEMBERED
            && let Some((_, to)) = self.batches.pop_front()
        {
            self.since = to;
        }
        self.batches.push_back(batch);
    }
}

impl Bell {
    fn new(since: i64) -> Self {
        Self {
            found: Mutex::new(Found::since(since)),
            rung: watch::channel(()).0,
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait. What is there must be at hand by now.
    pub(super) fn ring(&self) {
        self.rung.send_replace(());
    }
}

/// The interests of one tenant's subscribers.
#[derive(Default)]
pub(super) struct Interests(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Batches up to here have been looked through, or are being.
    routed: i64,
    /// Who came while one was looked through that it was not yet at the end of the log.
    newcomers: Vec<Arc<Bell>>,
    kinds: HashMap<&'static str, Arc<dyn Kind>>,
}

/// The interests in rows of one kind.
#[async_trait::async_trait]
trait Kind: Any + Send + Sync {
    /// Notes the batch for those for whom something is in it, and says who they are.
    async fn route(&self, batch: &Batch, reader: &Reader<'_>) -> Vec<Arc<Bell>>;
}

/// Interests by what is watched and may be seen.
type ByWhat<W> = HashMap<(W, Channels), Weak<Interest<W>>>;

/// The interests in rows of the kind that `W` watches.
struct Watching<W: Watched>(Mutex<ByWhat<W>>);

impl Interests {
    /// What a subscriber waits for who watches this and may see these channels. `end` is how far the
    /// log is known.
    pub(super) fn of<W: Watched>(
        &self,
        watched: W,
        channels: Option<&[String]>,
        end: i64,
    ) -> Option<Arc<Interest<W>>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = known.routed.max(end);
        let kind = known.kinds.entry(W::NAME);
        let kind: Arc<dyn Any + Send + Sync> =
            Arc::clone(kind.or_insert_with(|| Arc::new(Watching::<W>(Mutex::default())))) as _;
        let watching = kind.downcast::<Watching<W>>().ok()?;
        let interest = watching.of(watched, channels.map(<[String]>::to_vec), since);
        if known.routed > end {
            known.newcomers.push(Arc::clone(&interest.bell));
        }
        Some(interest)
    }

    /// Those for whom nobody looked in the batches up to the end, which is known by now.
    pub(super) fn newcomers(&self) -> Vec<Arc<Bell>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut known.newcomers)
    }

    /// Finds out for whom something is in a batch, the next one of the log.
    pub(super) async fn route(&self, batch: &Batch, reader: &Reader<'_>) -> Vec<Arc<Bell>> {
        let kinds: Vec<_> = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.routed = batch.to();
            known.kinds.values().cloned().collect()
        };
        let routed = kinds.iter().map(|kind| kind.route(batch, reader));
        join_all(routed).await.concat()
    }
}

impl<W: Watched> Watching<W> {
    fn of(&self, watched: W, channels: Channels, since: i64) -> Arc<Interest<W>> {
        let mut interests = self.lock();
        let key = (watched, channels);
        if let Some(interest) = interests.get(&key).and_then(Weak::upgrade) {
            return interest;
        }
        // Those that nobody waits for are cleared away as often as the map doubles.
        if interests.len() == interests.capacity() {
            interests.retain(|_, interest| interest.strong_count() > 0);
        }
        let (watched, channels) = key.clone();
        let interest = Arc::new(Interest {
            watched,
            channels,
            bell: Arc::new(Bell::new(since)),
        });
        interests.insert(key, Arc::downgrade(&interest));
        interest
    }

    fn living(&self) -> Vec<Arc<Interest<W>>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, ByWhat<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl<W: Watched> Kind for Watching<W> {
    async fn route(&self, batch: &Batch, reader: &Reader<'_>) -> Vec<Arc<Bell>> {
        let mut interests = self.living();
        let Ok(rows) = batch.rows::<W>() else {
            return Vec::new();
        };
        let start = (batch.after(), usize::MAX);
        interests.retain(|interest| rows.wanted(&interest.watched, start).next().is_some());
        if interests.is_empty() {
            return Vec::new();
        }
        match rows.standing(reader, batch.to()).await {
            Ok(standing) => interests.retain(|interest| {
                let mut wanted = rows.wanted(&interest.watched, start);
                wanted.any(|(index, touched)| {
                    let row = standing.of(index, touched);
                    row.is_some_and(|(_, row)| interest.sees(row))
                })
            }),
            // Each of them reads for itself, and has something to say to its client if that fails too.
            Err(error) => {
                tracing::warn!(kind = W::NAME, error = error.message, "rows were not read");
            }
        }
        interests
            .iter()
            .map(|interest| {
                interest.bell.found().note((batch.after(), batch.to()));
                Arc::clone(&interest.bell)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Result;
    use entrepot_domain::event::Event;
    use entrepot_domain::kernel::TenantId;

    use super::*;
    use crate::graph::session::Session;
    use crate::graph::snapshot::Snapshot;

    #[test]
    fn nothing_is_skipped_that_is_not_known_to_be_empty() {
        let mut found = Found::since(10);
        assert_eq!(found.next(3, 15), Some(3), "nobody looked there");
        assert_eq!(found.next(10, 15), None);
        found.note((20, 25));
        found.note((40, 45));
        assert_eq!(found.next(9, 50), Some(9));
        assert_eq!(found.next(10, 50), Some(20));
        assert_eq!(found.next(22, 50), Some(22), "in the middle of a batch");
        assert_eq!(found.next(25, 50), Some(40));
        assert_eq!(found.next(45, 50), None);
        assert_eq!(found.next(25, 40), None, "noted, and not at hand yet");
    }

    #[test]
    fn what_is_forgotten_counts_as_unknown() {
        let mut found = Found::since(0);
        for batch in 0..70 {
            found.note((batch * 10, batch * 10 + 5));
        }
        assert_eq!(found.batches.len(), REMEMBERED);
        assert_eq!(
            found.next(7, 700),
            Some(7),
            "there was more before what is known"
        );
        assert_eq!(found.next(55, 700), Some(60));
        assert_eq!(found.next(694, 700), Some(694));
        assert_eq!(found.next(695, 700), None);
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Nothing;

    impl Watched for Nothing {
        const NAME: &'static str = "nothing";
        type Key = i64;
        type Row = i64;

        fn keys(_: &Event) -> Vec<i64> {
            Vec::new()
        }

        async fn load(_: TenantId, _: &Snapshot, _: Vec<i64>) -> Result<HashMap<i64, i64>> {
            Ok(HashMap::new())
        }

        fn position(row: &i64) -> i64 {
            *row
        }

        fn wants(&self, _: &i64) -> bool {
            false
        }

        fn sees(&self, _: Option<&[String]>, _: &i64) -> bool {
            false
        }

        async fn page(
            &self,
            _: &Session,
            _: &Snapshot,
            _: Option<&i64>,
            _: u64,
        ) -> Result<Vec<(i64, i64)>> {
            Ok(Vec::new())
        }
    }

    /// Nobody looked for it in that batch: it looks by itself, once the batch is at hand.
    #[test]
    fn who_comes_while_a_batch_is_looked_through_is_woken_behind_it() {
        let interests = Interests::default();
        interests.0.lock().unwrap().routed = 20;
        let early = interests.of(Nothing, None, 10).unwrap();
        let mut rung = early.rings();
        for bell in interests.newcomers() {
            bell.ring();
        }
        assert!(rung.has_changed().unwrap());
        rung.mark_unchanged();
        assert_eq!(early.next(10, 20), Some(10));
        let _late = interests.of(Nothing, None, 20).unwrap();
        assert!(interests.newcomers().is_empty());
    }
}
