//! The runner keeps every read model at the end of the log, and the rows are what the log says, at
//! any moment.

use std::sync::Arc;
use std::time::Duration;

use entrepot_api::process::Workers;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_entity::{order_docs, scope};
use entrepot_event_store::Store;
use entrepot_event_store::db::{Purpose, View};
use entrepot_projections::margins::Margins;
use entrepot_projections::model::{Documents, Fold as _};
use entrepot_projections::orders::Orders;
use entrepot_projections::place::Place;
use entrepot_projections::registry;
use entrepot_tests::{Random, TestDb, assert_whole, both, give, order, retailer, row_findings};
use uuid::Uuid;

use super::settled;
use crate::store::bustle;

/// What the rows say of all orders.
struct Standing {
    orders: Documents<Orders>,
    margins: Documents<Margins>,
}

async fn standing(store: &Store, tenant: TenantId) -> Standing {
    let tx = store.db().begin(tenant, Purpose::Read).await.unwrap();
    let rows = scope::of::<order_docs::Entity>(tenant.0);
    let rows = rows.all(&tx).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| OrderId(row.order_id)).collect();
    let orders = Orders::load(View::Of(&tx), tenant, &keys)
        .await
        .unwrap()
        .into_iter();
    let margins = Margins::load(View::Of(&tx), tenant, &keys)
        .await
        .unwrap()
        .into_iter();
    let standing = Standing {
        orders: orders.map(|(key, doc)| (key, Arc::new(doc))).collect(),
        margins: margins.map(|(key, doc)| (key, Arc::new(doc))).collect(),
    };
    tx.rollback().await.unwrap();
    standing
}

both! {
    async fn rows_are_what_the_log_says_at_any_moment(db: TestDb) {
        let (writer, worker) = (db.store().await, db.store().await);
        let tenant = retailer(&writer, "north").await;
        let workers = Workers::start(&worker);
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
        let workers = Workers::start(&worker);
        for tenant in tenants {
            settled(&worker, tenant).await;
            assert_whole(&worker, tenant).await;
        }
        workers.stop().await;
    }
}

both! {
    async fn documents_in_memory_are_those_of_the_rows(db: TestDb) {
        let store = db.store().await;
        let (tenant, other) = (retailer(&store, "north").await, retailer(&store, "south").await);
        bustle(std::slice::from_ref(&store), tenant, 8, 6).await;
        let core = registry::group("core");
        core.catch_up(&store, tenant, 1).await.unwrap();
        core.catch_up(&store, other, 1).await.unwrap();

        let (one, newest) = (standing(&store, tenant).await, Place { position: store.head(tenant).await.unwrap(), rebuilt: 0 });
        assert!(one.orders.len() > 10 && !one.margins.is_empty());
        let keys: Vec<_> = one.orders.keys().copied().collect();
        assert_eq!(core.documents::<Orders>(tenant, newest, &keys), one.orders);
        assert_eq!(core.documents::<Margins>(tenant, newest, &keys), one.margins);
        let (place, last) = core.last_documents::<Orders>(tenant, &keys).expect("all of them");
        assert_eq!((place, last), (newest, one.orders.clone()));

        assert!(core.documents::<Orders>(other, newest, &keys).is_empty(), "they are another tenant's");
        assert!(core.last_documents::<Orders>(tenant, &[keys[0], OrderId(Uuid::nil())]).is_none());
        // Another node takes over and writes: what is in memory counts where it stood, until it goes.
        give(&store, tenant, order("A", 1)).await.expect("accepted");
        registry::group("core").catch_up(&store, tenant, 2).await.unwrap();
        assert_eq!(core.documents::<Orders>(tenant, newest, &keys), one.orders);
        let two = standing(&store, tenant).await;
        let newer = Place { position: store.head(tenant).await.unwrap(), rebuilt: 0 };
        assert!(core.documents::<Orders>(tenant, newer, &keys).is_empty());
        core.keep_documents::<Orders>(tenant, newer, &two.orders);
        assert_eq!(core.documents::<Orders>(tenant, newer, &keys), one.orders, "none of them was touched");
        core.catch_up(&store, tenant, 1).await.unwrap();
        assert!(core.last_documents::<Orders>(tenant, &keys[..1]).is_none());
    }
}
