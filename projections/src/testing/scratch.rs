use super::*;
use entrepot_event_store::db::{Db, DbOptions, Purpose};
use entrepot_migration::{Migrator, MigratorTrait as _};

#[tokio::test]
async fn scratch_pg() {
    for url in ["postgres://postgres@localhost:54399/postgres", "sqlite:/tmp/scratch_rm.db"] {
        let _ = std::fs::remove_file("/tmp/scratch_rm.db");
        let open = if url.starts_with("sqlite") { format!("{url}?mode=rwc") } else { url.to_owned() };
        let c = sea_orm::Database::connect(open).await.unwrap();
        Migrator::up(&c, None).await.unwrap();
        let db = Db::open(&DbOptions { url: url.to_owned(), connections: 2 }).await.unwrap();
        let log = story();
        for chunk in log.chunks(7) {
            super::database::write::<crate::orders::Orders>(&db, chunk).await;
            super::database::write::<crate::inventory::Inventory>(&db, chunk).await;
            super::database::write::<crate::margins::Margins>(&db, chunk).await;
            super::database::write::<crate::subscriptions::Subscriptions>(&db, chunk).await;
            super::database::write::<crate::customers::Customers>(&db, chunk).await;
            super::database::write::<crate::products::Products>(&db, chunk).await;
            super::database::write::<crate::timers::Timers>(&db, chunk).await;
            super::database::write::<crate::bi::BiOrders>(&db, chunk).await;
            super::database::write::<crate::bi::BiOrderLines>(&db, chunk).await;
            super::database::write::<crate::bi::BiPayments>(&db, chunk).await;
            super::database::write::<crate::bi::BiShipments>(&db, chunk).await;
        }
        let tx = db.begin(facts().tenant, Purpose::Project).await.unwrap();
        for grp in ["core", "bi"] {
            tx.execute_sql(&format!("insert into checkpoint values (1, '{grp}', 50, 0, 0, 1768478400123457), (2, '{grp}', 9, 0, 0, 5)"), vec![]).await.unwrap();
        }
        tx.commit().await.unwrap();
        db.close().await;
    }
}
