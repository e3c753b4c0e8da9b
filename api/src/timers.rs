//! The clock task: gives the commands that fall due. What falls due is a projection of the log;
//! each command has a key of its own, so that two nodes or a restart give it once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::{
    Actor, ActorKind, PaymentId, ReservationId, Sku, SubscriptionId, TenantId, Warehouse,
};
use entrepot_domain::{inventory, payments, subscriptions};
use entrepot_entity::{scope, timer};
use entrepot_event_store::db::{DbError, Purpose};
use entrepot_event_store::{IdempotencyKey, Store, StoreError, Submission, SubmitError, clock};
use entrepot_projections::runner::Runner;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::Deserialize;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(1);
/// Rows looked at each time.
const BATCH: u64 = 500;
/// A timer whose command was refused is tried again after this.
const REST: Duration = Duration::from_mins(1);

/// What identifies a timer row.
type Key = (i64, String, Uuid);

/// What rows hold besides their subject.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    cycle: i64,
    sku: String,
    warehouse: String,
}

/// Runs until `stop`. `runner` says which tenants are this node's.
pub(crate) async fn run(store: Store, runner: Arc<Runner>, stop: CancellationToken) {
    let mut ticks = interval(TICK);
    let mut resting: HashMap<Key, Instant> = HashMap::new();
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        resting.retain(|_, until| *until > Instant::now());
        match due(&store).await {
            Ok(rows) => {
                for row in rows
                    .into_iter()
                    .filter(|row| runner.holds(TenantId(row.tenant_id)))
                {
                    let key = (row.tenant_id, row.kind.clone(), row.subject_id);
                    if let Entry::Vacant(rest) = resting.entry(key) {
                        rest.insert(Instant::now() + REST);
                        give(&store, &row).await;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "what is due was not found"),
        }
    }
}

async fn due(store: &Store) -> Result<Vec<timer::Model>, StoreError> {
    let tx = store.db().begin_catalogue(Purpose::Read).await?;
    let rows = scope::catalogue::<timer::Entity>()
        .filter(timer::Column::DueAt.lte(clock::instant().micros()))
        .order_by_asc(timer::Column::DueAt)
        .limit(BATCH)
        .all(&tx)
        .await
        .map_err(DbError::from)?;
    tx.commit().await?;
    Ok(rows)
}

async fn give(store: &Store, row: &timer::Model) {
    let Some(submission) = submission(row) else {
        tracing::error!(kind = row.kind, "a timer of an unknown kind is due");
        return;
    };
    match store.submit(submission).await {
        Ok(_) | Err(SubmitError::Refused(_)) => {}
        Err(error) => {
            tracing::warn!(tenant = row.tenant_id, kind = row.kind, %error, "a due command failed");
        }
    }
}

fn submission(row: &timer::Model) -> Option<Submission> {
    let (tenant, subject) = (TenantId(row.tenant_id), row.subject_id);
    let detail: Detail = serde_json::from_str(&row.detail).unwrap_or_default();
    let actor = Actor {
        kind: ActorKind::Timer,
        id: row.kind.clone(),
        roles: Vec::new(),
    };
    let submission = match row.kind.as_str() {
        "subscription_cycle" => {
            let command = subscriptions::RunCycle {
                subscription_id: SubscriptionId(subject),
                cycle: detail.cycle,
            };
            Submission::new(tenant, actor, command)
        }
        "subscription_resume" => {
            let command = subscriptions::ResumeSubscription {
                subscription_id: SubscriptionId(subject),
            };
            Submission::new(tenant, actor, command)
        }
        "reservation_expiry" => {
            let command = inventory::ExpireReservation {
                sku: Sku(detail.sku),
                warehouse: Warehouse(detail.warehouse),
                reservation_id: ReservationId(subject),
            };
            Submission::new(tenant, actor, command)
        }
        "authorization_expiry" => Submission::new(
            tenant,
            actor,
            payments::ExpireAuthorization {
                payment_id: PaymentId(subject),
            },
        ),
        _ => return None,
    };
    // A failed cycle is due again at another instant: the instant makes it another command.
    let key = format!("{}:{subject}:{}:{}", row.kind, detail.cycle, row.due_at);
    Some(submission.keyed(IdempotencyKey {
        client: "timer".to_owned(),
        key,
        permanent: true,
    }))
}
