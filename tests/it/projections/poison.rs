//! An event that cannot be folded parks what it touches, and what follows on it. All else goes on.

use std::collections::BTreeSet;

use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_event_store::Store;
use entrepot_projections::registry;
use entrepot_tests::{
    Forged, TestDb, assert_whole, both, catch_up, forge, give, log_findings, order, place,
    retailer, row_findings,
};
use sea_orm::{ConnectionTrait as _, Statement};
use uuid::Uuid;

use super::rebuild_everything;
use crate::store::bustle;

const GOOD: OrderId = OrderId(Uuid::from_u128(1));
const UNKNOWN: OrderId = OrderId(Uuid::from_u128(2));
const BROKEN: OrderId = OrderId(Uuid::from_u128(3));

/// What is parked: model, key, position, and whether the event itself is at fault.
pub(super) type Parked = BTreeSet<(String, String, i64, bool)>;

pub(super) async fn parked(db: &TestDb, tenant: TenantId) -> Parked {
    let sql = db.sql().await;
    let query = "SELECT model, row_key, position, CASE WHEN error IS NULL THEN 0 ELSE 1 END FROM parked WHERE tenant_id = $1";
    let statement =
        Statement::from_sql_and_values(sql.get_database_backend(), query, [tenant.0.into()]);
    let rows = sql.query_all_raw(statement).await.expect("answers");
    let row = |row: sea_orm::QueryResult| {
        let fault: i32 = row.try_get_by_index(3)?;
        Ok::<_, sea_orm::DbErr>((
            row.try_get_by_index(0)?,
            row.try_get_by_index(1)?,
            row.try_get_by_index(2)?,
            fault == 1,
        ))
    };
    rows.into_iter()
        .map(row)
        .collect::<Result<_, _>>()
        .expect("rows are what they are")
}

/// The status of an order in its row.
async fn status(db: &TestDb, tenant: TenantId, order_id: OrderId) -> Option<String> {
    let sql = db.sql().await;
    let query = "SELECT status FROM rm_orders WHERE tenant_id = $1 AND order_id = $2";
    let values: [sea_orm::Value; 2] = [tenant.0.into(), order_id.0.into()];
    let statement = Statement::from_sql_and_values(sql.get_database_backend(), query, values);
    sql.query_one_raw(statement)
        .await
        .expect("answers")
        .map(|row| row.try_get_by_index(0).expect("text"))
}

/// Findings that are not about parked keys.
pub(super) async fn other_findings(store: &Store, tenant: TenantId) -> Vec<String> {
    let mut findings = row_findings(store, tenant).await;
    findings.retain(|finding| !finding.contains("parked"));
    findings
}

both! {
    async fn an_event_of_a_newer_release_parks_its_stream_and_nothing_else(db: TestDb) {
        let store = db.store().await;
        let (tenant, neighbor) = (retailer(&store, "north").await, retailer(&store, "south").await);
        for order_id in [GOOD, UNKNOWN, BROKEN] {
            give(&store, tenant, place(Some(order_id), &[("A", 1)])).await.expect("accepted");
        }
        let held = r#"{"order_id":"00000000-0000-0000-0000-000000000002","reason":"asked for"}"#;
        let unknown = forge(&store, tenant, Forged { stream: UNKNOWN.into(), event_type: "order.blessed", payload: "{}" }).await;
        let broken = forge(&store, tenant, Forged { stream: BROKEN.into(), event_type: "order.held", payload: "{" }).await;
        let follower = forge(&store, tenant, Forged { stream: UNKNOWN.into(), event_type: "order.held", payload: held }).await;
        for tenant in [tenant, neighbor] {
            bustle(std::slice::from_ref(&store), tenant, 8, 6).await;
            give(&store, tenant, order("B", 1)).await.expect("accepted");
        }
        catch_up(&store, tenant).await;
        catch_up(&store, neighbor).await;

        let parked_once = parked(&db, tenant).await;
        for (_, model) in registry::names() {
            for (order_id, position, fault) in [(UNKNOWN, unknown, true), (UNKNOWN, follower, false), (BROKEN, broken, true)] {
                let row = (model.to_owned(), format!("stream:order:{order_id}"), position, fault);
                assert!(parked_once.contains(&row), "{row:?} is missing");
            }
        }
        assert_eq!(parked_once.len(), 3 * registry::names().len());
        assert_eq!(log_findings(&store, tenant).await, Vec::<String>::new(), "the log itself is whole");
        assert_eq!(other_findings(&store, tenant).await, Vec::<String>::new());
        let findings = row_findings(&store, tenant).await;
        assert!(findings.iter().any(|finding| finding.contains(&UNKNOWN.to_string())), "{findings:?}");
        assert_whole(&store, neighbor).await;

        rebuild_everything(&store, tenant).await;
        assert_eq!(parked(&db, tenant).await, parked_once);
        assert_eq!(other_findings(&store, tenant).await, Vec::<String>::new());
        for order_id in [GOOD, UNKNOWN, BROKEN] {
            assert!(status(&db, tenant, order_id).await.is_some(), "its row stands still");
        }
    }
}

both! {
    async fn an_event_that_does_not_fit_its_document_parks_the_key(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        give(&store, tenant, place(Some(GOOD), &[("A", 1)])).await.expect("accepted");
        // Of an order that was never placed.
        let held = r#"{"order_id":"00000000-0000-0000-0000-000000000002","reason":"asked for"}"#;
        let position = forge(&store, tenant, Forged { stream: UNKNOWN.into(), event_type: "order.held", payload: held }).await;
        bustle(std::slice::from_ref(&store), tenant, 4, 6).await;
        catch_up(&store, tenant).await;

        let parked_once = parked(&db, tenant).await;
        let row = ("orders".to_owned(), UNKNOWN.to_string(), position, true);
        assert!(parked_once.contains(&row), "{parked_once:?}");
        assert!(parked_once.iter().all(|(_, key, ..)| key.contains(&UNKNOWN.to_string())), "{parked_once:?}");
        assert_eq!(other_findings(&store, tenant).await, Vec::<String>::new());
        rebuild_everything(&store, tenant).await;
        assert_eq!(parked(&db, tenant).await, parked_once);
    }
}
