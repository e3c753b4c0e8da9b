//! Read model: subscriptions, and the movements of monthly recurring revenue (MRR).
//!
//! MRR counts active subscriptions only: what is paused brings nothing. A pause is therefore a
//! `churn` of all of its revenue and a resumption a `reactivation`, whatever the quantities became
//! meanwhile; a cancellation of a paused subscription moves nothing more. So the sum of a
//! subscription's movements is always its MRR.

mod doc;
mod fold;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{SubscriptionId, TenantId};
use entrepot_domain::subscriptions::SubscriptionEvent;
use entrepot_entity::{mrr_movements, subscriptions};
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

pub use doc::{CycleDoc, EndDoc, FailureDoc, MovementKind, SubscriptionDoc};

/// The read model `subscriptions`.
#[derive(Clone, Copy, Debug)]
pub struct Subscriptions;

impl Fold for Subscriptions {
    const NAME: &'static str = "subscriptions";
    type Key = SubscriptionId;
    type Doc = Option<SubscriptionDoc>;

    fn tables() -> &'static [&'static str] {
        &["rm_subscriptions", "rm_mrr_movements"]
    }

    fn keys(event: &Event) -> Vec<SubscriptionId> {
        let about = fold::fact(event).map(subject::subscription);
        about.into_iter().collect()
    }

    fn begins(event: &Recorded) -> bool {
        event.version == 1
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[SubscriptionId],
    ) -> Result<Vec<(SubscriptionId, Self::Doc)>, DbError> {
        let ids = keys.iter().map(|key| key.0);
        let column = subscriptions::Column::SubscriptionId;
        let rows = load::rows::<subscriptions::Entity, _>(view, tenant, column, ids).await?;
        let loaded = rows.into_iter().map(|row| {
            let doc = load::document(&row.doc)?;
            Ok((SubscriptionId(row.subscription_id), Some(doc)))
        });
        loaded.collect()
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &SubscriptionId,
        event: &Recorded,
        _: &TenantFacts,
    ) -> Result<(), FoldError> {
        match (fold::fact(&event.event), doc) {
            (None, _) => Ok(()),
            (Some(SubscriptionEvent::Created(_)), Some(_)) => {
                Err(subject::known("subscription", key))
            }
            (Some(SubscriptionEvent::Created(created)), doc) => {
                *doc = Some(fold::created(created, event)?);
                Ok(())
            }
            (Some(_), None) => Err(subject::unknown("subscription", key)),
            (Some(fact), Some(doc)) => fold::later(doc, fact, event),
        }
    }

    fn write(
        facts: &TenantFacts,
        _: &SubscriptionId,
        before: &Self::Doc,
        after: &Self::Doc,
        out: &mut Writes,
    ) {
        let Some(doc) = after else { return };
        let Some(terms) = &doc.state.terms else {
            return;
        };
        out.put(&subscriptions::Model {
            tenant_id: facts.tenant.0,
            subscription_id: doc.subscription_id.0,
            status: doc.status().to_owned(),
            customer_id: terms.customer_id.0,
            channel: terms.channel.clone(),
            currency: terms.currency.to_string(),
            next_cycle: doc.state.next_cycle,
            next_on: doc.next_on.map(|day| day.to_string()),
            mrr_micros: doc.mrr_micros,
            created_at: doc.created_at.micros(),
            created_on: facts.time_zone.date_of(doc.created_at).to_string(),
            updated_at: doc.updated_at.micros(),
            position: doc.position,
            doc: load::text(doc),
        });
        // What was folded before that is in the table.
        let written = before.as_ref().map_or(0, |doc| doc.position);
        let new = doc.movements.iter();
        for movement in new.filter(|movement| movement.position > written) {
            out.put(&mrr_movements::Model {
                tenant_id: facts.tenant.0,
                subscription_id: doc.subscription_id.0,
                position: movement.position,
                kind: movement.kind.as_str().to_owned(),
                amount_micros: movement.amount_micros,
                currency: terms.currency.to_string(),
                moved_on: facts.time_zone.date_of(movement.moved_at).to_string(),
                moved_at: movement.moved_at.micros(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
