//! Access that was taken away: tokens revoked, tenants suspended. Asked for every request, before
//! every live update and every few seconds of a silent stream or socket.
//!
//! It follows the tenant's own log by looking, once a second at most: every node finds out by itself,
//! with Redis or without.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entrepot_domain::kernel::{Instant as Moment, StreamId, TenantId};
use entrepot_domain::state::State;
use entrepot_domain::tenants::Tenant;
use entrepot_event_store::{Store, StoreError};

use crate::auth::{Requester, Role};

/// How old what is known of a tenant may be. A command given here is known here at once.
const FRESH: Duration = Duration::from_secs(1);
/// Between two looks of a stream or a socket at its own access, when nothing else happens.
pub const LOOK: Duration = Duration::from_secs(3);

/// Why a requester no longer reaches a tenant.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The token was revoked; one that is issued now may be good again.
    #[error("the token was revoked")]
    Revoked,
    /// Only operators reach a suspended tenant.
    #[error("the tenant is suspended")]
    Suspended,
    /// The log does not answer: nobody passes unseen.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who may still reach which tenant. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    store: Store,
    known: Arc<Mutex<Places>>,
}

/// What is known of each tenant; who looks holds the place.
type Places = HashMap<TenantId, Arc<tokio::sync::Mutex<Option<Known>>>>;

/// A tenant as of a moment.
struct Known {
    tenant: Arc<Tenant>,
    at: Instant,
}

impl Access {
    /// Knows nothing yet.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            known: Arc::default(),
        }
    }

    /// Whether the requester may still reach the tenant. Cheap: one look at the log in a second
    /// serves everybody.
    ///
    /// # Errors
    ///
    /// If access was taken away, or nobody can tell.
    pub async fn check(&self, tenant: TenantId, requester: &Requester) -> Result<(), AccessError> {
        let known = self.tenant(tenant).await?;
        let issued_at = requester.issued_at().saturating_mul(1_000_000);
        let issued_at = Moment::from_micros(issued_at).unwrap_or(Moment(jiff::Timestamp::MAX));
        if known.revoked(requester.subject(), requester.client(), issued_at) {
            return Err(AccessError::Revoked);
        }
        let operates = requester.roles().contains(Role::Operator);
        if known.suspended() && !operates {
            return Err(AccessError::Suspended);
        }
        Ok(())
    }

    /// A command here changed the tenant: the next look is at the log.
    pub fn changed(&self, tenant: TenantId) {
        self.places().remove(&tenant);
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Arc<Tenant>, StoreError> {
        let place = Arc::clone(self.places().entry(tenant).or_default());
        // Whoever comes while somebody looks waits for what it sees.
        let mut known = place.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < FRESH) {
            return Ok(Arc::clone(&known.tenant));
        }
        let at = Instant::now();
        // Boxed: this is asked before every live update, and the log once a second.
        let tenant = match Box::pin(self.store.state(tenant, StreamId::TENANT)).await? {
            State::Tenant(tenant) => Arc::from(tenant),
            _ => Arc::default(),
        };
        *known = Some(Known {
            tenant: Arc::clone(&tenant),
            at,
        });
        Ok(tenant)
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
