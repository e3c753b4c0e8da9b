//! Keeps a group's read models at the end of every tenant's log: woken by the feed, by hints of
//! other nodes, and by a sweep that needs neither.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::{DbError, Purpose};
use entrepot_event_store::{Moved, Store, StoreError, clock};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::group::Group;
use crate::lease::{Held, Leases, RENEW, slot};

/// Between two looks for tenants whose log is ahead of their rows.
const SWEEP: Duration = Duration::from_secs(1);
/// Checkpoints that moved this long ago or later are looked at in each sweep; longer than two
/// nodes' clocks are ever apart.
const MOVED_WITHIN_US: i64 = 30_000_000;
/// Tenants of a group that are folded at the same time.
const WORKERS: usize = 4;
/// Before a tenant whose fold failed is tried again.
const RETRY: Duration = Duration::from_millis(500);

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
        })
    }

    /// Runs until `stop`, then finishes the batches under way and gives up the leases.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut moved = self.store.feed().moved();
        let (mut renew, mut sweep) = (interval(RENEW), interval(SWEEP));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = renew.tick() => self.renew().await,
                _ = sweep.tick() => self.sweep().await,
                moved = moved.recv() => match moved {
                    Ok(Moved::Log(tenant)) => self.wake(tenant),
                    Ok(Moved::Models(..)) => {}
                    Err(RecvError::Lagged(_)) => self.sweep().await,
                    Err(RecvError::Closed) => break,
                },
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.leases.release(self.store.db()).await {
            tracing::warn!(group = self.group.name, %error, "leases were not released; they run out by themselves");
        }
    }

    async fn renew(&self) {
        match self.leases.renew(self.store.db()).await {
            Ok(held) => *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held,
            Err(error) => {
                tracing::warn!(group = self.group.name, %error, "leases were not renewed");
            }
        }
    }

    /// Finds tenants whose log is ahead of their rows.
    async fn sweep(self: &Arc<Self>) {
        if let Err(error) = self.follow().await {
            tracing::warn!(group = self.group.name, %error, "other nodes' positions were not read");
        }
        match self.behind().await {
            Ok(behind) => {
                metrics::gauge!("entrepot_projection_tenants_behind", "group" => self.group.name)
                    .set(u32::try_from(behind.len()).unwrap_or(u32::MAX));
                for (tenant, head) in behind {
                    self.store.feed().head_is(tenant, head);
                    self.wake(tenant);
                }
            }
            Err(error) => tracing::warn!(group = self.group.name, %error, "the sweep failed"),
        }
    }

    /// Learns how far other nodes have folded, so that nobody here waits for a hint that was lost.
    async fn follow(&self) -> Result<(), StoreError> {
        let tx = self.store.db().begin_catalogue(Purpose::Read).await?;
        let since = clock::instant().micros() - MOVED_WITHIN_US;
        let sql = "SELECT tenant_id, position FROM checkpoint WHERE grp = $1 AND updated_at >= $2";
        for row in tx
            .query_sql(sql, vec![self.group.name.into(), since.into()])
            .await?
        {
            let tenant = TenantId(row.try_get_by_index(0).map_err(DbError::from)?);
            let position = row.try_get_by_index(1).map_err(DbError::from)?;
            self.store
                .feed()
                .models_are(tenant, self.group.name, position);
        }
        Ok(tx.commit().await?)
    }

    async fn behind(&self) -> Result<Vec<(TenantId, i64)>, StoreError> {
        let tx = self.store.db().begin_catalogue(Purpose::Read).await?;
        let sql = "SELECT h.tenant_id, h.position FROM tenant_head h
            LEFT JOIN checkpoint c ON c.tenant_id = h.tenant_id AND c.grp = $1
            WHERE h.position > coalesce(c.position, 0)";
        let mut behind = Vec::new();
        for row in tx.query_sql(sql, vec![self.group.name.into()]).await? {
            let tenant = row.try_get_by_index(0).map_err(DbError::from)?;
            behind.push((
                TenantId(tenant),
                row.try_get_by_index(1).map_err(DbError::from)?,
            ));
        }
        tx.commit().await?;
        Ok(behind)
    }

    /// Has a tenant folded, once at a time, if its slot is held here.
    fn wake(self: &Arc<Self>, tenant: TenantId) {
        if self.epoch(tenant).is_none() {
            return;
        }
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
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
        loop {
            let folded = match (self.epoch(tenant), self.permits.acquire().await) {
                (Some(epoch), Ok(_permit)) => self.group.catch_up(&self.store, tenant, epoch).await,
                _ => Ok(()),
            };
            let rest = match folded {
                Ok(()) => self.group.pace,
                Err(error) => {
                    tracing::error!(tenant = tenant.0, group = self.group.name, %error, "folding failed; it is tried again");
                    metrics::counter!("entrepot_projection_failures_total", "group" => self.group.name)
                        .increment(1);
                    RETRY
                }
            };
            if !rest.is_zero() {
                sleep(rest).await;
            }
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            match busy.get_mut(&tenant) {
                Some(again) if *again => *again = false,
                _ => {
                    busy.remove(&tenant);
                    return;
                }
            }
        }
    }

    /// Whether a tenant's slot is this node's for now.
    pub fn holds(&self, tenant: TenantId) -> bool {
        self.epoch(tenant).is_some()
    }

    fn epoch(&self, tenant: TenantId) -> Option<i64> {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&slot(tenant))
            .copied()
    }
}
