//! The clock task: gives the commands that fall due. What falls due is a projection of the log;
//! each command has a key of its own, so that two nodes or a restart give it once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::{Actor, ActorKind, TenantId};
use entrepot_domain::{inventory, payments, subscriptions};
use entrepot_entity::{scope, timer};
use entrepot_event_store::db::{DbError, Purpose};
use entrepot_event_store::{IdempotencyKey, Store, StoreError, Submission, SubmitError, clock};
use entrepot_projections::runner::Runner;
use entrepot_projections::timers::Due;
use futures_util::FutureExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
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
/// Commands of one tenant that are under way at one time: two groups, and room for the tenant's own.
const EACH: usize = 512;
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
        under_way: HashMap::new(),
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
    /// Commands under way: none waits for another tenant's. Each ends with its row's key, and whether it
    /// may be given again at once.
    given: JoinSet<(Key, bool)>,
    /// How many of each tenant.
    under_way: HashMap<i64, usize>,
}

impl Clock {
    async fn look(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        while let Some(given) = self.given.try_join_next() {
            let (key, again) = given.unwrap_or_default();
            if let Entry::Occupied(mut count) = self.under_way.entry(key.0) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
            if again {
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
        // One that finds no room comes with the next round.
        let count = self.under_way.get(&row.tenant_id).copied();
        let count = count.unwrap_or_default();
        if let Entry::Vacant(rest) = self.resting.entry(key(&row))
            && count < EACH
        {
            rest.insert(now + REST);
            self.under_way.insert(row.tenant_id, count + 1);
            let store = self.store.clone();
            self.given.spawn(async move {
                let key = key(&row);
                let given = AssertUnwindSafe(give(store, row)).catch_unwind();
                (key, given.await.unwrap_or_default())
            });
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
    let order = [DueAt, TenantId, Kind, SubjectId];
    let mut query = scope::across_tenants::<timer::Entity>();
    query = query.filter(DueAt.lte(clock::instant().micros()));
    if let Some(last) = behind {
        let columns = Expr::tuple(order.map(Expr::col));
        query = query.filter(columns.gt(Expr::tuple([
            last.due_at.into(),
            last.tenant_id.into(),
            last.kind.clone().into(),
            last.subject_id.into(),
        ])));
    }
    for column in order {
        query = query.order_by_asc(column);
    }
    let rows = query.limit(PAGE).all(&tx).await.map_err(DbError::from)?;
    tx.commit().await?;
    Ok(rows)
}

fn key(row: &timer::Model) -> Key {
    (row.tenant_id, row.kind.clone(), row.subject_id)
}

/// Gives the command of a row; whether the tenant's lane was full.
async fn give(store: Store, row: timer::Model) -> bool {
    let error = match submission(&row) {
        Ok(submission) => match store.submit(submission).await {
            Ok(_) | Err(SubmitError::Refused(_)) => return false,
            Err(SubmitError::Overloaded) => return true,
            Err(error) => error,
        },
        Err(error) => StoreError::Db(error).into(),
    };
    tracing::warn!(tenant = row.tenant_id, kind = row.kind, %error, "a due command failed");
    false
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
