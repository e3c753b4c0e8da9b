//! Keeps a group's read models at the end of every tenant's log: woken by the feed, by hints of
//! other nodes, and by a sweep that needs neither.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::DbError;
use entrepot_event_store::{Moved, Store, StoreError, clock};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::group::{Group, Reached, lock};
use crate::lease::{Held, Leases, RENEW, slot};
use crate::rhythm::{Look, MOVED_WITHIN, Rhythm};

/// Between two looks for tenants whose log is ahead of their rows.
const SWEEP: Duration = Duration::from_secs(1);
/// Tenants of a group that are folded at the same time.
const WORKERS: usize = 4;
/// Before a tenant whose fold failed is tried again; twice as long after each failure that follows.
const RETRY: Duration = Duration::from_millis(500);
/// So often: half a minute at most.
const DOUBLINGS_MAX: u32 = 6;

/// A tenant whose log is ahead of its rows.
struct Behind {
    tenant: TenantId,
    head: i64,
    /// Of the checkpoint.
    position: i64,
}

/// Runs one group on one node.
pub struct Runner {
    store: Store,
    group: Arc<Group>,
    leases: Leases,
    held: Mutex<Held>,
    /// Tenants being folded; `true` asks for another round.
    busy: Mutex<HashMap<TenantId, bool>>,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Runner {
    /// A runner that holds no slots yet.
    pub fn new(store: Store, group: Arc<Group>) -> Arc<Self> {
        let leases = Leases::new(group.name);
        let (held, busy, tasks) = (Mutex::default(), Mutex::default(), TaskTracker::new());
        Arc::new(Self {
            store,
            group,
            leases,
            held,
            busy,
            permits: Arc::new(Semaphore::new(WORKERS)),
            tasks,
            stopping: CancellationToken::new(),
        })
    }

    /// Runs until `stop`, then finishes the batches under way and gives up the leases.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut moved = self.store.feed().moved();
        let (mut renew, mut sweep) = (interval(RENEW), interval(SWEEP));
        let mut rhythm = Rhythm::new(Instant::now());
        loop {
            tokio::select! {
                // In this order: who has no slots yet looks for nothing.
                biased;
                () = stop.cancelled() => break,
                // Tenants of slots that came may be behind since long ago.
                _ = renew.tick() => if self.renew().await { rhythm.missed() },
                _ = sweep.tick() => if let Err(error) = self.sweep(&mut rhythm).await {
                    tracing::warn!(group = self.group.name, %error, "the sweep failed");
                    rhythm.missed();
                },
                moved = moved.recv() => match moved {
                    Ok(Moved::Log(tenant)) => self.wake(tenant),
                    Ok(Moved::Models(..)) => {}
                    Err(RecvError::Lagged(_)) => rhythm.missed(),
                    Err(RecvError::Closed) => break,
                },
            }
        }
        // Whoever is folded ends with its batch: leases are for others to take.
        lock(&self.held).clear();
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.leases.release(self.store.db()).await {
            tracing::warn!(group = self.group.name, %error, "leases were not released; they run out by themselves");
        }
    }

    /// Renews the leases; whether slots came to this node.
    async fn renew(&self) -> bool {
        match self.leases.renew(self.store.db()).await {
            Ok(renewed) => {
                let mut held = lock(&self.held);
                let came = renewed
                    .iter()
                    .any(|(slot, epoch)| held.get(slot) != Some(epoch));
                *held = renewed;
                came
            }
            Err(error) => {
                tracing::warn!(group = self.group.name, %error, "leases were not renewed");
                false
            }
        }
    }

    /// Finds tenants whose log is ahead of their rows, and what other nodes have folded.
    async fn sweep(self: &Arc<Self>, rhythm: &mut Rhythm) -> Result<(), StoreError> {
        let moves = self.store.db().log_moves().await?;
        let look = rhythm.next(moves, Instant::now());
        if look == Look::Nowhere {
            return Ok(());
        }
        self.follow().await?;
        let asked = std::time::Instant::now();
        let behind = self.behind(look).await?;
        if look == Look::Everywhere {
            metrics::gauge!("entrepot_projection_tenants_behind", "group" => self.group.name)
                .set(u32::try_from(behind.len()).unwrap_or(u32::MAX));
        }
        rhythm.looked(look, !behind.is_empty(), Instant::now());
        for Behind {
            tenant,
            head,
            position,
        } in behind
        {
            self.store.feed().head_is(tenant, head);
            self.group.seen_at(tenant, position, asked);
            self.wake(tenant);
        }
        Ok(())
    }

    /// Learns how far other nodes have folded, so that nobody here waits for a hint that was lost.
    async fn follow(&self) -> Result<(), StoreError> {
        let sql = "SELECT tenant_id, position FROM checkpoint WHERE grp = $1 AND updated_at >= $2";
        let values = vec![self.group.name.into(), of_late().into()];
        for row in self.store.db().ask(sql, values).await? {
            let tenant = TenantId(row.try_get_by_index(0).map_err(DbError::from)?);
            let position = row.try_get_by_index(1).map_err(DbError::from)?;
            self.store
                .feed()
                .models_are(tenant, self.group.name, position);
        }
        Ok(())
    }

    async fn behind(&self, look: Look) -> Result<Vec<Behind>, StoreError> {
        let since = match look {
            Look::Everywhere => i64::MIN,
            Look::OfLate | Look::Nowhere => of_late(),
        };
        let sql = "SELECT h.tenant_id, h.position, coalesce(c.position, 0) FROM tenant_head h
            LEFT JOIN checkpoint c ON c.tenant_id = h.tenant_id AND c.grp = $1
            WHERE h.recorded_at >= $2 AND h.position > coalesce(c.position, 0)";
        let mut behind = Vec::new();
        let values = vec![self.group.name.into(), since.into()];
        for row in self.store.db().ask(sql, values).await? {
            let number = |at| row.try_get_by_index(at).map_err(DbError::from);
            behind.push(Behind {
                tenant: TenantId(number(0)?),
                head: number(1)?,
                position: number(2)?,
            });
        }
        Ok(behind)
    }

    /// Has a tenant folded, once at a time, if its slot is held here.
    fn wake(self: &Arc<Self>, tenant: TenantId) {
        if self.epoch(tenant).is_none() {
            return;
        }
        let mut busy = lock(&self.busy);
        if let Some(again) = busy.get_mut(&tenant) {
            *again = true;
            return;
        }
        busy.insert(tenant, false);
        drop(busy);
        let runner = Arc::clone(self);
        self.tasks.spawn(async move { runner.fold(tenant).await });
    }

    async fn fold(&self, tenant: TenantId) {
        let mut failures = 0;
        loop {
            // Boxed: many tenants rest, and need no room for folding then.
            match Box::pin(self.advance(tenant)).await {
                Ok(Reached::Batch) => {
                    failures = 0;
                    continue;
                }
                Ok(Reached::End) => self.rest(tenant).await,
                Err(error) => {
                    tracing::error!(tenant = tenant.0, group = self.group.name, %error, "folding failed; it is tried again");
                    metrics::counter!("entrepot_projection_failures_total", "group" => self.group.name)
                        .increment(1);
                    let rest = sleep(RETRY * 2_u32.pow(failures));
                    self.stopping.run_until_cancelled(rest).await;
                    // A database that comes back is not kept waiting.
                    let passing = matches!(&error, StoreError::Db(error) if error.passing());
                    failures = if passing {
                        1
                    } else {
                        (failures + 1).min(DOUBLINGS_MAX)
                    };
                    if self.epoch(tenant).is_some() {
                        continue;
                    }
                }
            }
            let mut busy = lock(&self.busy);
            match busy.get_mut(&tenant) {
                Some(again) if *again => *again = false,
                _ => {
                    busy.remove(&tenant);
                    return;
                }
            }
        }
    }

    /// Lets more events come, as long as nobody waits for them.
    async fn rest(&self, tenant: TenantId) {
        let Group { name, pace, .. } = &*self.group;
        tokio::select! {
            () = sleep(*pace) => {}
            () = self.store.feed().followed(tenant, name) => {}
        }
    }

    /// Folds a batch when it is the tenant's turn: one with a long way to go stands behind the others
    /// after each.
    async fn advance(&self, tenant: TenantId) -> Result<Reached, StoreError> {
        let _turn = self.permits.acquire().await;
        match self.epoch(tenant) {
            Some(epoch) => self.group.advance(&self.store, tenant, epoch).await,
            None => Ok(Reached::End),
        }
    }

    /// Whether a tenant's slot is this node's for now.
    pub fn holds(&self, tenant: TenantId) -> bool {
        self.epoch(tenant).is_some()
    }

    fn epoch(&self, tenant: TenantId) -> Option<i64> {
        lock(&self.held).get(&slot(tenant)).copied()
    }
}

/// Since when something counts as moved of late, in microseconds since 1970.
fn of_late() -> i64 {
    let within = i64::try_from(MOVED_WITHIN.as_micros()).unwrap_or(i64::MAX);
    clock::instant().micros() - within
}
