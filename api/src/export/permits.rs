//! How many files are read at one time: each holds a connection to the database for as long as its
//! reader takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::refused::Refused;

/// How long a request waits for others to be done before it is refused.
const WAIT: Duration = Duration::from_secs(5);

/// Who may read at this moment.
pub(super) struct Permits {
    all: Arc<Semaphore>,
    /// Files of one tenant: half of all, so that no tenant keeps the others out.
    each: usize,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

/// Until it is dropped, one file more is being read.
#[derive(Debug)]
pub(crate) struct Permit {
    _own: OwnedSemaphorePermit,
    _any: OwnedSemaphorePermit,
}

impl Permits {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(at_once)),
            each: (at_once / 2).max(1),
            tenants: Mutex::default(),
        }
    }

    /// The tenant's own first: who waits for it keeps nobody else waiting.
    pub(super) async fn take(&self, tenant: TenantId) -> Result<Permit, Refused> {
        let own = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever waits or reads holds a copy.
            tenants.retain(|_, own| Arc::strong_count(own) > 1);
            let own = tenants.entry(tenant);
            Arc::clone(own.or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        let both = async {
            let own = own.acquire_owned().await.ok()?;
            let any = Arc::clone(&self.all).acquire_owned().await.ok()?;
            Some(Permit {
                _own: own,
                _any: any,
            })
        };
        let taken = timeout(WAIT, both).await.ok().flatten();
        taken.ok_or_else(Refused::throttled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_tenant_leaves_half_to_others() {
        let permits = Permits::new(4);
        let (north, south) = (TenantId(1), TenantId(2));
        let mut held = vec![permits.take(north).await.unwrap()];
        held.push(permits.take(north).await.unwrap());
        assert_eq!(permits.take(north).await.unwrap_err().code, "THROTTLED");
        held.push(permits.take(south).await.unwrap());
        held.push(permits.take(south).await.unwrap());
        let third = permits.take(TenantId(3));
        let (third, ()) = tokio::join!(third, async { held.truncate(3) });
        drop(third.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_one_it_goes_round() {
        let permits = Permits::new(1);
        let held = permits.take(TenantId(1)).await.unwrap();
        assert!(permits.take(TenantId(2)).await.is_err());
        drop(held);
        assert!(permits.take(TenantId(2)).await.is_ok());
        assert_eq!(permits.tenants.lock().unwrap().len(), 1);
    }
}
