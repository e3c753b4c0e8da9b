//! A SQLite file of a test's own, and the law that every read model obeys.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use entrepot_domain::envelope::Recorded;
use entrepot_event_store::db::{Db, DbOptions, Purpose, Tx};
use entrepot_migration::{Migrator, MigratorTrait as _};
use sea_orm::Database;

use super::facts;
use crate::model::Fold;
use crate::writes::Writes;

/// A table's rows as text, by table.
pub(crate) type Tables = BTreeMap<&'static str, Vec<String>>;

struct File(PathBuf);

impl File {
    fn new() -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let (process, file) = (std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let name = format!("entrepot-projections-{process}-{file}.db");
        Self(std::env::temp_dir().join(name))
    }

    async fn open(&self) -> Db {
        let path = self.0.display();
        let connection = Database::connect(format!("sqlite:{path}?mode=rwc"))
            .await
            .expect("the file opens");
        Migrator::up(&connection, None).await.expect("migrates");
        connection.close().await.expect("closes");
        let options = DbOptions {
            url: format!("sqlite:{path}"),
            connections: 1,
        };
        Db::open(&options).await.expect("the database opens")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let name = format!("{}{suffix}", self.0.display());
            let _removed = std::fs::remove_file(name);
        }
    }
}

/// The rows that a log becomes if `batch` events at a time are loaded, folded and written.
pub(crate) async fn rows_of<F: Fold>(log: &[Recorded], batch: usize) -> Tables {
    let file = File::new();
    let db = file.open().await;
    for events in log.chunks(batch) {
        write::<F>(&db, events).await;
    }
    let tx = db
        .begin(facts().tenant, Purpose::Read)
        .await
        .expect("begins");
    let mut tables = Tables::new();
    for table in F::tables() {
        tables.insert(table, dump(&tx, table).await);
    }
    tx.rollback().await.expect("ends");
    db.close().await;
    tables
}

/// The same rows whether events are folded one by one, in batches, or all at once.
pub(crate) async fn rows_do_not_depend_on_batches<F: Fold>(log: &[Recorded]) -> Tables {
    let whole = rows_of::<F>(log, log.len().max(1)).await;
    for batch in [1, 7] {
        let parts = rows_of::<F>(log, batch).await;
        assert_eq!(parts, whole, "{} in batches of {batch}", F::NAME);
    }
    whole
}

pub(crate) async fn write<F: Fold>(db: &Db, events: &[Recorded]) {
    let mut by_key: BTreeMap<F::Key, Vec<&Recorded>> = BTreeMap::new();
    for event in events {
        for key in F::keys(&event.event) {
            by_key.entry(key).or_default().push(event);
        }
    }
    let keys: Vec<F::Key> = by_key.keys().cloned().collect();
    let tenant = facts().tenant;
    let mut tx = db.begin(tenant, Purpose::Project).await.expect("begins");
    let loaded = F::load(&tx, tenant, &keys).await.expect("loads");
    let mut docs: BTreeMap<F::Key, F::Doc> = loaded.into_iter().collect();
    let mut writes = Writes::default();
    for (key, events) in by_key {
        let before = docs.remove(&key).unwrap_or_default();
        let mut after = before.clone();
        for event in events {
            F::apply(&mut after, &key, event, &facts()).expect("the event fits");
        }
        F::write(&facts(), &key, &before, &after, &mut writes);
    }
    assert!(
        docs.is_empty(),
        "{} loads what it was not asked for",
        F::NAME
    );
    writes.flush(&mut tx).await.expect("writes");
    tx.commit().await.expect("commits");
}

async fn dump(tx: &Tx, table: &str) -> Vec<String> {
    let columns = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
    let columns = tx.query_sql(&columns, Vec::new()).await.expect("columns");
    let columns: Vec<String> = columns
        .iter()
        .map(|row| row.try_get_by_index::<String>(0).expect("a name"))
        .map(|name| format!("'{name}=' || quote({name})"))
        .collect();
    let sql = format!(
        "SELECT {} AS line FROM {table} ORDER BY 1",
        columns.join(" || ' ' || ")
    );
    let rows = tx.query_sql(&sql, Vec::new()).await.expect("rows");
    rows.iter()
        .map(|row| row.try_get_by_index::<String>(0).expect("text"))
        .collect()
}
