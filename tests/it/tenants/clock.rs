//! What falls due for one tenant waits for no other.

use std::sync::Arc;
use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_domain::inventory::ReserveStock;
use entrepot_domain::kernel::{Instant, TenantId};
use entrepot_domain::tenants::SuspendTenant;
use entrepot_entity::{scope, timer};
use entrepot_event_store::{Store, clock};
use entrepot_tests::{TestDb, both, catch_up, give, retailer, stock, submission};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait as _, PaginatorTrait as _, QueryFilter as _};
use tokio::time::{sleep, timeout};

/// More than the clock reads at once.
const STUCK: usize = 600;
/// Until it is due.
const HELD_FOR: Duration = Duration::from_secs(10);

async fn hold(store: &Store, tenant: TenantId, times: usize) {
    give(store, tenant, stock("A", "east", 1_000))
        .await
        .expect("accepted");
    let until = clock::instant().micros() + i64::try_from(HELD_FOR.as_micros()).unwrap();
    let held = ReserveStock {
        sku: "A".into(),
        warehouse: Some("east".into()),
        quantity: 1,
        expires_at: Instant::from_micros(until),
    };
    let holding = (0..times).map(|_| store.submit(submission(tenant, Arc::new(held.clone()))));
    for receipt in join_all(holding).await {
        receipt.expect("accepted");
    }
}

/// What is to fall due, or is due and was not done.
async fn timers(db: &TestDb, tenant: TenantId) -> u64 {
    let sql = db.sql().await;
    let all = scope::across_tenants::<timer::Entity>();
    let open = all
        .filter(timer::Column::TenantId.eq(tenant.0))
        .count(&sql)
        .await
        .unwrap();
    sql.close().await.unwrap();
    open
}

both! {
    async fn what_stays_due_stands_in_nobodys_way(db: TestDb) {
        let store = db.store().await;
        let (stuck, free) = (retailer(&store, "stuck").await, retailer(&store, "free").await);
        hold(&store, stuck, STUCK).await;
        give(&store, stuck, SuspendTenant { reason: "unpaid".to_owned() }).await.expect("accepted");
        hold(&store, free, 2).await;
        for tenant in [stuck, free] {
            catch_up(&store, tenant).await;
        }
        assert_eq!(timers(&db, free).await, 2);
        let workers = Workers::of_app(&db.app().await);
        let done = timeout(HELD_FOR * 3, async {
            while timers(&db, free).await > 0 {
                sleep(Duration::from_millis(50)).await;
            }
        });
        done.await.expect("it does not wait for the others");
        assert_eq!(timers(&db, stuck).await, STUCK as u64, "a suspended tenant's stay");
        workers.stop().await;
    }
}
