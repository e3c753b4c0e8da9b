//! Read model: customers, without personal data. What they ordered is asked of `orders`.

use std::sync::Arc;

use entrepot_domain::customers::CustomerEvent;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{CustomerId, TenantId};
use entrepot_entity::customers;
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

/// The status of a customer whose personal data may be there.
pub const ACTIVE: &str = "active";
/// The status of a customer whose personal data was destroyed.
pub const ERASED: &str = "erased";

/// The read model `customers`. A document is the row.
#[derive(Clone, Copy, Debug)]
pub struct Customers;

impl Fold for Customers {
    const NAME: &'static str = "customers";
    type Key = CustomerId;
    type Doc = Option<Arc<customers::Model>>;

    fn tables() -> &'static [&'static str] {
        &["rm_customers"]
    }

    fn keys(event: &Event) -> Vec<CustomerId> {
        let Event::Customer(event) = event else {
            return Vec::new();
        };
        vec![match event {
            CustomerEvent::Registered(registered) => registered.customer_id,
            CustomerEvent::Updated(updated) => updated.customer_id,
            CustomerEvent::Erased(erased) => erased.customer_id,
        }]
    }

    fn begins(event: &Recorded) -> bool {
        event.version == 1
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[CustomerId],
    ) -> Result<Vec<(CustomerId, Self::Doc)>, DbError> {
        let ids = keys.iter().map(|key| key.0);
        let column = customers::Column::CustomerId;
        let rows = load::rows::<customers::Entity, _>(view, tenant, column, ids).await?;
        let loaded = rows.into_iter();
        Ok(loaded
            .map(|row| (CustomerId(row.customer_id), Some(Arc::new(row))))
            .collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &CustomerId,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        let Event::Customer(fact) = &event.event else {
            return Ok(());
        };
        let at = event.recorded_at.micros();
        match (fact, doc) {
            (CustomerEvent::Registered(_), Some(_)) => return Err(subject::known("customer", key)),
            (CustomerEvent::Registered(registered), doc) => {
                let there = registered.external_ref.as_ref();
                *doc = Some(Arc::new(customers::Model {
                    tenant_id: facts.tenant.0,
                    customer_id: registered.customer_id.0,
                    external_system: there.map(|there| there.system.clone()),
                    external_id: there.map(|there| there.id.clone()),
                    personal_ref: registered.personal_ref,
                    status: ACTIVE.to_owned(),
                    registered_at: at,
                    registered_on: facts.time_zone.date_of(event.recorded_at).to_string(),
                    updated_at: at,
                    position: event.position,
                }));
            }
            (_, None) => return Err(subject::unknown("customer", key)),
            (CustomerEvent::Updated(updated), Some(row)) => {
                let row = Arc::make_mut(row);
                row.personal_ref = Some(updated.personal_ref);
                (row.updated_at, row.position) = (at, event.position);
            }
            (CustomerEvent::Erased(_), Some(row)) => {
                let row = Arc::make_mut(row);
                row.personal_ref = None;
                ERASED.clone_into(&mut row.status);
                (row.updated_at, row.position) = (at, event.position);
            }
        }
        Ok(())
    }

    fn write(_: &TenantFacts, _: &CustomerId, _: &Self::Doc, after: &Self::Doc, out: &mut Writes) {
        if let Some(row) = after {
            out.put(&**row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fold, rows_do_not_depend_on_batches, story};

    #[test]
    fn an_erased_customer_has_no_personal_record() {
        let docs = fold::<Customers>(&story()).expect("folds");
        let rows: Vec<_> = docs.values().flatten().collect();
        let erased: Vec<_> = rows.iter().filter(|row| row.status == ERASED).collect();
        assert_eq!(erased.len(), 1);
        assert_eq!(erased[0].personal_ref, None);
        assert_eq!(erased[0].external_id.as_deref(), Some("7"));
    }

    #[tokio::test]
    async fn customers_do_not_depend_on_batches() {
        let tables = rows_do_not_depend_on_batches::<Customers>(&story()).await;
        assert_eq!(tables["rm_customers"].len(), 3);
    }
}
