//! The log's door: submit a command, read the log, know the tenants.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use entrepot_domain::kernel::{StreamId, TenantId};
use entrepot_domain::postings::Postings;
use entrepot_domain::state::State;
use entrepot_entity::{scope, tenant, tenant_head};
use sea_orm::QueryOrder as _;
use tokio::sync::{mpsc, oneshot};

use crate::append;
use crate::clock;
use crate::db::{Db, DbError, Merge, Purpose, Rows};
use crate::error::{StoreError, SubmitError};
use crate::extent::{self, Extent};
use crate::feed::Feed;
use crate::hints::Hints;
use crate::lane::{Lane, QUEUE_MAX, Waiting, job};
use crate::load;
use crate::record::Entry;
use crate::submission::{Receipt, Submission};

/// The log of every tenant, as one process sees it. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

/// What lanes share.
pub(crate) struct Shared {
    pub(crate) db: Db,
    pub(crate) feed: Arc<Feed>,
    pub(crate) hints: Hints,
    pub(crate) postings: Arc<dyn Postings>,
    lanes: Mutex<HashMap<TenantId, mpsc::Sender<Waiting>>>,
    slugs: RwLock<HashMap<String, TenantId>>,
}

impl Shared {
    /// Closes an idle lane's queue, unless a command arrived just now: the next one finds another lane.
    pub(crate) fn retire(&self, tenant: TenantId, queue: &mut mpsc::Receiver<Waiting>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_empty() {
            queue.close();
            lanes.remove(&tenant);
            self.feed.forget_recent(tenant);
        }
    }

    /// How many lanes there are.
    pub(crate) fn lanes(&self) -> usize {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.len()
    }
}

impl Store {
    /// A store on a migrated database.
    pub fn new(db: Db, feed: Arc<Feed>, hints: Hints, postings: Arc<dyn Postings>) -> Self {
        let (lanes, slugs) = (Mutex::default(), RwLock::default());
        Self(Arc::new(Shared {
            db,
            feed,
            hints,
            postings,
            lanes,
            slugs,
        }))
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// What this process knows of positions.
    pub fn feed(&self) -> &Arc<Feed> {
        &self.0.feed
    }

    /// The way to tell other nodes.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// Decides a command and appends its events. The receipt means that they are durable.
    pub async fn submit(&self, submission: Submission) -> Result<Receipt, SubmitError> {
        let (tenant, name) = (submission.tenant, submission.command.name());
        let (reply, answer) = oneshot::channel();
        let mut waiting = Box::new((job(submission, clock::instant())?, reply));
        // A lane may retire between being found and being sent to; the next one takes the job.
        loop {
            match self.lane(tenant).try_send(waiting) {
                Ok(()) => break,
                Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Overloaded),
                Err(mpsc::error::TrySendError::Closed(back)) => {
                    waiting = back;
                    tokio::task::yield_now().await;
                }
            }
        }
        let answer = answer.await.unwrap_or(Err(SubmitError::OutcomeUnknown));
        let outcome = match &answer {
            Ok(receipt) if receipt.replayed => "replayed",
            Ok(_) => "accepted",
            Err(SubmitError::Refused(_) | SubmitError::KeyMismatch) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!("entrepot_commands_total", "kind" => name, "outcome" => outcome)
            .increment(1);
        answer
    }

    fn lane(&self, tenant: TenantId) -> mpsc::Sender<Waiting> {
        let mut lanes = self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&tenant).filter(|lane| !lane.is_closed()) {
            return lane.clone();
        }
        // The first command, the first for a while, or the first after the lane broke.
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(Lane::new(Arc::clone(&self.0), tenant).run(queue));
        lanes.insert(tenant, sender.clone());
        sender
    }

    /// Entries of a tenant's log after a position, in order, without gaps.
    pub async fn read(
        &self,
        tenant: TenantId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        if let Some(recent) = self.0.feed.recent(tenant, after, limit) {
            return Ok(recent);
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        // Boxed, as below: most is known without, and whoever calls carries the room for it.
        let rows = Box::pin(load::rows_of_now(&self.0.db, tenant, after, limit)).await?;
        Ok(rows.iter().map(|row| Arc::new(Entry::read(row))).collect())
    }

    /// What decisions know of a stream, as of the end of the log. For what has no read model.
    pub async fn state(&self, tenant: TenantId, stream: StreamId) -> Result<State, StoreError> {
        let loaded = load::streams(&self.0.db, tenant, &BTreeSet::from([stream])).await?;
        match loaded.into_iter().next() {
            Some((_, slot)) => Ok(slot?.state),
            None => Ok(State::empty(stream.kind)),
        }
    }

    /// The last position of a tenant's log.
    pub async fn head(&self, tenant: TenantId) -> Result<i64, StoreError> {
        let position = append::read_head(&self.0.db, tenant).await?.position;
        self.0.feed.head_is(tenant, position);
        Ok(position)
    }

    /// The tenant of a slug.
    pub async fn tenant(&self, slug: &str) -> Result<TenantId, StoreError> {
        let known = self
            .0
            .slugs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .copied();
        if let Some(tenant) = known {
            return Ok(tenant);
        }
        let sql = "SELECT tenant_id FROM tenant WHERE slug = $1";
        let rows = Box::pin(self.0.db.ask(sql, vec![slug.into()])).await;
        let row = rows?.pop().ok_or(StoreError::NoTenant)?;
        let tenant = TenantId(row.try_get_by_index(0).map_err(DbError::from)?);
        self.0
            .slugs
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug.to_owned(), tenant);
        Ok(tenant)
    }

    /// Where a tenant's log begins and ends, and whether `position` is still within it. The database
    /// is asked, not memory: it may have been restored from an older copy.
    pub async fn extent(&self, tenant: TenantId, position: i64) -> Result<Extent, StoreError> {
        let tx = self.0.db.begin(tenant, Purpose::Read).await?;
        let extent = extent::read(&tx, tenant, position).await?;
        tx.commit().await?;
        Ok(extent)
    }

    /// Every tenant with its slug, by number.
    pub async fn tenants(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        let tx = self.0.db.begin_across_tenants(Purpose::Read).await?;
        let rows = scope::across_tenants::<tenant::Entity>()
            .order_by_asc(tenant::Column::TenantId)
            .all(&tx)
            .await
            .map_err(DbError::from)?;
        tx.commit().await?;
        Ok(rows
            .into_iter()
            .map(|row| (TenantId(row.tenant_id), row.slug))
            .collect())
    }

    /// Gives a slug its number and an empty log. Done before, it answers the same number; the
    /// first event, `tenant.created`, is a command's.
    pub async fn provision(&self, slug: &str) -> Result<TenantId, StoreError> {
        loop {
            match self.tenant(slug).await {
                Err(StoreError::NoTenant) => {}
                found => return found,
            }
            match self.insert_tenant(slug).await {
                // Two nodes drew the same number or slug: look again.
                Err(StoreError::Db(error)) if error.unique_violation() => {}
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
    }

    async fn insert_tenant(&self, slug: &str) -> Result<(), StoreError> {
        let mut tx = self.0.db.begin_across_tenants(Purpose::Append).await?;
        let last = scope::across_tenants::<tenant::Entity>()
            .order_by_desc(tenant::Column::TenantId)
            .one(&tx)
            .await
            .map_err(DbError::from)?;
        let (tenant_id, created_at) = (
            last.map_or(1, |last| last.tenant_id + 1),
            clock::instant().micros(),
        );
        let head = tenant_head::Model {
            tenant_id,
            position: 0,
            incarnation: 1,
            recorded_at: 0,
            hash: vec![0; 32],
        };
        let row = tenant::Model {
            tenant_id,
            slug: slug.to_owned(),
            created_at,
        };
        tx.write(Rows::of(&[row], Merge::Refuse)).await?;
        tx.write(Rows::of(&[head], Merge::Refuse)).await?;
        Ok(tx.commit().await?)
    }
}
