//! A group of read models: one checkpoint, one transaction, so that all of them always stand at
//! the same position of a tenant's log.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use entrepot_domain::tenants::TenantEvent;
use entrepot_entity::scope::TenantScoped;
use entrepot_entity::{checkpoint, parked, scope};
use entrepot_event_store::db::{Db, DbError, Guard, Purpose, Tx, Written};
use entrepot_event_store::{Entry, Store, StoreError, clock};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait as _, DbErr, FromQueryResult as _, QueryResult, QuerySelect as _, QueryTrait as _,
    Select,
};

use crate::folding::{AnyModel, Batch, Model};
use crate::model::{Documents, Fold, TenantFacts};
use crate::refused;
use crate::writes::Writes;

/// The column beside a list's own that says where it stands: one text, so that the checkpoint is looked
/// for once.
const PLACE: &str = "place";

/// Events folded at most in one transaction.
const BATCH_MAX: usize = 1_000;

/// A group of read models.
pub struct Group {
    /// `core` or `bi`: names the checkpoint.
    pub name: &'static str,
    pub(crate) models: Vec<Box<dyn AnyModel>>,
    /// How long a tenant rests between two batches.
    pub(crate) pace: Duration,
    /// Where each tenant's rows stood when this process last wrote them.
    places: Mutex<HashMap<TenantId, Place>>,
    facts: Mutex<HashMap<TenantId, Arc<TenantFacts>>>,
    parked: Mutex<HashMap<TenantId, Arc<Parked>>>,
}

/// Keys that are parked, by model.
type Parked = HashMap<String, HashSet<String>>;

/// Where rows stand, and how often they were rebuilt. Two reads at one place see the same rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Of the newest event that the rows show; 0 before the first.
    pub position: i64,
    /// How often this happened.
    pub rebuilt: i64,
}

impl Place {
    /// Whether rows stood at another place before they stood here.
    pub const fn is_after(self, other: Self) -> bool {
        self.rebuilt > other.rebuilt
            || (self.rebuilt == other.rebuilt && self.position > other.position)
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, DbErr> {
        let numbers = text.split_once(' ').and_then(|(position, rebuilt)| {
            Some(Self {
                position: position.parse().ok()?,
                rebuilt: rebuilt.parse().ok()?,
            })
        });
        numbers.ok_or_else(|| DbErr::Type(format!("not a place: {text}")))
    }
}

impl From<&checkpoint::Model> for Place {
    fn from(row: &checkpoint::Model) -> Self {
        Self {
            position: row.position,
            rebuilt: row.rebuilt,
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
    /// Another node moved the checkpoint.
    Moved(Place),
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
    pub(crate) fn new(name: &'static str, models: Vec<Box<dyn AnyModel>>, pace: Duration) -> Self {
        Self {
            name,
            models,
            pace,
            places: Mutex::default(),
            facts: Mutex::default(),
            parked: Mutex::default(),
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

    /// Folds one batch of what a tenant's log holds beyond the checkpoint.
    pub(crate) async fn advance(
        &self,
        store: &Store,
        tenant: TenantId,
        epoch: i64,
    ) -> Result<Reached, StoreError> {
        let place = match self.place(tenant) {
            Some(place) => place,
            None => self.read_place(store.db(), tenant).await?,
        };
        let entries = store.read(tenant, place.position, BATCH_MAX).await?;
        let at = (tenant, epoch, place);
        let mut step = self.step(store, at, &entries, Care::None).await;
        if let Ok(Step::Refused(error)) = &step {
            tracing::warn!(tenant = tenant.0, group = self.name, %error, "a batch was refused");
            self.forget(tenant, Some(place));
            step = self.step(store, at, &entries, Care::Park).await;
        }
        if !matches!(step, Ok(Step::Done | Step::Committed)) {
            self.forget(tenant, None);
        }
        Ok(match step? {
            Step::Done | Step::Fenced => Reached::End,
            // Whoever appends more says so: there is no need to look.
            Step::Committed if entries.len() < BATCH_MAX && !grown(store, tenant, &entries) => {
                Reached::End
            }
            Step::Committed => Reached::Batch,
            Step::Moved(to) => {
                self.stands(tenant, to);
                Reached::Batch
            }
            Step::Refused(error) => return Err(error.into()),
        })
    }

    async fn step(
        &self,
        store: &Store,
        (tenant, epoch, place): (TenantId, i64, Place),
        entries: &[Arc<Entry>],
        care: Care,
    ) -> Result<Step, StoreError> {
        let Some(last) = entries.last() else {
            return Ok(Step::Done);
        };
        let facts = self.facts(store, tenant).await?;
        let parked = self.parked(store.db(), tenant).await?;
        let mut tx = store.db().begin(tenant, Purpose::Project).await?;
        let now = clock::instant().micros();
        let batch = Batch {
            facts: &facts,
            place,
            entries,
            parked: &parked,
            begin_anew: care == Care::None,
            refused: None,
            now,
        };
        let guard = self.move_checkpoint(tenant, epoch, place, last.position, now);
        let folded = match care {
            Care::None => refused::fold(&self.models, &tx, &batch).await,
            Care::Park => {
                let parked = refused::write_around(&self.models, &mut tx, &batch).await;
                parked.map(|parked| (Writes::default(), parked))
            }
        };
        let written = match folded {
            Ok((writes, parked)) => self.commit(tx, &batch, guard, writes, &parked).await,
            Err(error) => {
                tx.rollback().await?;
                Written::Failed(error)
            }
        };
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
        self.stands(tenant, reached);
        store.feed().models_are(tenant, self.name, last.position);
        store.hints().models(tenant, self.name, last.position);
        metrics::counter!("entrepot_events_projected_total", "group" => self.name)
            .increment(entries.len() as u64);
        Ok(Step::Committed)
    }

    /// Writes what came of a batch, parked events included, and commits, if the guard hits.
    async fn commit(
        &self,
        tx: Tx,
        batch: &Batch<'_>,
        guard: Guard,
        mut writes: Writes,
        parked: &[parked::Model],
    ) -> Written {
        writes.begins(false);
        for row in parked {
            writes.put(row);
        }
        if !parked.is_empty() {
            lock(&self.parked).remove(&batch.facts.tenant);
        }
        writes.commit(tx, guard).await
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
            Step::Moved(Place::from(&there))
        })
    }

    /// The keys that are parked, by model. Who else parks or frees keys moves the checkpoint.
    async fn parked(&self, db: &Db, tenant: TenantId) -> Result<Arc<Parked>, StoreError> {
        if let Some(parked) = lock(&self.parked).get(&tenant) {
            return Ok(Arc::clone(parked));
        }
        let rows = scope::of::<parked::Entity>(tenant.0).into_query();
        let mut keys = Parked::new();
        for row in db.ask_of(tenant, rows).await? {
            let row = parked::Model::from_query_result(&row, "").map_err(DbError::from)?;
            keys.entry(row.model).or_default().insert(row.row_key);
        }
        let keys = Arc::new(keys);
        lock(&self.parked).insert(tenant, Arc::clone(&keys));
        Ok(keys)
    }

    /// What the tenant was created as.
    pub(crate) async fn facts(
        &self,
        store: &Store,
        tenant: TenantId,
    ) -> Result<Arc<TenantFacts>, StoreError> {
        if let Some(facts) = lock(&self.facts).get(&tenant) {
            return Ok(Arc::clone(facts));
        }
        let facts = Arc::new(facts(store, tenant).await?);
        lock(&self.facts).insert(tenant, Arc::clone(&facts));
        Ok(facts)
    }

    fn place(&self, tenant: TenantId) -> Option<Place> {
        lock(&self.places).get(&tenant).copied()
    }

    fn stands(&self, tenant: TenantId, place: Place) {
        lock(&self.places).insert(tenant, place);
    }

    async fn read_place(&self, db: &Db, tenant: TenantId) -> Result<Place, StoreError> {
        let place = place_of(db, tenant, self.name).await?;
        self.forget(tenant, Some(place));
        Ok(place)
    }

    /// Forgets a tenant's documents: they are not what the rows say any more.
    fn forget(&self, tenant: TenantId, place: Option<Place>) {
        self.models.iter().for_each(|model| model.forget(tenant));
        lock(&self.parked).remove(&tenant);
        match place {
            Some(place) => lock(&self.places).insert(tenant, place),
            None => lock(&self.places).remove(&tenant),
        };
    }
}

/// Whether the log is known to go on after these entries.
fn grown(store: &Store, tenant: TenantId, entries: &[Arc<Entry>]) -> bool {
    let known = *store.feed().head(tenant).borrow();
    entries.last().is_none_or(|last| known > last.position)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the first event of a tenant's log says.
pub async fn facts(store: &Store, tenant: TenantId) -> Result<TenantFacts, StoreError> {
    let first = store.read(tenant, 0, 1).await?;
    let event = first
        .first()
        .and_then(|entry| entry.event.as_ref().ok())
        .map(|recorded| &recorded.event);
    let Some(Event::Tenant(TenantEvent::Created(created))) = event else {
        let what = "the first event is not `tenant.created`".to_owned();
        return Err(StoreError::Corrupt {
            tenant: tenant.0,
            position: 1,
            what,
        });
    };
    Ok(TenantFacts {
        tenant,
        base_currency: created.base_currency,
        time_zone: created.time_zone.clone(),
    })
}

/// Where a group stands, without waiting. No row is position 0, never "done".
pub async fn checkpoint_of(db: &Db, tenant: TenantId, group: &str) -> Result<i64, StoreError> {
    Ok(place_of(db, tenant, group).await?.position)
}

async fn place_of(db: &Db, tenant: TenantId, group: &str) -> Result<Place, StoreError> {
    let places = places(db, &[tenant], group).await?;
    Ok(places.get(&tenant).copied().unwrap_or_default())
}

/// Where a group stands in the state that a transaction sees.
pub async fn place_in(tx: &Tx, tenant: TenantId, group: &str) -> Result<Place, DbError> {
    let row = read_checkpoint(tx, tenant, group, "").await?;
    Ok(row.as_ref().map(Place::from).unwrap_or_default())
}

/// The rows of a query and where the group stands that they belong to, by one statement. `None` if there
/// are no rows to say it with.
pub async fn rows_with_place<E: TenantScoped>(
    db: &Db,
    tenant: TenantId,
    group: &str,
    rows: Select<E>,
) -> Result<Option<(Place, Vec<E::Model>)>, DbError> {
    let place = Query::select()
        .expr(Expr::cust("position || ' ' || rebuilt"))
        .from(checkpoint::Entity)
        .and_where(checkpoint::Column::TenantId.eq(tenant.0))
        .and_where(checkpoint::Column::Grp.eq(group))
        .to_owned();
    let rows = rows.expr_as(Expr::SubQuery(None, Box::new(place.into())), PLACE);
    let rows = db.ask_of(tenant, rows.into_query()).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let place: Option<String> = first.try_get("", PLACE)?;
    let place = place
        .as_deref()
        .map(Place::parse)
        .transpose()?
        .unwrap_or_default();
    let rows = rows.iter().map(|row| E::Model::from_query_result(row, ""));
    Ok(Some((place, rows.collect::<Result<_, _>>()?)))
}

/// Where a group of many tenants stands, by one statement.
pub async fn places(
    db: &Db,
    tenants: &[TenantId],
    group: &str,
) -> Result<HashMap<TenantId, Place>, StoreError> {
    let (among, tenants) = db.among(tenants.iter().map(|tenant| tenant.0));
    let sql = format!(
        "SELECT tenant_id, position, rebuilt FROM checkpoint WHERE grp = $2 AND tenant_id {among}"
    );
    let rows = db.ask(&sql, vec![tenants, group.into()]).await?;
    let place = |row: &QueryResult| {
        let number = |at| row.try_get_by_index::<i64>(at);
        let (position, rebuilt) = (number(1)?, number(2)?);
        Ok((TenantId(number(0)?), Place { position, rebuilt }))
    };
    let places: Result<_, DbErr> = rows.iter().map(place).collect();
    Ok(places.map_err(DbError::from)?)
}

/// Locks a group's checkpoint, making it if it is the first time.
pub(crate) async fn lock_checkpoint(
    tx: &Tx,
    tenant: TenantId,
    group: &str,
) -> Result<checkpoint::Model, DbError> {
    let lock = tx.lock_clause();
    if let Some(row) = read_checkpoint(tx, tenant, group, lock).await? {
        return Ok(row);
    }
    // Two may be the first: the second waits here for the other's row.
    let sql = "INSERT INTO checkpoint (tenant_id, grp, position, lease_epoch, rebuilt, updated_at)
        VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
    tx.execute_sql(sql, vec![tenant.0.into(), group.into()])
        .await?;
    let row = read_checkpoint(tx, tenant, group, lock).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(format!("the checkpoint of {group}")).into())
}

async fn read_checkpoint(
    tx: &Tx,
    tenant: TenantId,
    group: &str,
    lock: &str,
) -> Result<Option<checkpoint::Model>, DbError> {
    let sql = format!("SELECT * FROM checkpoint WHERE tenant_id = $1 AND grp = $2{lock}");
    let row = tx
        .query_sql(&sql, vec![tenant.0.into(), group.into()])
        .await?
        .pop();
    Ok(row
        .map(|row| checkpoint::Model::from_query_result(&row, ""))
        .transpose()?)
}
