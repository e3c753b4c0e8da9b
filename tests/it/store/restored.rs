//! A log that went back to where it was earlier while servers ran: an older copy of the database took the
//! place of the newer one.

use entrepot_api::process::Workers;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{scope, tenant_head};
use entrepot_tests::{TestDb, assert_whole, both, catch_up, give, order, retailer};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, Statement, Value};

use crate::projections::crash::lose_rows;
use crate::projections::{rows_reach, settled};

async fn head(db: &TestDb, tenant: TenantId) -> tenant_head::Model {
    let heads = scope::across_tenants::<tenant_head::Entity>();
    let head = heads
        .filter(tenant_head::Column::TenantId.eq(tenant.0))
        .one(&db.sql().await)
        .await;
    head.unwrap().expect("the tenant has a head")
}

/// Takes from a log whatever came after a head.
async fn restore(db: &TestDb, head: &tenant_head::Model) {
    let sql = db.sql().await;
    let there: [Value; 2] = [head.tenant_id.into(), head.position.into()];
    let moved: [Value; 4] = [
        head.tenant_id.into(),
        head.position.into(),
        head.recorded_at.into(),
        head.hash.clone().into(),
    ];
    let statements: [(&str, &[Value]); 3] = [
        (
            "DELETE FROM event WHERE tenant_id = $1 AND position > $2",
            &there,
        ),
        (
            "DELETE FROM command WHERE tenant_id = $1 AND last_position > $2",
            &there,
        ),
        (
            "UPDATE tenant_head SET position = $2, recorded_at = $3, hash = $4 WHERE tenant_id = $1",
            &moved,
        ),
    ];
    for (statement, values) in statements {
        let backend = sql.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, statement, values.to_vec());
        assert!(sql.execute_raw(statement).await.unwrap().rows_affected() > 0);
    }
}

both! {
    async fn a_lane_finds_out_that_its_log_went_back(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let before = head(&db, tenant).await;
        give(&store, tenant, order("A", 1)).await.expect("accepted");
        restore(&db, &before).await;
        let receipt = give(&store, tenant, order("B", 1)).await.expect("accepted");
        assert_eq!(receipt.first_position, before.position + 1);
        catch_up(&store, tenant).await;
        assert_whole(&store, tenant).await;
    }

    /// As when a standby takes over that had not heard of the last orders.
    async fn what_was_read_of_a_log_that_went_back_is_not_folded(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let workers = Workers::start(&store);
        let before = head(&db, tenant).await;
        for sku in ["A", "GIFT"] {
            give(&store, tenant, order(sku, 1)).await.expect("accepted");
        }
        settled(&store, tenant).await;
        restore(&db, &before).await;
        lose_rows(&db).await;
        rows_reach(&store, tenant, before.position).await;
        assert_whole(&store, tenant).await;
        give(&store, tenant, order("B", 1)).await.expect("accepted");
        rows_reach(&store, tenant, store.head(tenant).await.unwrap()).await;
        assert_whole(&store, tenant).await;
        workers.stop().await;
    }
}
