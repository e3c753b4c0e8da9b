//! Folding a tenant's log beside its live rows: into temporary tables that bear the real tables'
//! names and stand before them on one connection. The folds run unchanged, and readers see nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entrepot_domain::kernel::TenantId;
use entrepot_entity::parked;
use entrepot_event_store::db::{DbError, Purpose, Tx};
use entrepot_event_store::{Entry, Store, StoreError, clock};
use futures_util::future::try_join_all;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr};
use tokio::sync::mpsc;

use crate::folding::Batch;
use crate::group::Group;
use crate::place::{self, Place, lock_checkpoint};
use crate::refused;

/// Events folded at once.
const BATCH: usize = 5_000;

/// Told how many events were folded.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// A fold of a tenant's whole log, beside the live rows.
pub(crate) struct Apart {
    pub(crate) tx: Tx,
    /// The checkpoint that the fold reached; it is locked until the transaction ends.
    pub(crate) position: i64,
    /// What could not be folded.
    pub(crate) parked: Vec<parked::Model>,
    /// The writer's turn, where there is one writer.
    _turn: Option<tokio::sync::OwnedMutexGuard<()>>,
}

/// Folds up to the live checkpoint. `models` must be fresh: nothing in their memory. `ahead` brings the
/// log from its beginning, as far as somebody reads it ([`read_ahead`]).
pub(crate) async fn fold(
    store: &Store,
    models: &Group,
    tenant: TenantId,
    ahead: Ahead,
    progress: Progress<'_>,
) -> Result<Apart, StoreError> {
    let mut tx = store.db().begin_apart(tenant).await?;
    make_twins(store, &tx, models).await?;
    let mut folding = Folding {
        store,
        models,
        tenant,
        ahead,
        parked: Vec::new(),
        position: 0,
    };
    // Most of the log without keeping anybody waiting, the rest with the checkpoint locked.
    let near = place::checkpoint_of(store.db(), tenant, models.name).await?;
    folding.up_to(&mut tx, near, progress).await?;
    let turn = store.db().turn().await;
    tx.begin_writing().await?;
    let reached = lock_checkpoint(&tx, tenant, models.name).await?.position;
    folding.up_to(&mut tx, reached, progress).await?;
    let (parked, position) = (folding.parked, folding.position);
    Ok(Apart {
        tx,
        position,
        parked,
        _turn: turn,
    })
}

struct Folding<'a> {
    store: &'a Store,
    models: &'a Group,
    tenant: TenantId,
    ahead: Ahead,
    parked: Vec<parked::Model>,
    position: i64,
}

/// A batch of the log.
type Entries = Arc<Vec<Arc<Entry>>>;
/// Batches of the log, which another task reads and decodes meanwhile.
pub(crate) type Ahead = mpsc::Receiver<Entries>;

/// Reads a tenant's log from its beginning as far as the rows of all groups have come, once for the folds
/// of all. Who folds faster waits for the others. Where it ends early, the folds read on, and are told why.
pub(crate) async fn read_ahead(
    store: &Store,
    tenant: TenantId,
    groups: &[Group],
) -> Result<Vec<Ahead>, StoreError> {
    let near = groups.iter();
    let near = near.map(|models| place::checkpoint_of(store.db(), tenant, models.name));
    let near = try_join_all(near).await?.into_iter().min();
    let last = near.unwrap_or_default();
    let (senders, receivers) = groups.iter().map(|_| mpsc::channel(1)).unzip();
    let reading = read_on(store.clone(), tenant, last, senders);
    tokio::spawn(async move {
        if let Err(error) = reading.await {
            tracing::warn!(tenant = tenant.0, %error, "the log was not read ahead");
        }
    });
    Ok(receivers)
}

async fn read_on(
    store: Store,
    tenant: TenantId,
    last: i64,
    mut folds: Vec<mpsc::Sender<Entries>>,
) -> Result<(), StoreError> {
    let mut position = 0;
    while position < last && !folds.is_empty() {
        let limit = usize::try_from(last - position).map_or(BATCH, |left| left.min(BATCH));
        let entries = Arc::new(store.read(tenant, position, limit).await?);
        let Some(newest) = entries.last() else { break };
        position = newest.position;
        let mut going_on = Vec::with_capacity(folds.len());
        for fold in folds {
            // Who gave up does not hold up the others.
            if fold.send(Arc::clone(&entries)).await.is_ok() {
                going_on.push(fold);
            }
        }
        folds = going_on;
    }
    Ok(())
}

impl Folding<'_> {
    async fn up_to(
        &mut self,
        tx: &mut Tx,
        last: i64,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        if self.position >= last {
            return Ok(());
        }
        let facts = self.models.facts.of(self.store, self.tenant).await?;
        while self.position < last {
            let entries = self.next(last).await?;
            let Some(newest) = entries.last() else { break };
            let parked = self.parked_keys();
            let place = self.place();
            let batch = Batch {
                facts: &facts,
                place,
                entries: &entries,
                parked: &parked,
                begin_anew: true,
                refused: None,
                now: clock::instant().micros(),
            };
            let parked = refused::write_around(&self.models.models, tx, &batch).await?;
            self.parked.extend(parked);
            self.position = newest.position;
            for model in &self.models.models {
                model.settle(self.tenant, place, self.place());
            }
            progress(u64::try_from(entries.len()).unwrap_or(0));
        }
        Ok(())
    }

    /// Where the rows stand that are folded apart: nobody else writes them.
    fn place(&self) -> Place {
        Place {
            position: self.position,
            ..Place::default()
        }
    }

    /// The next batch.
    async fn next(&mut self, last: i64) -> Result<Entries, StoreError> {
        if let Some(entries) = self.ahead.recv().await {
            return Ok(entries);
        }
        let limit = usize::try_from(last - self.position).map_or(BATCH, |left| left.min(BATCH));
        let entries = self.store.read(self.tenant, self.position, limit).await?;
        Ok(Arc::new(entries))
    }

    fn parked_keys(&self) -> HashMap<String, HashSet<String>> {
        let mut keys: HashMap<String, HashSet<String>> = HashMap::new();
        for row in &self.parked {
            keys.entry(row.model.clone())
                .or_default()
                .insert(row.row_key.clone());
        }
        keys
    }
}

/// Makes a temporary twin of every table that the models own. It has the key and no other index: the
/// folds find rows by nothing else.
async fn make_twins(store: &Store, tx: &Tx, models: &Group) -> Result<(), DbError> {
    for table in models.models.iter().flat_map(|model| model.tables()) {
        let ddl = match tx.get_database_backend() {
            DbBackend::Postgres => postgres_ddl(tx, table).await?,
            _ => sqlite_ddl(store, table).await?,
        };
        tx.execute_unprepared(&ddl).await?;
    }
    Ok(())
}

async fn postgres_ddl(tx: &Tx, table: &str) -> Result<String, DbError> {
    let sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = $1::text::regclass AND contype = 'p'";
    let key = tx.query_sql(sql, vec![format!("public.{table}").into()]);
    let key = key
        .await?
        .pop()
        .ok_or_else(|| DbErr::RecordNotFound(format!("the key of {table}")))?;
    let key: String = key.try_get_by_index(0)?;
    Ok(format!(
        "CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL EXCLUDING INDEXES, {key})
         ON COMMIT DROP"
    ))
}

/// Read on another connection: a SQLite transaction that has read the file cannot write it once
/// somebody else has.
async fn sqlite_ddl(store: &Store, table: &str) -> Result<String, DbError> {
    let tx = store.db().begin_across_tenants(Purpose::Read).await?;
    let sql = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = $1";
    let row = tx.query_sql(sql, vec![table.into()]).await?.pop();
    tx.rollback().await?;
    let ddl: String = row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .unwrap_or_default();
    Ok(ddl.replacen("CREATE TABLE", "CREATE TEMP TABLE", 1))
}

/// The live and the temporary table of a name.
pub(crate) fn twins(tx: &Tx, table: &str) -> (String, String) {
    match tx.get_database_backend() {
        DbBackend::Postgres => (format!("public.{table}"), format!("pg_temp.{table}")),
        _ => (format!("main.{table}"), format!("temp.{table}")),
    }
}
