//! A group of read models: one checkpoint, one transaction, so that all of them always stand at
//! the same position of a tenant's log.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entrepot_domain::kernel::TenantId;
use entrepot_entity::{checkpoint, parked};
use entrepot_event_store::db::{Db, DbError, Guard, Purpose, View, Written};
use entrepot_event_store::{Entry, Store, StoreError, clock};
use sea_orm::ExprTrait as _;
use sea_orm::sea_query::{Expr, Query};

use crate::facts::Facts;
use crate::folding::{AnyModel, Batch, Model};
use crate::model::{Documents, Fold};
use crate::place::{Place, lock_checkpoint};
use crate::refused;
use crate::writes::Writes;

/// Events folded at most in one transaction.
const BATCH_MAX: usize = 1_000;

/// A group of read models.
pub struct Group {
    /// `core` or `bi`: names the checkpoint.
    pub name: &'static str,
    pub(crate) models: Vec<Box<dyn AnyModel>>,
    /// How long a tenant rests between two batches.
    pub(crate) pace: Duration,
    pub(crate) facts: Arc<Facts>,
    /// How each tenant's rows stood when this process last read or wrote them.
    standings: Mutex<HashMap<TenantId, Standing>>,
}

/// Keys that are parked, by model.
type Parked = HashMap<String, HashSet<String>>;

/// How a tenant's rows stand. Who else writes rows, parks keys or frees them moves the checkpoint.
#[derive(Clone, Debug)]
struct Standing {
    place: Place,
    parked: Arc<Parked>,
    /// When they were known to stand so.
    known_at: Instant,
    /// Whether the database was seen behind it since: it crashed, and lost its newest rows.
    doubted: bool,
}

impl Standing {
    fn of(place: Place, parked: Arc<Parked>) -> Self {
        Self {
            place,
            parked,
            known_at: Instant::now(),
            doubted: false,
        }
    }
}

/// What to do about rows that the database refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// Nothing: it costs round trips, and next to never happens.
    None,
    /// Find them and park their events.
    Park,
}

/// How one batch ended.
enum Step {
    /// There is nothing to read.
    Done,
    /// Rows and checkpoint stand at this position now.
    Committed,
    /// The checkpoint was not where this process left it.
    Moved,
    /// The lease was lost to another node.
    Fenced,
    /// The database refused the rows.
    Refused(DbError),
}

/// How far a tenant's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// As far as is known that the log goes, or as this node may take them.
    End,
    /// A batch further; there may be more.
    Batch,
}

impl Group {
    pub(crate) fn new(
        name: &'static str,
        models: Vec<Box<dyn AnyModel>>,
        pace: Duration,
        facts: Arc<Facts>,
    ) -> Self {
        Self {
            name,
            models,
            pace,
            facts,
            standings: Mutex::default(),
        }
    }

    /// The names of its read models.
    pub fn models(&self) -> impl Iterator<Item = &'static str> {
        self.models.iter().map(|model| model.name())
    }

    /// Those documents of a read model that are in memory, as its rows have them at a place.
    pub fn documents<F: Fold>(
        &self,
        tenant: TenantId,
        place: Place,
        keys: &[F::Key],
    ) -> Documents<F> {
        let model = self.model::<F>();
        model.map_or_else(Documents::<F>::new, |model| {
            model.docs().at(tenant, place, keys)
        })
    }

    /// The documents of all of these keys as this process last knew them, and where the rows stood
    /// then: if another process has written since, that is behind. `None` unless all are in memory.
    pub fn last_documents<F: Fold>(
        &self,
        tenant: TenantId,
        keys: &[F::Key],
    ) -> Option<(Place, Documents<F>)> {
        self.model::<F>()?.docs().settled(tenant, keys)
    }

    /// Keeps in memory what was read of the rows at a place.
    pub fn keep_documents<F: Fold>(&self, tenant: TenantId, place: Place, docs: &Documents<F>) {
        if let Some(model) = self.model::<F>() {
            model.docs().keep(tenant, place, docs);
        }
    }

    fn model<F: Fold>(&self) -> Option<&Model<F>> {
        let mut models = self.models.iter();
        let model: &dyn Any = &**models.find(|model| model.name() == F::NAME)?;
        model.downcast_ref()
    }

    /// Folds whatever a tenant's log holds beyond the checkpoint. `epoch` is the lease's.
    pub async fn catch_up(
        &self,
        store: &Store,
        tenant: TenantId,
        epoch: i64,
    ) -> Result<(), StoreError> {
        while self.advance(store, tenant, epoch).await? == Reached::Batch {}
        Ok(())
    }

    /// Somebody has seen a tenant's checkpoint by a look that began at `asked`. Rows commit without waiting
    /// for the disk: after a crash of the database they are older than this process knows them, and
    /// without another event nobody would notice.
    pub(crate) fn seen_at(&self, tenant: TenantId, position: i64, asked: Instant) {
        if let Some(standing) = lock(&self.standings).get_mut(&tenant) {
            standing.doubted |= standing.place.position > position && standing.known_at < asked;
        }
    }

    /// Folds one batch of what a tenant's log holds beyond the checkpoint.
    pub(crate) async fn advance(
        &self,
        store: &Store,
        tenant: TenantId,
        epoch: i64,
    ) -> Result<Reached, StoreError> {
        let known = lock(&self.standings).get(&tenant).cloned();
        let standing = match known {
            Some(standing) => standing,
            None => self.read_standing(store.db(), tenant).await?,
        };
        let entries = store
            .read(tenant, standing.place.position, BATCH_MAX)
            .await?;
        // With entries, the guard will tell.
        if entries.is_empty() && standing.doubted {
            tracing::warn!(
                tenant = tenant.0,
                group = self.name,
                "rows went back; they are folded again"
            );
            self.forget(tenant);
            // If the log went back as well, so did what was read of it.
            store.feed().forget_recent(tenant);
            return Ok(Reached::Batch);
        }
        let at = (tenant, epoch, standing);
        let mut step = self.step(store, &at, &entries, Care::None).await;
        if let Ok(Step::Refused(error)) = &step {
            tracing::warn!(tenant = tenant.0, group = self.name, %error, "a batch was refused");
            self.forget(tenant);
            step = self.step(store, &at, &entries, Care::Park).await;
        }
        if !matches!(step, Ok(Step::Done | Step::Committed)) {
            self.forget(tenant);
        }
        Ok(match step? {
            Step::Done | Step::Fenced => Reached::End,
            // Whoever appends more says so: there is no need to look.
            Step::Committed if entries.len() < BATCH_MAX && !grown(store, tenant, &entries) => {
                Reached::End
            }
            Step::Committed | Step::Moved => Reached::Batch,
            Step::Refused(error) => return Err(error.into()),
        })
    }

    async fn step(
        &self,
        store: &Store,
        (tenant, epoch, standing): &(TenantId, i64, Standing),
        entries: &[Arc<Entry>],
        care: Care,
    ) -> Result<Step, StoreError> {
        let Some(last) = entries.last() else {
            return Ok(Step::Done);
        };
        let (tenant, epoch, place) = (*tenant, *epoch, standing.place);
        let facts = self.facts.of(store, tenant).await?;
        let now = clock::instant().micros();
        let batch = Batch {
            facts: &facts,
            place,
            entries,
            parked: &standing.parked,
            begin_anew: care == Care::None,
            refused: None,
            now,
        };
        let guard = self.move_checkpoint(tenant, epoch, place, last.position, now);
        let (written, newly_parked) = self.write(store.db(), &batch, guard, care).await?;
        match written {
            Written::Committed => {}
            Written::Missed => return self.why_not(store.db(), tenant, epoch).await,
            Written::Failed(error) if error.refused() => return Ok(Step::Refused(error)),
            Written::Failed(error) | Written::Unknown(error) => return Err(error.into()),
        }
        let reached = Place {
            position: last.position,
            ..place
        };
        for model in &self.models {
            model.settle(tenant, place, reached);
        }
        let mut parked = Arc::clone(&standing.parked);
        for (model, key) in newly_parked {
            let keys = Arc::make_mut(&mut parked).entry(model).or_default();
            keys.insert(key);
        }
        lock(&self.standings).insert(tenant, Standing::of(reached, parked));
        store.feed().models_are(tenant, self.name, last.position);
        store.hints().models(tenant, self.name, last.position);
        metrics::counter!("entrepot_events_projected_total", "group" => self.name)
            .increment(entries.len() as u64);
        Ok(Step::Committed)
    }

    /// Writes what comes of a batch, parked events included, and commits, if the guard hits; also the
    /// keys, with their model, that are parked from here on.
    async fn write(
        &self,
        db: &Db,
        batch: &Batch<'_>,
        guard: Guard,
        care: Care,
    ) -> Result<(Written, Vec<(String, String)>), DbError> {
        let tenant = batch.facts.tenant;
        let begin = || db.begin(tenant, Purpose::Project);
        let (tx, folded) = match care {
            // Whoever moves the rows meanwhile moves the checkpoint too, and the guard misses.
            Care::None => {
                let folded = refused::fold(&self.models, View::Now(db), batch).await;
                (begin().await?, folded)
            }
            Care::Park => {
                let mut tx = begin().await?;
                let parked = refused::write_around(&self.models, &mut tx, batch).await;
                (tx, parked.map(|parked| (Writes::default(), parked)))
            }
        };
        match folded {
            Ok((mut writes, parked)) => {
                writes.begins(false);
                for row in &parked {
                    writes.put(row);
                }
                let there = |row: &parked::Model| {
                    let keys = batch.parked.get(&row.model);
                    keys.is_some_and(|keys| keys.contains(&row.row_key))
                };
                let fresh = parked.into_iter().filter(|row| !there(row));
                let fresh = fresh.map(|row| (row.model, row.row_key)).collect();
                Ok((writes.commit(tx, guard).await, fresh))
            }
            Err(error) => {
                tx.rollback().await?;
                Ok((Written::Failed(error), Vec::new()))
            }
        }
    }

    /// Moves the checkpoint from where this process left it, if it is there still and nobody holds a
    /// newer lease. What was read before stands at the same position then.
    fn move_checkpoint(
        &self,
        tenant: TenantId,
        epoch: i64,
        place: Place,
        to: i64,
        now: i64,
    ) -> Guard {
        Guard {
            update: "UPDATE checkpoint SET position = $5, lease_epoch = $6, updated_at = $7
                WHERE tenant_id = $1 AND grp = $2 AND position = $3 AND rebuilt = $4
                AND lease_epoch <= $6",
            values: vec![
                tenant.0.into(),
                self.name.into(),
                place.position.into(),
                place.rebuilt.into(),
                to.into(),
                epoch.into(),
                now.into(),
            ],
        }
    }

    /// Why the checkpoint did not move. The first time, it has no row yet.
    async fn why_not(&self, db: &Db, tenant: TenantId, epoch: i64) -> Result<Step, StoreError> {
        let tx = db.begin(tenant, Purpose::Project).await?;
        let there = lock_checkpoint(&tx, tenant, self.name).await?;
        tx.commit().await?;
        Ok(if there.lease_epoch > epoch {
            Step::Fenced
        } else {
            Step::Moved
        })
    }

    /// How the tenant's rows stand by the database. No checkpoint is position 0.
    async fn read_standing(&self, db: &Db, tenant: TenantId) -> Result<Standing, StoreError> {
        self.forget(tenant);
        let tenant_id = (checkpoint::Entity, checkpoint::Column::TenantId);
        let model = Expr::col((parked::Entity, parked::Column::Model));
        // One row a key, however many of its events were put aside.
        let query = Query::select()
            .distinct()
            .column((checkpoint::Entity, checkpoint::Column::Position))
            .column((checkpoint::Entity, checkpoint::Column::Rebuilt))
            .column((parked::Entity, parked::Column::Model))
            .column((parked::Entity, parked::Column::RowKey))
            .from(checkpoint::Entity)
            .left_join(
                parked::Entity,
                Expr::col(tenant_id)
                    .equals((parked::Entity, parked::Column::TenantId))
                    .and(model.is_in(self.models())),
            )
            .and_where(Expr::col(tenant_id).eq(tenant.0))
            .and_where(Expr::col((checkpoint::Entity, checkpoint::Column::Grp)).eq(self.name))
            .to_owned();
        let (mut place, mut parked) = (Place::default(), Parked::new());
        for row in db.ask_of(tenant, query).await? {
            place = Place {
                position: row.try_get_by_index(0).map_err(DbError::from)?,
                rebuilt: row.try_get_by_index(1).map_err(DbError::from)?,
            };
            let model: Option<String> = row.try_get_by_index(2).map_err(DbError::from)?;
            let key: Option<String> = row.try_get_by_index(3).map_err(DbError::from)?;
            if let (Some(model), Some(key)) = (model, key) {
                parked.entry(model).or_default().insert(key);
            }
        }
        let standing = Standing::of(place, Arc::new(parked));
        lock(&self.standings).insert(tenant, standing.clone());
        Ok(standing)
    }

    /// Forgets how a tenant's rows stand and what they say: somebody else has written them.
    fn forget(&self, tenant: TenantId) {
        self.models.iter().for_each(|model| model.forget(tenant));
        lock(&self.standings).remove(&tenant);
    }
}

/// Whether the log is known to go on after these entries.
fn grown(store: &Store, tenant: TenantId, entries: &[Arc<Entry>]) -> bool {
    let known = *store.feed().head(tenant).borrow();
    entries.last().is_none_or(|last| known > last.position)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
