//! Rows commit without waiting for the disk. A database that crashes may lose the newest of them with
//! their checkpoint, while this process lives on and knows better.

use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_projections::place::checkpoint_of;
use entrepot_tests::{TestDb, assert_whole, both, order, retailer, submission};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio::time::sleep;

use super::{rows_reach, settled};
use crate::store::bustle;

/// Takes all rows of all read models away, as if none had come to the disk.
pub(crate) async fn lose_rows(db: &TestDb) {
    let sql = db.sql().await;
    let names = match sql.get_database_backend() {
        DbBackend::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let names = Statement::from_string(sql.get_database_backend(), names);
    let mut lost = 0;
    for row in sql.query_all_raw(names).await.unwrap() {
        let name: String = row.try_get_by_index(0).unwrap();
        if name == "timer" || name.starts_with("rm_") {
            let gone = sql
                .execute_unprepared(&format!("DELETE FROM {name}"))
                .await
                .unwrap();
            lost += gone.rows_affected();
        }
    }
    assert!(lost > 0);
    let back = "UPDATE checkpoint SET position = 0";
    assert_eq!(
        sql.execute_unprepared(back).await.unwrap().rows_affected(),
        2
    );
    sql.close().await.unwrap();
}

both! {
    async fn rows_that_went_back_are_folded_again_though_nothing_happens(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let workers = Workers::start(&store);
        bustle(std::slice::from_ref(&store), tenant, 4, 4).await;
        settled(&store, tenant).await;
        lose_rows(&db).await;
        let head = store.head(tenant).await.unwrap();
        rows_reach(&store, tenant, head).await;
        assert_whole(&store, tenant).await;
        workers.stop().await;
    }
}

/// More events than several batches have.
const BACKLOG: usize = 8_000;

both! {
    async fn a_node_that_stops_leaves_a_long_way_to_others(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let orders = (0..BACKLOG).map(|_| store.submit(submission(tenant, std::sync::Arc::new(order("GIFT", 1)))));
        for receipt in join_all(orders).await {
            receipt.expect("accepted");
        }
        let workers = Workers::start(&store);
        while checkpoint_of(store.db(), tenant, "core").await.unwrap() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        workers.stop().await;
        let (position, head) = (checkpoint_of(store.db(), tenant, "core").await.unwrap(), store.head(tenant).await.unwrap());
        assert!(position < head, "{position} of {head}");
    }
}
