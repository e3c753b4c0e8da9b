//! Waiting until read models have reached a position: reading one's own writes.

use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::{Store, StoreError};
use tokio::time::{Instant, timeout};

use crate::place::checkpoint_of;

/// The first and the longest pause between two looks into the database.
const POLL: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// Waits until a group has folded a tenant's log up to `position`. `false` if time ran out.
///
/// Woken by the feed when this node or a hint says so, else by looking: another node may hold the
/// tenant's slot, and hints may be lost.
pub async fn reached(
    store: &Store,
    tenant: TenantId,
    group: &'static str,
    position: i64,
    at_most: Duration,
) -> Result<bool, StoreError> {
    if store.feed().reached(tenant, group) >= position {
        return Ok(true);
    }
    let mut known = store.feed().models(tenant, group);
    let (deadline, mut pause) = (Instant::now() + at_most, POLL.0);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let woken = timeout(
            pause.min(left),
            known.wait_for(|reached| *reached >= position),
        )
        .await;
        if woken.is_ok_and(|known| known.is_ok()) {
            return Ok(true);
        }
        let there = checkpoint_of(store.db(), tenant, group).await?;
        store.feed().models_are(tenant, group, there);
        if there >= position {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        pause = (pause * 2).min(POLL.1);
    }
}
