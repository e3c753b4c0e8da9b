//! A SQLite file of a test's own, and the law that every read model obeys.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use entrepot_domain::envelope::Recorded;
use entrepot_event_store::db::{Db, DbOptions, Purpose, View, connect};
use entrepot_migration::{Migrator, MigratorTrait as _};

use super::facts;
use crate::model::Fold;
use crate::writes::Writes;

/// A table's rows as text, by table.
pub(crate) type Tables = BTreeMap<&'static str, Vec<String>>;

/// A migrated database in a file that goes when it is dropped.
pub(crate) struct TestDb {
    file: PathBuf,
    db: Db,
}

impl TestDb {
    pub(crate) async fn new() -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let (process, file) = (std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let name = format!("entrepot-projections-{process}-{file}.db");
        let file = std::env::temp_dir().join(name);
        let url = format!("sqlite:{}", file.display());
        let connection = connect(&format!("{url}?mode=rwc"), 1)
            .await
            .expect("the file opens");
        Migrator::up(&connection, None).await.expect("migrates");
        connection.close().await.expect("closes");
        let db = Db::open(&DbOptions::new(url, 1))
            .await
            .expect("the database opens");
        Self { file, db }
    }

    /// Loads, folds and writes a log, `batch` events at a time.
    pub(crate) async fn fold<F: Fold>(&self, log: &[Recorded], batch: usize) {
        for events in log.chunks(batch) {
            write::<F>(&self.db, events).await;
        }
    }

    /// The first column of a query's rows.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let tenant = facts().tenant;
        let tx = self.db.begin(tenant, Purpose::Read).await.expect("begins");
        let rows = tx.query_sql(sql, Vec::new()).await.expect(sql);
        tx.rollback().await.expect("ends");
        let text = rows.iter().map(|row| row.try_get_by_index::<String>(0));
        text.map(|text| text.expect("a text")).collect()
    }

    /// Every row of a table or view as one text, sorted.
    pub(crate) async fn dump(&self, table: &str) -> Vec<String> {
        let columns = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
        let columns = self.texts(&columns).await.into_iter();
        let columns: Vec<String> = columns
            .map(|name| format!("'{name}=' || quote({name})"))
            .collect();
        let line = columns.join(" || ' ' || ");
        self.texts(&format!("SELECT {line} FROM {table} ORDER BY 1"))
            .await
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _removed = std::fs::remove_file(format!("{}{suffix}", self.file.display()));
        }
    }
}

/// The rows that a log becomes if `batch` events at a time are loaded, folded and written.
pub(crate) async fn rows_of<F: Fold>(log: &[Recorded], batch: usize) -> Tables {
    let db = TestDb::new().await;
    db.fold::<F>(log, batch).await;
    let mut tables = Tables::new();
    for table in F::tables() {
        tables.insert(table, db.dump(table).await);
    }
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

async fn write<F: Fold>(db: &Db, events: &[Recorded]) {
    let mut by_key: BTreeMap<F::Key, Vec<&Recorded>> = BTreeMap::new();
    for event in events {
        for key in F::keys(&event.event) {
            by_key.entry(key).or_default().push(event);
        }
    }
    let keys: Vec<F::Key> = by_key.keys().cloned().collect();
    let tenant = facts().tenant;
    let mut tx = db.begin(tenant, Purpose::Project).await.expect("begins");
    let loaded = F::load(View::Of(&tx), tenant, &keys).await.expect("loads");
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
