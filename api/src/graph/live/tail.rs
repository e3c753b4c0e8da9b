//! What all subscribers of a tenant share: how far the read models are, the newest events with the
//! rows that they touched, and when access was taken from somebody. One task a tenant and node reads
//! it.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use entrepot_domain::kernel::{StreamKind, TenantId};
use entrepot_event_store::{Store, StoreError};
use entrepot_projections::place;
use lru::LruCache;
use tokio::sync::{OnceCell, watch};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::batch::{Batch, POSITIONS};
use super::cohort::Cohorts;
use super::hub::Hub;
use super::interest::Interests;
use super::rows::Reader;
use crate::app::App;
use crate::graph::session::GROUP;

/// Events that are kept for subscribers who are not quite at the end.
const WINDOW: usize = 1_000;
/// Bytes of their payloads; the newest batch is kept whatever its size.
const WINDOW_BYTES: usize = 8 << 20;
/// Batches behind the window that are kept for others who come the same way.
const BEHIND: NonZeroUsize = NonZeroUsize::new(16).unwrap();
/// How long one is: its rows are shown as they stood when it was read.
const BEHIND_FOR: Duration = Duration::from_secs(10);
/// Before the log is asked again after it did not answer.
const RETRY: Duration = Duration::from_millis(500);

/// The tail of a tenant's log.
pub(super) struct Tail {
    tenant: TenantId,
    app: Arc<App>,
    hub: Weak<Hub>,
    window: Mutex<VecDeque<Arc<Batch>>>,
    behind: Mutex<LruCache<Stretch, Behind>>,
    /// Everything up to here is in the read models; `None` before the first look.
    end: watch::Sender<Option<i64>>,
    access_moved: watch::Sender<()>,
    pub(super) interests: Interests,
    pub(super) cohorts: Cohorts,
    /// Ends the task with the last subscriber.
    _stop: DropGuard,
}

/// Positions after the first, up to the second.
type Stretch = (i64, i64);

/// A batch behind the window, read once for all who come while it is read and shortly after.
struct Behind {
    at: Instant,
    batch: Arc<OnceCell<Option<Arc<Batch>>>>,
}

impl Tail {
    pub(super) fn start(hub: &Arc<Hub>, tenant: TenantId) -> Arc<Self> {
        let (app, stop) = (Arc::clone(&hub.app), CancellationToken::new());
        let store = app.store.clone();
        let tail = Arc::new(Self {
            tenant,
            app,
            hub: Arc::downgrade(hub),
            window: Mutex::default(),
            behind: Mutex::new(LruCache::new(BEHIND)),
            end: watch::channel(None).0,
            access_moved: watch::channel(()).0,
            interests: Interests::default(),
            cohorts: Cohorts::default(),
            _stop: stop.clone().drop_guard(),
        });
        let following = follow(Arc::downgrade(&tail), store, tenant);
        tokio::spawn(async move { stop.run_until_cancelled(following).await });
        tail
    }

    pub(super) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// How far the log is, once that is known.
    pub(super) async fn known_end(&self) -> Option<i64> {
        let mut end = self.end.subscribe();
        *end.wait_for(Option::is_some).await.ok()?
    }

    /// How far the log is.
    pub(super) fn end(&self) -> i64 {
        self.end.borrow().unwrap_or_default()
    }

    /// Rings when everybody who follows must ask whether it still may.
    pub(super) fn access_moves(&self) -> watch::Receiver<()> {
        self.access_moved.subscribe()
    }

    /// Events behind the window, among which are those right after a position; `end` is further on
    /// and was reached.
    pub(super) async fn behind(
        &self,
        after: i64,
        end: i64,
    ) -> Result<Option<Arc<Batch>>, StoreError> {
        // Stretches begin at fixed places, so that many who come back at once read the same ones.
        let from = after - after % POSITIONS;
        let to = end.min(from + POSITIONS);
        let cell = {
            let mut all = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
            let known = all.get(&(from, to));
            if let Some(behind) = known.filter(|behind| behind.at.elapsed() < BEHIND_FOR) {
                Arc::clone(&behind.batch)
            } else {
                let (at, batch) = (Instant::now(), Arc::default());
                let behind = Behind {
                    at,
                    batch: Arc::clone(&batch),
                };
                all.put((from, to), behind);
                batch
            }
        };
        let read = cell.get_or_try_init(async || {
            metrics::counter!("entrepot_live_reads_behind_total").increment(1);
            let batch = Batch::read(&self.app.store, self.tenant, from, to).await?;
            Ok::<_, StoreError>(batch.map(Arc::new))
        });
        let batch = match read.await {
            // The beginning of the stretch was archived: nobody else starts before this one for long.
            Err(StoreError::Corrupt { .. }) if from < after => {
                let batch = Batch::read(&self.app.store, self.tenant, after, to).await?;
                batch.map(Arc::new)
            }
            read => read?.clone(),
        };
        Ok(batch.filter(|batch| batch.to() > after))
    }

    /// The batch of the window that a position lies before or in.
    pub(super) fn at_hand(&self, after: i64) -> Option<Arc<Batch>> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let index = window.partition_point(|batch| batch.to() <= after);
        window
            .get(index)
            .filter(|batch| batch.after() <= after)
            .cloned()
    }

    /// The log is known to reach this far. If the read models do not, the tenant's own events may
    /// be among what they lack: who was shut out must not see on while a projector is late.
    pub(super) fn head_is(&self, head: i64) {
        let end = *self.end.borrow();
        if end.is_some_and(|end| head > end) {
            self.access_moved();
        }
    }

    /// Everybody who follows asks whether it still may.
    fn access_moved(&self) {
        self.app.access.changed(self.tenant);
        self.access_moved.send_replace(());
    }

    /// Reads what is new, and says how far that is.
    async fn advance(&self) -> Result<i64, StoreError> {
        let (known, store) = (*self.end.borrow(), &self.app.store);
        let Some(end) = known else {
            let end = place::checkpoint_of(store.db(), self.tenant, GROUP).await?;
            store.feed().models_are(self.tenant, GROUP, end);
            self.end.send_replace(Some(end));
            return Ok(end);
        };
        let reached = store.feed().reached(self.tenant, GROUP);
        let batch = Batch::read(store, self.tenant, end, reached).await?;
        let Some(batch) = batch else { return Ok(end) };
        if batch.touches(StreamKind::Tenant) {
            self.access_moved();
        }
        if batch.erases() {
            // What was written before may show whom nobody may see any more.
            self.cohorts.forget();
        }
        let to = batch.to();
        let reader = Reader::All(&self.app, self.tenant);
        let bells = self.interests.route(&batch, &reader).await;
        self.keep(batch);
        self.end.send_replace(Some(to));
        for bell in bells.into_iter().chain(self.interests.newcomers()) {
            bell.ring();
        }
        Ok(to)
    }

    fn keep(&self, batch: Batch) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.push_back(Arc::new(batch));
        let mut events: usize = window.iter().map(|batch| batch.events()).sum();
        let mut bytes: usize = window.iter().map(|batch| batch.bytes()).sum();
        while window.len() > 1
            && (events > WINDOW || bytes > WINDOW_BYTES)
            && let Some(oldest) = window.pop_front()
        {
            events -= oldest.events();
            bytes -= oldest.bytes();
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.ended(self.tenant);
        }
    }
}

/// Follows the read models for as long as the tail is there.
async fn follow(tail: Weak<Tail>, store: Store, tenant: TenantId) {
    let mut models = store.feed().models(tenant, GROUP);
    loop {
        let Some(here) = tail.upgrade() else { return };
        let advanced = here.advance().await;
        drop(here);
        match advanced {
            Ok(end) => {
                if models.wait_for(|position| *position > end).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(tenant = tenant.0, %error, "the tail of the log was not read");
                sleep(RETRY).await;
            }
        }
    }
}
