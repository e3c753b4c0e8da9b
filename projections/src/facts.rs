//! What tenants were created as, read once for all groups of a process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use entrepot_domain::tenants::TenantEvent;
use entrepot_event_store::{Store, StoreError};
use tokio::sync::OnceCell;

use crate::model::TenantFacts;

/// The facts of tenants, by tenant. They never change, and so are never forgotten.
#[derive(Debug, Default)]
pub(crate) struct Facts(Mutex<HashMap<TenantId, Arc<OnceCell<Arc<TenantFacts>>>>>);

impl Facts {
    /// What a tenant was created as. Groups that ask at one time wait for one answer.
    pub(crate) async fn of(
        &self,
        store: &Store,
        tenant: TenantId,
    ) -> Result<Arc<TenantFacts>, StoreError> {
        let cell = self.cell(tenant);
        let read = async || Ok::<_, StoreError>(Arc::new(read(store, tenant).await?));
        Ok(Arc::clone(cell.get_or_try_init(read).await?))
    }

    fn cell(&self, tenant: TenantId) -> Arc<OnceCell<Arc<TenantFacts>>> {
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.entry(tenant).or_default())
    }
}

/// What the first event of a tenant's log says.
async fn read(store: &Store, tenant: TenantId) -> Result<TenantFacts, StoreError> {
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
