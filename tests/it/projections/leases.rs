//! Two nodes share the slots; one that dies is followed by the other; one that slept does no harm.

use std::collections::BTreeSet;
use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::lease::{Held, Leases, SLOTS};
use entrepot_projections::place::checkpoint_of;
use entrepot_projections::registry::{self, GROUPS};
use entrepot_tests::{TestDb, assert_whole, both, give, order, retailer, row_findings};
use sea_orm::ConnectionTrait as _;
use tokio::time::timeout;

use super::settled;
use crate::store::bustle;

/// Lets the time run out of every lease: nobody has to wait for it.
async fn expire_leases(db: &TestDb) {
    db.sql()
        .await
        .execute_unprepared("UPDATE lease SET expires_at = 1")
        .await
        .expect("leases run out");
}

fn slots(held: &Held) -> BTreeSet<i32> {
    held.keys().copied().collect()
}

both! {
    async fn two_nodes_share_the_slots_and_none_is_held_twice(db: TestDb) {
        let store = db.store().await;
        let (first, second) = (Leases::new("core"), Leases::new("core"));
        let all: BTreeSet<i32> = (0..SLOTS).collect();
        assert_eq!(slots(&first.renew(store.db()).await.unwrap()), all, "alone, it has them all");
        assert!(second.renew(store.db()).await.unwrap().is_empty(), "none is free yet");

        let (of_first, of_second) = (first.renew(store.db()).await.unwrap(), second.renew(store.db()).await.unwrap());
        assert_eq!((of_first.len(), of_second.len()), (32, 32));
        assert!(slots(&of_first).is_disjoint(&slots(&of_second)));

        first.release(store.db()).await.unwrap();
        second.renew(store.db()).await.unwrap();
        assert!(first.renew(store.db()).await.unwrap().len() <= 32, "it has to start over");
    }
}

both! {
    async fn a_slot_changes_hands_with_a_newer_epoch(db: TestDb) {
        let store = db.store().await;
        let (first, second) = (Leases::new("bi"), Leases::new("bi"));
        let before = first.renew(store.db()).await.unwrap();
        assert_eq!(first.renew(store.db()).await.unwrap(), before, "a renewal keeps the epoch");
        expire_leases(&db).await;
        let after = second.renew(store.db()).await.unwrap();
        assert_eq!(slots(&after), slots(&before));
        assert!(after.iter().all(|(slot, epoch)| *epoch > before[slot]));
        assert!(first.renew(store.db()).await.unwrap().is_empty(), "what ran out and was taken is lost");
    }
}

both! {
    async fn a_node_that_dies_is_followed_by_the_other(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let doomed = db.store_on(&runtime).await;
        let workers = runtime.spawn({
            let doomed = doomed.clone();
            async move { Workers::start(&doomed) }
        });
        let _running = workers.await.unwrap();
        settled(&store, tenant).await;
        runtime.shutdown_background();

        let heir = db.store().await;
        let workers = Workers::start(&heir);
        bustle(std::slice::from_ref(&store), tenant, 8, 6).await;
        expire_leases(&db).await;
        settled(&store, tenant).await;
        assert_whole(&store, tenant).await;
        workers.stop().await;
    }
}

both! {
    async fn a_node_that_slept_past_its_lease_writes_nothing(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let sleeper = GROUPS.map(registry::group);
        for group in &sleeper {
            group.catch_up(&store, tenant, 1).await.unwrap();
        }
        give(&store, tenant, order("A", 1)).await.expect("accepted");
        for group in GROUPS {
            registry::group(group).catch_up(&store, tenant, 2).await.unwrap();
        }
        let heir = positions(&store, tenant).await;

        // It wakes up, with rows to write and the epoch of its old lease.
        give(&store, tenant, order("B", 1)).await.expect("accepted");
        for group in &sleeper {
            let woken = timeout(Duration::from_secs(10), group.catch_up(&store, tenant, 1)).await;
            woken.expect("it gives up").expect("it is no accident");
        }
        assert_eq!(positions(&store, tenant).await, heir);
        assert_eq!(row_findings(&store, tenant).await, Vec::<String>::new());
        for group in GROUPS {
            registry::group(group).catch_up(&store, tenant, 2).await.unwrap();
        }
        assert_eq!(positions(&store, tenant).await, [store.head(tenant).await.unwrap(); 2]);
        assert_whole(&store, tenant).await;
    }
}

async fn positions(store: &Store, tenant: TenantId) -> [i64; 2] {
    let [core, bi] = GROUPS.map(|group| checkpoint_of(store.db(), tenant, group));
    [core.await.unwrap(), bi.await.unwrap()]
}
