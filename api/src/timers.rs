//! The clock task: gives the commands that fall due. What falls due is a projection of the log;
//! each command has a key of its own, so that two nodes or a restart give it once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::{Actor, ActorKind, TenantId};
use entrepot_domain::{inventory, payments, subscriptions};
use entrepot_entity::{scope, timer};
use entrepot_event_store::db::{DbError, Purpose};
use entrepot_event_store::{IdempotencyKey, Store, StoreError, Submission, SubmitError, clock};
use entrepot_projections::runner::Runner;
use entrepot_projections::timers::Due;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(1);
/// Rows in one statement.
const PAGE: u64 = 500;
/// Statements of one look: the next goes on behind them, so that what stays due, however much it is,
/// stands in nobody's way.
const PAGES: usize = 10;
/// A timer that was given is not given again before this, though it still be due: its command was
/// refused, or its rows are not folded yet.
const REST: Duration = Duration::from_mins(1);

/// What identifies a timer row.
type Key = (i64, String, Uuid);

/// Runs until `stop`. `runner` says which tenants are this node's.
pub(crate) async fn run(store: Store, runner: Arc<Runner>, stop: CancellationToken) {
    let mut clock = Clock {
        store,
        runner,
        seen: None,
        resting: HashMap::new(),
        given: JoinSet::new(),
    };
    let mut ticks = interval(TICK);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = clock.look().await {
            tracing::warn!(%error, "what is due was not found");
        }
    }
    while clock.given.join_next().await.is_some() {}
}

struct Clock {
    store: Store,
    runner: Arc<Runner>,
    /// The last row that was looked at, if rows behind it are due, too.
    seen: Option<timer::Model>,
    resting: HashMap<Key, Instant>,
    /// Commands under way, as many of a tenant as its lane takes: none waits for another tenant's.
    /// Each ends with its key, if it may be given again at once.
    given: JoinSet<Option<Key>>,
}

impl Clock {
    async fn look(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        while let Some(given) = self.given.try_join_next() {
            if let Ok(Some(key)) = given {
                self.resting.remove(&key);
            }
        }
        for _ in 0..PAGES {
            let rows = due(&self.store, self.seen.as_ref()).await?;
            let more = rows.len() as u64 == PAGE;
            self.seen = rows.last().filter(|_| more).cloned();
            for row in rows {
                self.give(row, now);
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn give(&mut self, row: timer::Model, now: Instant) {
        if !self.runner.holds(TenantId(row.tenant_id)) {
            return;
        }
        let key = key(&row);
        if let Entry::Vacant(rest) = self.resting.entry(key) {
            rest.insert(now + REST);
            self.given.spawn(give(self.store.clone(), row));
        }
    }
}

/// The next rows that are due, in the order in which they fell due.
async fn due(
    store: &Store,
    behind: Option<&timer::Model>,
) -> Result<Vec<timer::Model>, StoreError> {
    use timer::Column::{DueAt, Kind, SubjectId, TenantId};

    let tx = store.db().begin_across_tenants(Purpose::Read).await?;
    let mut query =
        scope::across_tenants::<timer::Entity>().filter(DueAt.lte(clock::instant().micros()));
    if let Some(last) = behind {
        // Said once more by itself: as an index's condition.
        query = query.filter(DueAt.gte(last.due_at));
    }
    let mut page = query.cursor_by((DueAt, TenantId, Kind, SubjectId));
    if let Some(last) = behind {
        page.after((
            last.due_at,
            last.tenant_id,
            last.kind.clone(),
            last.subject_id,
        ));
    }
    let rows = page.first(PAGE).all(&tx).await.map_err(DbError::from)?;
    tx.commit().await?;
    Ok(rows)
}

fn key(row: &timer::Model) -> Key {
    (row.tenant_id, row.kind.clone(), row.subject_id)
}

/// Gives the command of a row; the row's key, if the tenant's lane was full.
async fn give(store: Store, row: timer::Model) -> Option<Key> {
    let error = match submission(&row) {
        Ok(submission) => match store.submit(submission).await {
            Ok(_) | Err(SubmitError::Refused(_)) => return None,
            Err(SubmitError::Overloaded) => return Some(key(&row)),
            Err(error) => error,
        },
        Err(error) => StoreError::Db(error).into(),
    };
    tracing::warn!(tenant = row.tenant_id, kind = row.kind, %error, "a due command failed");
    None
}

fn submission(row: &timer::Model) -> Result<Submission, DbError> {
    let tenant = TenantId(row.tenant_id);
    let actor = Actor {
        kind: ActorKind::Timer,
        id: row.kind.clone(),
        roles: Vec::new(),
    };
    let mut of_cycle = 0;
    let submission = match Due::of(row)? {
        Due::Cycle {
            subscription_id,
            cycle,
        } => {
            of_cycle = cycle;
            let command = subscriptions::RunCycle {
                subscription_id,
                cycle,
            };
            Submission::new(tenant, actor, command)
        }
        Due::Resume(subscription_id) => {
            let command = subscriptions::ResumeSubscription { subscription_id };
            Submission::new(tenant, actor, command)
        }
        Due::ReservationExpiry {
            reservation_id,
            sku,
            warehouse,
        } => {
            let command = inventory::ExpireReservation {
                sku,
                warehouse,
                reservation_id,
            };
            Submission::new(tenant, actor, command)
        }
        Due::AuthorizationExpiry(payment_id) => {
            Submission::new(tenant, actor, payments::ExpireAuthorization { payment_id })
        }
    };
    // A failed cycle is due again at another instant: the instant makes it another command.
    let key = format!("{}:{}:{of_cycle}:{}", row.kind, row.subject_id, row.due_at);
    Ok(submission.keyed(IdempotencyKey {
        client: "timer".to_owned(),
        key,
        permanent: true,
    }))
}
