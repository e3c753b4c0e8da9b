//! Requests are given up at any moment: clients leave, time-outs pass.

use std::time::Duration;

use entrepot_event_store::db::Purpose;
use entrepot_tests::{TestDb, both, tenant};
use tokio::time::timeout;

both! {
    async fn a_transaction_given_up_while_it_begins_leaves_its_connection_clean(db: TestDb) {
        let store = db.store().await;
        let tenant = tenant(&store, "north").await;
        let open = match store.db().backend() {
            sea_orm::DbBackend::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp() - now()) * 1000 AS bigint)",
            _ => "SELECT CAST(0 AS integer)",
        };
        for purpose in [Purpose::Read, Purpose::Append, Purpose::Project] {
            for patience in 0..150_u64 {
                let begins = store.db().begin(tenant, purpose);
                drop(timeout(Duration::from_micros(patience * 4), begins).await);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            for _ in 0..20 {
                // SQLite refuses to begin within a transaction; PostgreSQL goes on in the old one.
                let tx = store.db().begin(tenant, purpose).await.expect("it begins");
                let row = tx.query_sql(open, Vec::new()).await.unwrap().pop().unwrap();
                let age: i64 = row.try_get_by_index(0).unwrap();
                assert!(age < 250, "{purpose:?}: open for {age} ms already");
                tx.rollback().await.unwrap();
            }
        }
    }
}
