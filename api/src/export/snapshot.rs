//! One state of one tenant's views: everything that is read of it stands where it stands.

use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_event_store::db::{DbError, Purpose, Tx};
use entrepot_projections::{position, registry};
use tokio::time::{Instant, sleep};

use super::about::Positions;
use super::refused::Refused;

/// How long a reader waits for the views to reach its position.
const WAIT: Duration = Duration::from_secs(5);
/// Between two looks for a moment at which all views stand at one position.
const LOOK: Duration = Duration::from_millis(5);

/// A read transaction and where it reads.
pub(crate) struct Snapshot {
    pub(crate) tx: Tx,
    pub(crate) positions: Positions,
}

impl Snapshot {
    /// The state now.
    pub(crate) async fn take(store: &Store, tenant: TenantId) -> Result<Self, DbError> {
        let tx = store.db().begin(tenant, Purpose::Read).await?;
        let positions = Positions::read(&tx, tenant).await?;
        Ok(Self { tx, positions })
    }

    /// A state at which all groups of read models stand at one position: they fold the log each on
    /// their own. If there was no such moment, where they stood last.
    pub(crate) async fn agreed(
        store: &Store,
        tenant: TenantId,
        at_most: Duration,
    ) -> Result<Result<Self, Positions>, DbError> {
        let deadline = Instant::now() + at_most;
        loop {
            let snapshot = Self::take(store, tenant).await?;
            if snapshot.positions.core == snapshot.positions.bi {
                return Ok(Ok(snapshot));
            }
            snapshot.tx.rollback().await?;
            if Instant::now() >= deadline {
                return Ok(Err(snapshot.positions));
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until every group has reached a position of the tenant's log.
    pub(crate) async fn wait(
        store: &Store,
        tenant: TenantId,
        position: i64,
    ) -> Result<(), Refused> {
        for group in registry::GROUPS {
            if !position::reached(store, tenant, group, position, WAIT).await? {
                return Err(Refused::not_yet(position));
            }
        }
        Ok(())
    }
}
