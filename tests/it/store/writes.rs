//! Writes that end their transaction: all of their rows, or none, and only of their tenant.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::parked;
use entrepot_event_store::Store;
use entrepot_event_store::db::{Deletes, Guard, Merge, Purpose, Rows, Written};
use entrepot_tests::{TestDb, both, retailer};

/// More writes than there are connections: each is used again.
const TURNS: i64 = 20;

fn row(tenant: TenantId, position: i64) -> parked::Model {
    parked::Model {
        tenant_id: tenant.0,
        model: "orders".to_owned(),
        row_key: "k".to_owned(),
        position,
        error: None,
        parked_at: 0,
    }
}

/// Hits if the tenant's log ends at a position.
fn ends_at(tenant: TenantId, position: i64) -> Guard {
    Guard {
        update: "UPDATE tenant_head SET position = position WHERE tenant_id = $1 AND position = $2",
        values: vec![tenant.0.into(), position.into()],
    }
}

async fn write(store: &Store, tenant: TenantId, guard: Guard, rows: &[parked::Model]) -> Written {
    let tx = store.db().begin(tenant, Purpose::Project).await;
    let rows = vec![Rows::of(rows, Merge::Refuse)];
    tx.expect("begins")
        .commit_with(guard, rows, Vec::new())
        .await
}

async fn positions(store: &Store, tenant: TenantId) -> Vec<i64> {
    let tx = store.db().begin(tenant, Purpose::Read).await;
    let tx = tx.expect("begins");
    let sql = "SELECT position FROM parked WHERE tenant_id = $1 ORDER BY position";
    let rows = tx.query_sql(sql, vec![tenant.0.into()]).await;
    tx.commit().await.expect("ends");
    let rows = rows.expect("answers");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("a number"))
        .collect()
}

both! {
    async fn a_write_is_there_as_a_whole_or_not_at_all(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let head = store.head(tenant).await.expect("there is a log");
        for turn in 0..TURNS {
            let hit = write(&store, tenant, ends_at(tenant, head), &[row(tenant, turn)]).await;
            assert!(matches!(hit, Written::Committed), "{hit:?}");
            let missed = write(&store, tenant, ends_at(tenant, head + 1), &[row(tenant, turn + TURNS)]).await;
            assert!(matches!(missed, Written::Missed), "{missed:?}");
            let rows = [row(tenant, turn + TURNS), row(tenant, turn)];
            let there = write(&store, tenant, ends_at(tenant, head), &rows).await;
            assert!(matches!(&there, Written::Failed(error) if error.unique_violation()), "{there:?}");
        }
        assert_eq!(positions(&store, tenant).await, (0..TURNS).collect::<Vec<_>>());
    }

    async fn whoever_moves_a_log_is_counted(db: TestDb) {
        let (store, other) = (db.store().await, db.store().await);
        let still = store.db().log_moves().await.expect("answers");
        assert_eq!(store.db().log_moves().await.expect("answers"), still);
        retailer(&other, "north").await;
        let moved = store.db().log_moves().await.expect("answers");
        assert!(moved.is_none() || moved > still, "{still:?}, then {moved:?}");
        assert_eq!(moved.is_some(), store.db().backend() == sea_orm::DbBackend::Postgres);
    }

    async fn deletes_belong_to_the_write(db: TestDb) {
        let store = db.store().await;
        let tenant = retailer(&store, "north").await;
        let head = store.head(tenant).await.expect("there is a log");
        let old: Vec<_> = (0..3).map(|position| row(tenant, position)).collect();
        write(&store, tenant, ends_at(tenant, head), &old).await;
        for (at, left) in [(head + 1, vec![0, 1, 2]), (head, vec![2, 7])] {
            let tx = store.db().begin(tenant, Purpose::Project).await.expect("begins");
            let new = vec![Rows::of(&[row(tenant, 7)], Merge::Refuse)];
            let gone = Deletes::like(&Rows::of(&old[..2], Merge::Replace));
            tx.commit_with(ends_at(tenant, at), new, vec![gone]).await;
            assert_eq!(positions(&store, tenant).await, left);
        }
    }
}

/// The statement says for itself whose rows it may write, and leaves nothing of that behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_one_statement_stays_within_its_tenant() {
    let db = TestDb::postgres().await;
    let store = db.store().await;
    let north = retailer(&store, "north").await;
    let south = retailer(&store, "south").await;
    let head = store.head(north).await.expect("there is a log");
    let seen = async || {
        let tx = store.db().begin_across_tenants(Purpose::Read).await;
        let tx = tx.expect("begins");
        let sql = "SELECT count(*), current_setting('app.tenant_id', true), \
                   current_setting('synchronous_commit') FROM parked";
        let row = tx.query_sql(sql, Vec::new()).await.expect("answers").pop();
        tx.commit().await.expect("ends");
        let row = row.expect("a row");
        let text = |at| row.try_get_by_index::<Option<String>>(at).expect("text");
        let count: i64 = row.try_get_by_index(0).expect("a number");
        (count, text(1).unwrap_or_default(), text(2))
    };
    for turn in 0..TURNS {
        let foreign = write(&store, north, ends_at(north, head), &[row(south, turn)]).await;
        let refused =
            |error: &dyn std::fmt::Display| error.to_string().contains("row-level security");
        assert!(
            matches!(&foreign, Written::Failed(error) if refused(error)),
            "{foreign:?}"
        );
        write(&store, north, ends_at(north, head), &[row(north, turn)]).await;
        let left = (0, String::new(), Some("on".to_owned()));
        assert_eq!(seen().await, left, "after a write, no tenant is set");
    }
    assert_eq!(positions(&store, south).await, Vec::<i64>::new());
    assert_eq!(
        positions(&store, north).await,
        (0..TURNS).collect::<Vec<_>>()
    );
}
