//! The tails of one process: one for each tenant that somebody follows here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::StoreError;
use entrepot_event_store::db::{DbError, Purpose};
use tokio::time::sleep;

use super::tail::Tail;
use crate::app::App;
use crate::graph::session::GROUP;

/// Between two looks at what hints may have lost.
const SWEEP: Duration = Duration::from_secs(1);
/// Tenants asked for in one statement.
const TENANTS_MAX: usize = 500;

/// When a subscriber reads too slowly.
#[derive(Clone, Copy, Debug)]
pub struct LiveLimits {
    /// Events that a subscriber who had reached the end of the log may fall behind it.
    pub lag_events: i64,
    /// How long an update may wait for the client to take it, while newer ones are there.
    pub lag_time: Duration,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            lag_events: 100_000,
            lag_time: Duration::from_secs(30),
        }
    }
}

/// The tails of one process.
pub(crate) struct Hub {
    pub(super) app: Arc<App>,
    pub(super) limits: LiveLimits,
    tails: Mutex<Tails>,
}

#[derive(Default)]
struct Tails {
    by_tenant: HashMap<TenantId, Weak<Tail>>,
    /// Whether the sweep runs. It ends with the last tail.
    swept: bool,
}

impl Hub {
    pub(crate) fn new(app: Arc<App>, limits: LiveLimits) -> Arc<Self> {
        Arc::new(Self {
            app,
            limits,
            tails: Mutex::default(),
        })
    }

    /// The tenant's tail, which lives as long as somebody holds it.
    pub(super) fn tail(self: &Arc<Self>, tenant: TenantId) -> Arc<Tail> {
        let mut tails = self.tails();
        if let Some(tail) = tails.by_tenant.get(&tenant).and_then(Weak::upgrade) {
            return tail;
        }
        let tail = Tail::start(self, tenant);
        tails.by_tenant.insert(tenant, Arc::downgrade(&tail));
        if !tails.swept {
            tails.swept = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
        tail
    }

    /// A tail has ended.
    pub(super) fn ended(&self, tenant: TenantId) {
        let mut tails = self.tails();
        let gone = |tail: &Weak<Tail>| tail.strong_count() == 0;
        if tails.by_tenant.get(&tenant).is_some_and(gone) {
            tails.by_tenant.remove(&tenant);
        }
        metrics::gauge!("entrepot_live_tenants")
            .set(u32::try_from(tails.by_tenant.len()).unwrap_or(u32::MAX));
    }

    fn tails(&self) -> MutexGuard<'_, Tails> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tails to look after; `None` if there are none any more.
    fn living(&self) -> Option<Vec<Arc<Tail>>> {
        let mut tails = self.tails();
        let living: Vec<Arc<Tail>> = tails.by_tenant.values().filter_map(Weak::upgrade).collect();
        tails.swept = !tails.by_tenant.is_empty();
        tails.swept.then_some(living)
    }

    /// Learns how far other nodes have come, in a statement for all tenants that are followed.
    async fn look(&self, tails: &[Arc<Tail>]) -> Result<(), StoreError> {
        let by_tenant: HashMap<i64, &Arc<Tail>> =
            tails.iter().map(|tail| (tail.tenant().0, tail)).collect();
        let tenants: Vec<String> = by_tenant.keys().map(ToString::to_string).collect();
        for tenants in tenants.chunks(TENANTS_MAX) {
            let sql = format!(
                "SELECT h.tenant_id, h.position, coalesce(c.position, 0) FROM tenant_head h
                LEFT JOIN checkpoint c ON c.tenant_id = h.tenant_id AND c.grp = $1
                WHERE h.tenant_id IN ({})",
                tenants.join(", ")
            );
            let tx = self
                .app
                .store
                .db()
                .begin_across_tenants(Purpose::Read)
                .await?;
            let rows = tx.query_sql(&sql, vec![GROUP.into()]).await?;
            tx.commit().await?;
            for row in rows {
                let number = |index| row.try_get_by_index::<i64>(index).map_err(DbError::from);
                let (tenant, head, models) = (number(0)?, number(1)?, number(2)?);
                self.app
                    .store
                    .feed()
                    .models_are(TenantId(tenant), GROUP, models);
                if let Some(tail) = by_tenant.get(&tenant) {
                    tail.head_is(head);
                }
            }
        }
        Ok(())
    }
}

/// Looks each second, as long as anybody follows anything.
async fn sweep(hub: Weak<Hub>) {
    loop {
        sleep(SWEEP).await;
        let Some(hub) = hub.upgrade() else { return };
        let Some(tails) = hub.living() else { return };
        if let Err(error) = hub.look(&tails).await {
            tracing::warn!(%error, "other nodes' positions were not read");
        }
    }
}
