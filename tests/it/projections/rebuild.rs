//! A rebuild happens while the log grows and the rows are read, and nobody notices.

use std::collections::BTreeSet;
use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_event_store::db::Purpose;
use entrepot_migration::bi::VIEWS;
use entrepot_tests::{TestDb, as_app, assert_whole, both, catch_up, retailer};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tokio_util::sync::CancellationToken;

use super::{rebuild_everything, settled};
use crate::store::bustle;

/// Reads orders and their flat twins until `stop`, as requests do; how often it looked. Orders are
/// never deleted: there are never fewer than before.
async fn read_on(store: Store, tenant: TenantId, stop: CancellationToken) -> u32 {
    let (mut most, mut looks) = ([0, 0], 0);
    while !stop.is_cancelled() {
        let tx = store
            .db()
            .begin(tenant, Purpose::Read)
            .await
            .expect("begins");
        for (most, table) in most.iter_mut().zip(["rm_orders", "rm_bi_orders"]) {
            let count = format!("SELECT count(*) FROM {table} WHERE tenant_id = $1");
            let row = tx
                .query_sql(&count, vec![tenant.0.into()])
                .await
                .expect("answers")
                .pop();
            let there: i64 = row.expect("a row").try_get_by_index(0).expect("a number");
            assert!(there >= *most, "{table} went from {most} to {there} rows");
            *most = there;
        }
        tx.commit().await.expect("ends");
        looks += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    looks
}

both! {
    async fn nobody_notices_a_rebuild(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        bustle(std::slice::from_ref(&store), tenant, 16, 10).await;
        let worker = db.store().await;
        let workers = Workers::start(&worker);
        settled(&worker, tenant).await;

        let stop = CancellationToken::new();
        let reading = tokio::spawn(read_on(db.store().await, tenant, stop.clone()));
        let writing = tokio::spawn({
            let (store, stop) = (store.clone(), stop.clone());
            async move {
                while !stop.is_cancelled() {
                    bustle(std::slice::from_ref(&store), tenant, 4, 4).await;
                }
            }
        });
        // The operator's command is a process of its own.
        rebuild_everything(&db.store().await, tenant).await;
        stop.cancel();
        assert!(reading.await.expect("the reader saw rows at all times") > 10);
        writing.await.expect("the writers were not disturbed");

        settled(&worker, tenant).await;
        workers.stop().await;
        assert_whole(&store, tenant).await;
    }
}

both! {
    async fn a_rebuild_gives_the_same_rows(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        bustle(std::slice::from_ref(&store), tenant, 16, 10).await;
        catch_up(&store, tenant).await;
        let sql = db.sql().await;
        let before = dump(&sql, &tables(&sql).await).await;
        assert!(before.iter().filter(|(_, rows)| !rows.is_empty()).count() >= 12, "most tables have rows");
        rebuild_everything(&store, tenant).await;
        let after = dump(&sql, &tables(&sql).await).await;
        assert_eq!(before, after);
        assert_whole(&store, tenant).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_writes_what_is_not_as_it_should_be_and_nothing_else() {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let tenant = retailer(&store, "north").await;
    bustle(std::slice::from_ref(&store), tenant, 16, 10).await;
    catch_up(&store, tenant).await;
    let sql = db.sql().await;
    let tables = tables(&sql).await;
    let before = dump(&sql, &tables).await;
    for spoil in [
        "UPDATE rm_orders SET doc = '{}' WHERE order_id = (SELECT min(order_id::text)::uuid FROM rm_orders)",
        "DELETE FROM rm_margins WHERE order_id = (SELECT min(order_id::text)::uuid FROM rm_margins)",
        "INSERT INTO rm_bi_orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', gen_random_uuid()))).* FROM rm_bi_orders o LIMIT 1",
    ] {
        sql.execute_unprepared(spoil).await.expect(spoil);
    }
    let spoilt = places(&sql, &tables).await;
    rebuild_everything(&store, tenant).await;
    assert_eq!(dump(&sql, &tables).await, before);
    let after = places(&sql, &tables).await;
    let written = after.difference(&spoilt).count();
    let lines = 1;
    assert!(
        (1 + lines..12).contains(&written),
        "{written} rows were written"
    );
    assert_whole(&store, tenant).await;
}

/// Where each row of some tables lies, which moves when it is written.
async fn places(sql: &DatabaseConnection, tables: &[String]) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for table in tables {
        let query = format!("SELECT '{table} ' || ctid::text FROM {table}");
        places.extend(names(sql, &query).await);
    }
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_and_grants_outlive_a_rebuild() {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let tenant = retailer(&store, "north").await;
    bustle(std::slice::from_ref(&store), tenant, 16, 6).await;
    catch_up(&store, tenant).await;

    let sql = db.sql().await;
    as_app(&sql, Some(tenant.0)).await;
    // Freshness tells the time.
    let timeless = VIEWS.iter().filter(|view| view.name != "freshness");
    let views: Vec<String> = timeless.map(|view| format!("bi.{}", view.name)).collect();
    let before = dump(&sql, &views).await;
    rebuild_everything(&store, tenant).await;
    assert_eq!(dump(&sql, &views).await, before);
    for (view, rows) in before {
        assert!(
            !rows.is_empty() || view == "bi.mrr_movements",
            "{view} is empty"
        );
    }
}

/// The read models' tables.
async fn tables(sql: &DatabaseConnection) -> Vec<String> {
    let query = match sql.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE tablename LIKE 'rm_%' ORDER BY 1"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'rm_%' ORDER BY 1",
    };
    let mut tables = names(sql, query).await;
    tables.push("timer".to_owned());
    tables
}

async fn names(sql: &DatabaseConnection, query: &str) -> Vec<String> {
    let rows = sql
        .query_all_raw(Statement::from_string(sql.get_database_backend(), query))
        .await
        .expect("answers");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("text"))
        .collect()
}

/// The rows of tables, as text, in order.
async fn dump(sql: &DatabaseConnection, tables: &[String]) -> Vec<(String, Vec<String>)> {
    let mut dump = Vec::new();
    for table in tables {
        let query = match sql.get_database_backend() {
            DbBackend::Postgres => format!("SELECT t::text FROM {table} t ORDER BY 1"),
            _ => format!(
                "SELECT {} FROM {table} ORDER BY 1",
                sqlite_row(sql, table).await
            ),
        };
        dump.push((table.clone(), names(sql, &query).await));
    }
    dump
}

/// An expression for a whole row of a SQLite table.
async fn sqlite_row(sql: &DatabaseConnection, table: &str) -> String {
    let columns = names(
        sql,
        &format!("SELECT name FROM pragma_table_info('{table}')"),
    )
    .await;
    columns
        .iter()
        .map(|column| format!("quote({column})"))
        .collect::<Vec<_>>()
        .join(" || ',' || ")
}

both! {
    /// As after a backup of another moment: the rows are ahead of the checkpoint.
    async fn rows_that_are_there_already_are_written_over(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        bustle(std::slice::from_ref(&store), tenant, 8, 10).await;
        catch_up(&store, tenant).await;
        let sql = db.sql().await;
        // What is added to would count twice; documents begin anew.
        for sums in ["rm_order_days", "rm_margin_days", "rm_inventory"] {
            sql.execute_unprepared(&format!("DELETE FROM {sums}")).await.expect("deletes");
        }
        let back = "UPDATE checkpoint SET position = 0";
        sql.execute_unprepared(back).await.expect("moves back");
        let again = db.store().await;
        catch_up(&again, tenant).await;
        assert_whole(&again, tenant).await;
    }
}
