//! The runner keeps every read model at the end of the log, and the rows are what the log says, at
//! any moment.

use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_domain::kernel::OrderId;
use entrepot_entity::{order_docs, scope};
use entrepot_event_store::db::Purpose;
use entrepot_projections::orders::{OrderDoc, Orders};
use entrepot_projections::registry;
use entrepot_tests::{Random, TestDb, assert_whole, both, give, order, retailer, row_findings};
use uuid::Uuid;

use super::settled;
use crate::store::bustle;

both! {
    async fn rows_are_what_the_log_says_at_any_moment(db: TestDb) {
        let (writer, worker) = (db.store().await, db.store().await);
        let tenant = retailer(&writer, "north").await;
        let workers = Workers::start(&worker);
        let writing = tokio::spawn({
            let nodes = [writer.clone(), worker.clone()];
            async move { bustle(&nodes, tenant, 16, 20).await }
        });
        let mut random = Random::seeded(1);
        while !writing.is_finished() {
            assert_eq!(row_findings(&writer, tenant).await, Vec::<String>::new());
            tokio::time::sleep(Duration::from_millis(random.below(40))).await;
        }
        let receipts = writing.await.unwrap();
        assert!(receipts.len() > 150, "only {} of 320 commands were accepted", receipts.len());
        settled(&writer, tenant).await;
        assert_whole(&writer, tenant).await;
        workers.stop().await;
    }
}

both! {
    async fn what_was_written_while_nobody_projected_is_found(db: TestDb) {
        let store = db.store().await;
        let tenants = [retailer(&store, "north").await, retailer(&store, "south").await];
        bustle(std::slice::from_ref(&store), tenants[0], 8, 6).await;
        // A process that starts later, without a hint of what happened.
        let worker = db.store().await;
        let workers = Workers::start(&worker);
        for tenant in tenants {
            settled(&worker, tenant).await;
            assert_whole(&worker, tenant).await;
        }
        workers.stop().await;
    }
}

both! {
    async fn documents_in_memory_are_those_of_the_rows(db: TestDb) {
        let store = db.store().await;
        let (tenant, other) = (retailer(&store, "north").await, retailer(&store, "south").await);
        bustle(std::slice::from_ref(&store), tenant, 8, 6).await;
        let core = registry::group("core");
        core.catch_up(&store, tenant, 1).await.unwrap();
        core.catch_up(&store, other, 1).await.unwrap();

        let tx = store.db().begin(tenant, Purpose::Read).await.unwrap();
        let rows = scope::of::<order_docs::Entity>(tenant.0).all(&tx).await.unwrap();
        tx.rollback().await.unwrap();
        let keys: Vec<_> = rows.iter().map(|row| OrderId(row.order_id)).collect();
        let (position, docs) = core.documents::<Orders>(tenant, &keys).expect("all of them");
        assert_eq!(position, store.head(tenant).await.unwrap());
        assert!(rows.len() > 10);
        for row in &rows {
            let stored: OrderDoc = serde_json::from_str(&row.doc).unwrap();
            assert_eq!(docs[&OrderId(row.order_id)].as_deref(), Some(&stored));
        }

        assert!(core.documents::<Orders>(other, &keys[..1]).is_none(), "they are another tenant's");
        assert!(core.documents::<Orders>(tenant, &[keys[0], OrderId(Uuid::nil())]).is_none());
        // Another node takes over and writes: what is in memory says so by its position, then goes.
        give(&store, tenant, order("A", 1)).await.expect("accepted");
        registry::group("core").catch_up(&store, tenant, 2).await.unwrap();
        assert_eq!(core.documents::<Orders>(tenant, &keys).map(|standing| standing.0), Some(position));
        core.catch_up(&store, tenant, 1).await.unwrap();
        assert!(core.documents::<Orders>(tenant, &keys[..1]).is_none());
    }
}
