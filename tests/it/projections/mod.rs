//! Read models: at one position, the same bytes from the same log, whoever folds them and when.

pub(crate) mod crash;
mod leases;
mod live;
mod poison;
mod rebuild;
mod refused;

use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::place::checkpoint_of;
use entrepot_projections::registry::{self, GROUPS};
use entrepot_projections::{position, rebuild::rebuild};
use tokio::time::{sleep, timeout};

/// Waits until every read model stands at the end of a tenant's log.
pub(crate) async fn settled(store: &Store, tenant: TenantId) {
    let head = store.head(tenant).await.expect("the tenant has a log");
    for group in GROUPS {
        let reached = position::reached(store, tenant, group, head, Duration::from_secs(30)).await;
        assert!(
            reached.expect("the checkpoint is read"),
            "{group} did not reach position {head}"
        );
    }
}

/// Waits until the rows themselves say that they stand at a position of the log, whatever is known of them.
pub(crate) async fn rows_reach(store: &Store, tenant: TenantId, position: i64) {
    let reached = timeout(Duration::from_secs(20), async {
        for group in GROUPS {
            while checkpoint_of(store.db(), tenant, group).await.unwrap() < position {
                sleep(Duration::from_millis(50)).await;
            }
        }
    });
    reached.await.expect("a sweep finds out");
}

/// Rebuilds every read model of a tenant, a group beside the other, as `entrepot rebuild` does.
pub(crate) async fn rebuild_everything(store: &Store, tenant: TenantId) {
    let groups = registry::to_rebuild("all");
    let rebuilt = rebuild(store, &groups, tenant, &|_| {}).await;
    rebuilt.expect("they are rebuilt");
}
