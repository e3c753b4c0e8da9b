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
use sea_orm::FromQueryResult as _;

use crate::folding::{AnyModel, Batch};
use crate::model::TenantFacts;
use crate::writes::Writes;

/// Events folded at most in one transaction.
const BATCH_MAX: usize = 1_000;

/// A group of read models.
pub struct Group {
    /// `core` or `bi`: names the checkpoint.
    pub name: &'static str,
    pub(crate) models: Vec<Box<dyn AnyModel>>,
    /// Where each tenant's rows stood when this process last wrote them.
    positions: Mutex<HashMap<TenantId, i64>>,
    facts: Mutex<HashMap<TenantId, Arc<TenantFacts>>>,
}

/// How one batch ended.
enum Step {
    /// There is nothing to read.
    Done,
    /// Rows and checkpoint stand at this position now.
    Committed,
    /// Another node moved the checkpoint, or holds the lease.
    Moved(i64),
    /// The database refused the rows.
    Refused(DbError),
}

impl Group {
    pub(crate) fn new(name: &'static str, models: Vec<Box<dyn AnyModel>>) -> Self {
        Self {
            name,
            models,
            positions: Mutex::default(),
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
        let mut limit = BATCH_MAX;
        let mut slow_until = 0;
        loop {
            let position = match self.position(tenant) {
                Some(position) => position,
                None => self.read_position(store.db(), tenant).await?,
            };
            if position >= slow_until {
                limit = BATCH_MAX;
            }
            let entries = store.read(tenant, position, limit).await?;
            let last = entries.last().map_or(position, |entry| entry.position);
            match self
                .step(store, tenant, epoch, position, &entries, None)
                .await
            {
                Ok(Step::Done) => return Ok(()),
                Ok(Step::Committed) => {}
                Ok(Step::Moved(to)) => self.forget(tenant, Some(to)),
                Ok(Step::Refused(error)) if limit > 1 => {
                    // Find the event that the database refuses: one at a time up to here.
                    tracing::warn!(tenant = tenant.0, group = self.name, %error, "a batch was refused");
                    self.forget(tenant, Some(position));
                    (limit, slow_until) = (1, last);
                }
                Ok(Step::Refused(error)) => {
                    self.forget(tenant, Some(position));
                    self.step(
                        store,
                        tenant,
                        epoch,
                        position,
                        &entries,
                        Some(&error.to_string()),
                    )
                    .await?;
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
        tenant: TenantId,
        epoch: i64,
        position: i64,
        entries: &[Arc<Entry>],
        refused: Option<&str>,
    ) -> Result<Step, StoreError> {
        let Some(last) = entries.last() else {
            return Ok(Step::Done);
        };
        let facts = self.facts(store, tenant).await?;
        let mut tx = store.db().begin(tenant, Purpose::Project).await?;
        let there = lock_checkpoint(&mut tx, tenant, self.name).await?;
        if there.position != position || there.lease_epoch > epoch {
            tx.rollback().await?;
            return Ok(Step::Moved(there.position));
        }
        let parked = self.parked(&tx, tenant).await?;
        let now = clock::instant().micros();
        let batch = Batch {
            facts: &facts,
            entries,
            parked: &parked,
            refused,
            now,
        };
        if let Err(error) = self.write(&mut tx, &batch).await {
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
            updated_at: now,
        };
        tx.write(Rows::of(&[row], Merge::Replace)).await?;
        tx.commit().await?;
        self.forget_position(tenant, last.position);
        store.feed().models_are(tenant, self.name, last.position);
        store.hints().models(tenant, self.name, last.position);
        metrics::counter!("entrepot_events_projected_total", "group" => self.name)
            .increment(entries.len() as u64);
        Ok(Step::Committed)
    }

    /// Folds a batch in every model and writes what comes of it.
    pub(crate) async fn write(&self, tx: &mut Tx, batch: &Batch<'_>) -> Result<(), DbError> {
        let (mut writes, mut parked) = (Writes::default(), Vec::new());
        for model in &self.models {
            parked.extend(model.fold(tx, batch, &mut writes).await?);
        }
        writes.flush(tx).await?;
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

    fn position(&self, tenant: TenantId) -> Option<i64> {
        self.positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&tenant)
            .copied()
    }

    async fn read_position(&self, db: &Db, tenant: TenantId) -> Result<i64, StoreError> {
        let position = checkpoint_of(db, tenant, self.name).await?;
        self.forget(tenant, Some(position));
        Ok(position)
    }

    fn forget_position(&self, tenant: TenantId, position: i64) {
        self.positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tenant, position);
    }

    /// Forgets a tenant's documents: they are not what the rows say any more.
    fn forget(&self, tenant: TenantId, position: Option<i64>) {
        self.models.iter().for_each(|model| model.forget(tenant));
        let mut positions = self
            .positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match position {
            Some(position) => positions.insert(tenant, position),
            None => positions.remove(&tenant),
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
    match event {
        Some(Event::Tenant(TenantEvent::Created(created))) => Ok(TenantFacts {
            tenant,
            base_currency: created.base_currency,
            time_zone: created.time_zone.clone(),
        }),
        _ => {
            let what = "the first event is not `tenant.created`".to_owned();
            Err(StoreError::Corrupt {
                tenant: tenant.0,
                position: 1,
                what,
            })
        }
    }
}

/// Where a group stands, without waiting. No row is position 0, never "done".
pub async fn checkpoint_of(db: &Db, tenant: TenantId, group: &str) -> Result<i64, StoreError> {
    let tx = db.begin_catalogue(Purpose::Read).await?;
    let position = read_checkpoint(&tx, tenant, group, "")
        .await?
        .map_or(0, |row| row.position);
    tx.commit().await?;
    Ok(position)
}

/// Locks a group's checkpoint, making it if it is the first time.
pub(crate) async fn lock_checkpoint(
    tx: &mut Tx,
    tenant: TenantId,
    group: &str,
) -> Result<checkpoint::Model, DbError> {
    let lock = tx.lock_clause();
    if let Some(row) = read_checkpoint(tx, tenant, group, lock).await? {
        return Ok(row);
    }
    let (tenant_id, grp) = (tenant.0, group.to_owned());
    let row = checkpoint::Model {
        tenant_id,
        grp,
        position: 0,
        lease_epoch: 0,
        updated_at: 0,
    };
    tx.write(Rows::of(std::slice::from_ref(&row), Merge::Refuse))
        .await?;
    Ok(row)
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
