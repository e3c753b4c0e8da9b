//! Snapshots save reading. Nothing depends on them.

use std::collections::BTreeMap;
use std::time::Duration;

use entrepot_domain::kernel::{Sku, StreamId, TenantId, Warehouse};
use entrepot_domain::state::State;
use entrepot_event_store::Store;
use entrepot_tests::{TestDb, both, give, order, refusal, stock, tenant};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement, Value};
use tokio_util::sync::CancellationToken;

use super::unreadable::undecodable;
use super::whole_log;
use crate::tenants::row_security;

/// More events than five snapshots.
const RECEIPTS: usize = 1_100;

fn stream() -> StreamId {
    StreamId::stock(&Sku::from("A"), &Warehouse::from("east"))
}

/// A tenant whose stock of A came in eleven hundred receipts of a unit.
async fn long_stream(store: &Store) -> TenantId {
    let tenant = tenant(store, "north").await;
    for answer in join_all((0..RECEIPTS).map(|_| give(store, tenant, stock("A", "east", 1)))).await
    {
        answer.expect("goods are received");
    }
    tenant
}

/// The version and the state of the stream's snapshot, if there is one.
async fn snapshot(sql: &DatabaseConnection, tenant: TenantId) -> Option<(i64, String)> {
    let query = "SELECT version, state FROM snapshot WHERE tenant_id = $1 AND stream_id = $2";
    let values: [Value; 2] = [tenant.0.into(), stream().id.into()];
    let statement = Statement::from_sql_and_values(sql.get_database_backend(), query, values);
    let row = sql.query_one_raw(statement).await.unwrap()?;
    let (version, state) = (row.try_get_by_index(0), row.try_get_by_index(1));
    Some((version.unwrap(), state.unwrap()))
}

/// The version of the stream's snapshot. It is written beside the commands, so it may take a moment.
async fn snapshot_version(db: &TestDb, tenant: TenantId) -> i64 {
    let sql = db.sql().await;
    for _ in 0..1_000 {
        if let Some((version, _)) = snapshot(&sql, tenant).await {
            return version;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a long stream got no snapshot");
}

/// Changes a row behind everybody's back.
async fn tamper(db: &TestDb, statement: &str, tenant: TenantId) {
    let sql = db.sql().await;
    let values: [Value; 2] = [tenant.0.into(), stream().id.into()];
    let statement = Statement::from_sql_and_values(sql.get_database_backend(), statement, values);
    assert_eq!(sql.execute_raw(statement).await.unwrap().rows_affected(), 1);
}

both! {
    async fn a_long_stream_is_read_from_its_snapshot_on(db: TestDb) {
        let store = db.store().await;
        let tenant = long_stream(&store).await;
        assert!(snapshot_version(&db, tenant).await >= 200);

        // What stands before the snapshot is not read: nobody notices that it is broken.
        let break_first = "UPDATE event SET payload = '?' WHERE tenant_id = $1 AND stream_id = $2 AND version = 1";
        tamper(&db, break_first, tenant).await;
        let reopened = db.store().await;
        give(&reopened, tenant, order("A", 1_000)).await.expect("there is enough");
        assert_eq!(refusal(give(&reopened, tenant, order("A", 101)).await), "OUT_OF_STOCK");

        // Without the snapshot, it is read again. Nobody may write a newer one meanwhile.
        for store in [&store, &reopened] {
            store.db().close().await;
        }
        tamper(&db, "DELETE FROM snapshot WHERE tenant_id = $1 AND stream_id = $2", tenant).await;
        let unread = give(&db.store().await, tenant, order("A", 1)).await;
        assert!(undecodable(&unread), "{unread:?}");
    }
}

/// Waits until nobody else is in the database: whoever leaves says last what it did.
async fn alone(sql: &DatabaseConnection) {
    let others = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..1_000 {
        if row_security::count(sql, others).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("somebody stays");
}

/// Rows of the log that were looked up by an index since the count began, once a session that is over has
/// said so.
async fn looked_up(sql: &DatabaseConnection) -> i64 {
    let count = "SELECT coalesce(sum(idx_tup_read), 0)::bigint FROM pg_stat_user_indexes
        WHERE relname = 'event'";
    for _ in 0..1_000 {
        match row_security::count(sql, count).await {
            0 => tokio::time::sleep(Duration::from_millis(5)).await,
            read => return read,
        }
    }
    panic!("nothing was looked up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_before_a_snapshot_is_not_looked_at() {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let tenant = long_stream(&store).await;
    let after = i64::try_from(RECEIPTS).unwrap() - snapshot_version(&db, tenant).await;
    store.db().close().await;
    let sql = db.sql().await;
    alone(&sql).await;
    sql.execute_unprepared("ANALYZE event, snapshot; SELECT pg_stat_reset()")
        .await
        .unwrap();

    let reopened = db.store().await;
    give(&reopened, tenant, order("A", 1))
        .await
        .expect("there is enough");
    reopened.db().close().await;
    let read = looked_up(&sql).await;
    assert!(
        read < after + 50,
        "{read} rows read, {after} after the snapshot"
    );
}

both! {
    async fn a_snapshot_of_another_release_is_passed_over(db: TestDb) {
        let store = db.store().await;
        let tenant = long_stream(&store).await;
        snapshot_version(&db, tenant).await;
        for change in ["state = 'no JSON'", "state_version = 999, state = '{}'"] {
            let change = format!("UPDATE snapshot SET {change} WHERE tenant_id = $1 AND stream_id = $2");
            tamper(&db, &change, tenant).await;
            let reopened = db.store().await;
            assert_eq!(refusal(give(&reopened, tenant, order("A", 1_101)).await), "OUT_OF_STOCK");
        }
        give(&db.store().await, tenant, order("A", 1_100)).await.expect("there is enough");
    }
}

/// The snapshots of the stream that are written until `stop`, each with its version.
async fn written(
    sql: DatabaseConnection,
    tenant: TenantId,
    stop: CancellationToken,
) -> BTreeMap<i64, String> {
    let mut written = BTreeMap::new();
    while !stop.is_cancelled() {
        written.extend(snapshot(&sql, tenant).await);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    written
}

both! {
    /// What was decided does not come to stand where another node is faster: a snapshot has none of that.
    async fn a_snapshot_is_of_what_came_to_stand(db: TestDb) {
        let (busy, other) = (db.store().await, db.store().await);
        let tenant = tenant(&busy, "north").await;
        let stop = CancellationToken::new();
        let written = tokio::spawn(written(db.sql().await, tenant, stop.clone()));
        let between = tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            loop {
                give(&other, tenant, stock("A", "east", 1)).await.expect("goods are received");
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
        }));
        let receiving = (0..64).map(|person| {
            let busy = busy.clone();
            tokio::spawn(async move {
                for nth in 0..60 {
                    let goods = stock("A", "east", 2 + person * 60 + nth);
                    give(&busy, tenant, goods).await.expect("goods are received");
                }
            })
        });
        for received in join_all(receiving).await {
            received.unwrap();
        }
        stop.cancel();
        between.await.unwrap();
        let written = written.await.unwrap();
        assert!(written.len() > 3, "{} snapshots were seen", written.len());

        let (mut state, mut version) = (State::empty(stream().kind), 0);
        for entry in whole_log(&busy, tenant).await {
            let recorded = entry.event.as_ref().expect("it is readable");
            if recorded.stream == stream() {
                state.evolve(&recorded.event);
                version = recorded.version;
                if let Some(snapshot) = written.get(&version) {
                    assert_eq!(*snapshot, serde_json::to_string(&state).unwrap());
                }
            }
        }
        assert!(written.last_key_value().is_some_and(|(last, _)| *last <= version));
    }
}
