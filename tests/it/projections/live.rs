//! The runner keeps every read model at the end of the log, and the rows are what the log says, at
//! any moment.

use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_tests::{Random, TestDb, assert_whole, both, retailer, row_findings};

use super::settled;
use crate::store::bustle;

both! {
    async fn rows_are_what_the_log_says_at_any_moment(db: TestDb) {
        let (writer, worker) = (db.store().await, db.store().await);
        let tenant = retailer(&writer, "north").await;
        let workers = Workers::start(&worker, false);
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
        let workers = Workers::start(&worker, false);
        for tenant in tenants {
            settled(&worker, tenant).await;
            assert_whole(&worker, tenant).await;
        }
        workers.stop().await;
    }
}
