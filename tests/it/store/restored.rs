//! A log that went back to where it was earlier while servers ran: an older copy of the database took the
//! place of the newer one.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::{scope, tenant_head};
use entrepot_tests::{TestDb, assert_whole, both, catch_up, give, order, retailer};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, Statement, Value};

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
}
