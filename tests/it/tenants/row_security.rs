//! PostgreSQL itself keeps tenants apart: the server's role sees one tenant, or none.

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::{View, Wanted};
use entrepot_tests::{TestDb, as_app, catch_up, retailer};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, QueryResult, Statement};

use crate::store::bustle;

/// Tables that the server reads across tenants.
const ACROSS_TENANTS: [&str; 5] = ["checkpoint", "lease", "tenant", "tenant_head", "timer"];

/// Two tenants with a history each.
pub(crate) async fn two_tenants() -> (TestDb, DatabaseConnection, [i64; 2]) {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let tenants = [
        retailer(&store, "north").await,
        retailer(&store, "south").await,
    ];
    for tenant in tenants {
        bustle(std::slice::from_ref(&store), tenant, 16, 6).await;
        catch_up(&store, tenant).await;
    }
    let sql = db.sql().await;
    sql.execute_unprepared(
        "INSERT INTO parked SELECT tenant_id, 'orders', 'k', 1, 'e', 0 FROM tenant;
         INSERT INTO snapshot SELECT tenant_id, 'tenant', '00000000-0000-0000-0000-000000000000', 1, 1, '{}' FROM tenant;
         INSERT INTO subject_key SELECT tenant_id, gen_random_uuid(), '' FROM tenant;
         INSERT INTO personal SELECT tenant_id, gen_random_uuid(), gen_random_uuid(), '', '' FROM tenant;",
    )
    .await
    .expect("rows in every table");
    (db, sql, tenants.map(|tenant| tenant.0))
}

pub(crate) async fn texts(sql: &DatabaseConnection, query: &str) -> Vec<String> {
    let rows = sql
        .query_all_raw(Statement::from_string(DbBackend::Postgres, query))
        .await
        .expect("answers");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("text"))
        .collect()
}

pub(crate) async fn count(sql: &DatabaseConnection, query: &str) -> i64 {
    let row = sql
        .query_one_raw(Statement::from_string(DbBackend::Postgres, query))
        .await
        .expect("answers");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// Tables that one tenant sees at a time: whatever has a tenant and is not read across them.
async fn tenant_tables(sql: &DatabaseConnection) -> Vec<String> {
    let mut tables = texts(
        sql,
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id'
         ORDER BY 1",
    )
    .await;
    tables.retain(|table| !ACROSS_TENANTS.contains(&table.as_str()));
    tables
}

async fn views(sql: &DatabaseConnection) -> Vec<String> {
    texts(
        sql,
        "SELECT 'bi.' || viewname FROM pg_views WHERE schemaname = 'bi' ORDER BY 1",
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_role_sees_one_tenant_or_none() {
    let (_db, sql, [north, south]) = two_tenants().await;
    let (tables, views) = (tenant_tables(&sql).await, views(&sql).await);
    assert!(
        tables.len() >= 19 && views.len() >= 9,
        "{tables:?} {views:?}"
    );
    let mut filled = 0;
    for table in &tables {
        filled += usize::from(
            count(
                &sql,
                &format!("SELECT count(*) FROM {table} WHERE tenant_id = {south}"),
            )
            .await
                > 0,
        );
    }
    assert!(
        filled >= tables.len() - 1,
        "only {filled} of {} tables have rows to hide",
        tables.len()
    );

    for name in tables.iter().chain(&views) {
        as_app(&sql, None).await;
        assert_eq!(
            count(&sql, &format!("SELECT count(*) FROM {name}")).await,
            0,
            "{name} without a tenant"
        );
        as_app(&sql, Some(north)).await;
        let foreign = format!("SELECT count(*) FROM {name} WHERE tenant_id <> {north}");
        assert_eq!(
            count(&sql, &foreign).await,
            0,
            "{name} shows a foreign tenant"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_by_itself_sees_one_tenant_and_leaves_none_behind() {
    let (db, sql, tenants) = two_tenants().await;
    let store = db.store().await;
    let number = |row: &QueryResult| row.try_get_by_index::<i64>(0).expect("a number");
    for table in tenant_tables(&sql).await {
        let rows = Query::select()
            .expr(Expr::col("tenant_id"))
            .from(table.clone())
            .to_owned();
        for tenant in tenants {
            let query = format!("SELECT count(*) FROM {table} WHERE tenant_id = {tenant}");
            let there = count(&sql, &query).await;
            let seen = store.db().ask_of(TenantId(tenant), rows.clone()).await;
            let seen: Vec<i64> = seen.expect("answers").iter().map(number).collect();
            assert_eq!(
                seen,
                vec![tenant; seen.len()],
                "{table} shows a foreign tenant"
            );
            assert_eq!(i64::try_from(seen.len()), Ok(there), "{table}");
            let (all, any) = ([Wanted::After("tenant_id")], vec![vec![0_i64.into()]]);
            let view = View::Now(store.db());
            let found = view.lookup(&table, TenantId(tenant), &all, any).await;
            let found = found.expect("answers").len();
            assert_eq!(i64::try_from(found), Ok(there), "{table} by its keys");
            let all = format!("SELECT count(*) FROM {table}");
            let without = store.db().ask(&all, Vec::new()).await;
            let without: Vec<i64> = without.expect("answers").iter().map(number).collect();
            assert_eq!(without, [0], "{table} without a tenant");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_role_writes_no_foreign_rows() {
    let (_db, sql, [north, south]) = two_tenants().await;
    let tables = tenant_tables(&sql).await;
    as_app(&sql, Some(north)).await;
    for table in &tables {
        // A row of its own, moved to the neighbor.
        let moved = sql
            .execute_unprepared(&format!("UPDATE {table} SET tenant_id = {south}"))
            .await;
        let count = count(&sql, &format!("SELECT count(*) FROM {table}")).await;
        assert!(
            moved.is_err() || count == 0,
            "{table} lets a row go to another tenant"
        );
        let foreign = sql
            .execute_unprepared(&format!("DELETE FROM {table} WHERE tenant_id = {south}"))
            .await;
        assert!(
            foreign.is_err() || foreign.is_ok_and(|done| done.rows_affected() == 0),
            "{table}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_immutable_for_the_servers_role() {
    let (_db, sql, [north, _]) = two_tenants().await;
    as_app(&sql, Some(north)).await;
    for statement in [
        "UPDATE event SET payload = '{}'",
        "DELETE FROM event",
        "TRUNCATE event",
        "DROP TABLE event",
    ] {
        let refused = sql
            .execute_unprepared(statement)
            .await
            .expect_err(statement)
            .to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{statement}: {refused}"
        );
    }
}
