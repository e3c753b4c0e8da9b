//! A group of read models: one checkpoint, one transaction, so that all of them always stand at
//! the same position of a tenant's log.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use entrepot_domain::tenants::TenantEvent;
use entrepot_entity::{checkpoint, parked, scope};
use entrepot_event_store::db::{Db, DbError, Merge, Purpose, Rows, Tx};
use entrepot_event_store::{Entry, Store, StoreError, clock};
use sea_orm::{DbErr, FromQueryResult as _};

use crate::folding::{AnyModel, Batch};
use crate::model::TenantFacts;
use crate::refused;

/// Events folded at most in one transaction.
const BATCH_MAX: usize = 1_000;

/// A group of read models.
pub struct Group {
    /// `core` or `bi`: names the checkpoint.
    pub name: &'static str,
    pub(crate) models: Vec<Box<dyn AnyModel>>,
    /// Where each tenant's rows stood when this process last wrote them.
    places: Mutex<HashMap<TenantId, Place>>,
    facts: Mutex<HashMap<TenantId, Arc<TenantFacts>>>,
}

/// Where rows stand, and how often they were rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    position: i64,
    rebuilt: i64,
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

impl Group {
    pub(crate) fn new(name: &'static str, models: Vec<Box<dyn AnyModel>>) -> Self {
        Self {
            name,
            models,
            places: Mutex::default(),
            facts: Mutex::default(),
        }
    }

    /// Folds whatever a tenant's log holds beyond the checkpoint. `epoch` is the lease's.
    pub async fn catch_up(
        &self,
        store: &Store,
        tenant: TenantId,
        epoch: i64,
    ) -> Result<(), StoreError> {
        loop {
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
            match step {
                Ok(Step::Done) => return Ok(()),
                Ok(Step::Committed) => {}
                Ok(Step::Moved(to)) => self.forget(tenant, Some(to)),
                Ok(Step::Fenced) => {
                    self.forget(tenant, None);
                    return Ok(());
                }
                Ok(Step::Refused(error)) => {
                    self.forget(tenant, None);
                    return Err(error.into());
                }
                Err(error) => {
                    self.forget(tenant, None);
                    return Err(error);
                }
            }
        }
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
        let mut tx = store.db().begin(tenant, Purpose::Project).await?;
        let there = lock_checkpoint(&tx, tenant, self.name).await?;
        if there.lease_epoch > epoch {
            tx.rollback().await?;
            return Ok(Step::Fenced);
        }
        if Place::from(&there) != place {
            tx.rollback().await?;
            return Ok(Step::Moved(Place::from(&there)));
        }
        let parked = self.parked(&tx, tenant).await?;
        let now = clock::instant().micros();
        let batch = Batch {
            facts: &facts,
            entries,
            parked: &parked,
            refused: None,
            now,
        };
        if let Err(error) = self.write(&mut tx, &batch, care).await {
            let refused = error.refused();
            tx.rollback().await?;
            return if refused {
                Ok(Step::Refused(error))
            } else {
                Err(error.into())
            };
        }
        let row = checkpoint::Model {
            tenant_id: tenant.0,
            grp: self.name.to_owned(),
            position: last.position,
            lease_epoch: epoch,
            rebuilt: there.rebuilt,
            updated_at: now,
        };
        tx.write(Rows::of(&[row], Merge::Replace)).await?;
        tx.commit().await?;
        self.stands(
            tenant,
            Place {
                position: last.position,
                ..place
            },
        );
        store.feed().models_are(tenant, self.name, last.position);
        store.hints().models(tenant, self.name, last.position);
        metrics::counter!("entrepot_events_projected_total", "group" => self.name)
            .increment(entries.len() as u64);
        Ok(Step::Committed)
    }

    /// Folds a batch in every model and writes what comes of it, parked events included.
    async fn write(&self, tx: &mut Tx, batch: &Batch<'_>, care: Care) -> Result<(), DbError> {
        let parked = match care {
            Care::None => refused::write(&self.models, tx, batch).await?,
            Care::Park => refused::write_around(&self.models, tx, batch).await?,
        };
        tx.write(Rows::of(&parked, Merge::Replace)).await
    }

    /// The keys that are parked, by model.
    async fn parked(
        &self,
        tx: &Tx,
        tenant: TenantId,
    ) -> Result<HashMap<String, HashSet<String>>, StoreError> {
        let rows = scope::of::<parked::Entity>(tenant.0)
            .all(tx)
            .await
            .map_err(DbError::from)?;
        let mut parked: HashMap<String, HashSet<String>> = HashMap::new();
        for row in rows {
            parked.entry(row.model).or_default().insert(row.row_key);
        }
        Ok(parked)
    }

    /// What the tenant was created as.
    pub(crate) async fn facts(
        &self,
        store: &Store,
        tenant: TenantId,
    ) -> Result<Arc<TenantFacts>, StoreError> {
        let known = self
            .facts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&tenant)
            .map(Arc::clone);
        if let Some(facts) = known {
            return Ok(facts);
        }
        let facts = Arc::new(facts(store, tenant).await?);
        self.facts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tenant, Arc::clone(&facts));
        Ok(facts)
    }

    fn place(&self, tenant: TenantId) -> Option<Place> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&tenant).copied()
    }

    fn stands(&self, tenant: TenantId, place: Place) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(tenant, place);
    }

    async fn read_place(&self, db: &Db, tenant: TenantId) -> Result<Place, StoreError> {
        let tx = db.begin_catalogue(Purpose::Read).await?;
        let row = read_checkpoint(&tx, tenant, self.name, "").await?;
        tx.commit().await?;
        let place = row.as_ref().map_or(
            Place {
                position: 0,
                rebuilt: 0,
            },
            Place::from,
        );
        self.forget(tenant, Some(place));
        Ok(place)
    }

    /// Forgets a tenant's documents: they are not what the rows say any more.
    fn forget(&self, tenant: TenantId, place: Option<Place>) {
        self.models.iter().for_each(|model| model.forget(tenant));
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        match place {
            Some(place) => places.insert(tenant, place),
            None => places.remove(&tenant),
        };
    }
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
    let tx = db.begin_catalogue(Purpose::Read).await?;
    let position = checkpoint_in(&tx, tenant, group).await?;
    tx.commit().await?;
    Ok(position)
}

/// Where a group stands in the state that a transaction sees.
pub async fn checkpoint_in(tx: &Tx, tenant: TenantId, group: &str) -> Result<i64, DbError> {
    Ok(read_checkpoint(tx, tenant, group, "")
        .await?
        .map_or(0, |row| row.position))
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
