//! Whoever changes history, or rows, behind the program's back is found out.

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_tests::{TestDb, assert_whole, both, catch_up, log_findings, retailer, row_findings};
use sea_orm::ConnectionTrait as _;

use super::bustle;

/// Changes of history, and what they do.
const LOG: [(&str, &str); 9] = [
    (
        "a payload",
        "UPDATE event SET payload = replace(payload, '1', '2') WHERE position = 30",
    ),
    (
        "an actor",
        "UPDATE event SET meta = replace(meta, 'test', 'nobody') WHERE position = 30",
    ),
    (
        "a time",
        "UPDATE event SET recorded_at = recorded_at + 1 WHERE position = 30",
    ),
    (
        "a type",
        "UPDATE event SET event_type = 'price.set' WHERE position = 30",
    ),
    (
        "the last event",
        "UPDATE event SET payload = '{}' WHERE position = (SELECT position FROM tenant_head)",
    ),
    ("an event less", "DELETE FROM event WHERE position = 30"),
    (
        "the last event less",
        "DELETE FROM event WHERE position = (SELECT position FROM tenant_head)",
    ),
    (
        "a hash",
        "UPDATE event SET prev_hash = (SELECT prev_hash FROM event WHERE position = 7) WHERE position = 30",
    ),
    ("the head", "UPDATE tenant_head SET position = position - 1"),
];

/// Changes of read models.
const ROWS: [&str; 5] = [
    "UPDATE rm_orders SET status = 'lost'",
    "UPDATE rm_inventory SET on_hand = on_hand + 1",
    "DELETE FROM rm_bi_order_lines WHERE line = 1",
    "UPDATE rm_order_days SET count = count + 1",
    "INSERT INTO rm_products SELECT tenant_id, 'NEW', title, tax_class, category, tracked, discontinued, created_at,
       updated_at, position, doc FROM rm_products WHERE sku = 'A'",
];

async fn busy_tenant(store: &Store) -> TenantId {
    let tenant = retailer(store, "north").await;
    bustle(std::slice::from_ref(store), tenant, 8, 6).await;
    catch_up(store, tenant).await;
    assert_whole(store, tenant).await;
    tenant
}

/// Puts a kept copy of the log in the place of what became of it.
const RESTORE: &str = "DELETE FROM event; INSERT INTO event SELECT * FROM kept_events;
    DELETE FROM tenant_head; INSERT INTO tenant_head SELECT * FROM kept_heads";

both! {
    async fn a_change_of_history_is_found(db: TestDb) {
        let store = db.store().await;
        let tenant = busy_tenant(&store).await;
        let sql = db.sql().await;
        let keep = "CREATE TABLE kept_events AS SELECT * FROM event; CREATE TABLE kept_heads AS SELECT * FROM tenant_head";
        sql.execute_unprepared(keep).await.expect("the log is kept");
        for (what, change) in LOG {
            let changed = sql.execute_unprepared(change).await.expect(change).rows_affected();
            assert_eq!(changed, 1, "{what}");
            assert!(!log_findings(&store, tenant).await.is_empty(), "{what}: nobody noticed");
            sql.execute_unprepared(RESTORE).await.expect("the log is restored");
            assert_eq!(log_findings(&store, tenant).await, Vec::<String>::new(), "after {what}");
        }
    }
}

both! {
    async fn a_change_of_rows_is_found_and_rebuilt(db: TestDb) {
        let store = db.store().await;
        let tenant = busy_tenant(&store).await;
        let sql = db.sql().await;
        for change in ROWS {
            assert!(sql.execute_unprepared(change).await.expect(change).rows_affected() > 0, "{change}");
            assert!(!row_findings(&store, tenant).await.is_empty(), "{change} went unnoticed");
            crate::projections::rebuild_everything(&store, tenant).await;
            assert_whole(&store, tenant).await;
        }
    }
}
