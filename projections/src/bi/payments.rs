//! Flat rows of payments.

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Currency, PaymentId, TenantId};
use entrepot_domain::payments::{Attempt, PaymentEvent};
use entrepot_entity::bi_payments::{Column, Entity, Model};
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

/// The read model `bi_payments`.
#[derive(Clone, Copy, Debug)]
pub struct BiPayments;

impl Fold for BiPayments {
    const NAME: &'static str = "bi_payments";
    type Key = PaymentId;
    type Doc = Option<Model>;

    fn tables() -> &'static [&'static str] {
        &["rm_bi_payments"]
    }

    fn keys(event: &Event) -> Vec<PaymentId> {
        match event {
            Event::Payment(event) => vec![subject::payment(event).0],
            _ => Vec::new(),
        }
    }

    fn begins(event: &Recorded) -> bool {
        event.version == 1
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[PaymentId],
    ) -> Result<Vec<(PaymentId, Self::Doc)>, DbError> {
        let ids = keys.iter().map(|key| key.0);
        let rows = load::rows::<Entity, _>(view, tenant, Column::PaymentId, ids).await?;
        let loaded = rows.into_iter();
        Ok(loaded
            .map(|row| (PaymentId(row.payment_id), Some(row)))
            .collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &PaymentId,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        let Event::Payment(fact) = &event.event else {
            return Ok(());
        };
        match (fact, &*doc) {
            (PaymentEvent::Authorized(_), Some(_)) => return Err(subject::known("payment", key)),
            (PaymentEvent::Authorized(authorized), None) => {
                let mut row = row(
                    fact,
                    &authorized.provider,
                    authorized.currency,
                    event,
                    facts,
                );
                row.provider_ref.clone_from(&authorized.provider_ref);
                row.authorized_minor = authorized.amount_minor;
                *doc = Some(row);
            }
            // Recorded from outside: the capture is the first that is heard of it.
            (PaymentEvent::Captured(captured), None) => {
                let mut row = row(fact, &captured.provider, captured.currency, event, facts);
                row.authorized_minor = captured.amount_minor;
                *doc = Some(row);
            }
            (_, None) => return Err(subject::unknown("payment", key)),
            (_, Some(_)) => {}
        }
        if let Some(row) = doc {
            later(row, fact, facts);
            row.updated_at = event.recorded_at.micros();
            row.position = event.position;
        }
        Ok(())
    }

    fn write(_: &TenantFacts, _: &PaymentId, _: &Self::Doc, after: &Self::Doc, out: &mut Writes) {
        if let Some(row) = after {
            out.put(row);
        }
    }
}

fn row(
    fact: &PaymentEvent,
    provider: &str,
    currency: Currency,
    event: &Recorded,
    facts: &TenantFacts,
) -> Model {
    let (payment_id, order_id) = subject::payment(fact);
    Model {
        tenant_id: facts.tenant.0,
        payment_id: payment_id.0,
        order_id: order_id.0,
        provider: provider.to_owned(),
        provider_ref: None,
        currency: currency.to_string(),
        authorized_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        fee_minor: 0,
        fee_estimated: false,
        unknown_attempt: None,
        closed: false,
        captured_at: None,
        captured_on: None,
        refunded_at: None,
        refunded_on: None,
        created_at: event.recorded_at.micros(),
        created_on: facts.time_zone.date_of(event.recorded_at).to_string(),
        updated_at: event.recorded_at.micros(),
        position: event.position,
    }
}

fn later(row: &mut Model, fact: &PaymentEvent, facts: &TenantFacts) {
    match fact {
        PaymentEvent::Authorized(_) => {}
        PaymentEvent::AuthorizationExpired(_) | PaymentEvent::Voided(_) => row.closed = true,
        PaymentEvent::Captured(captured) => {
            row.captured_minor += captured.amount_minor;
            row.captured_at = Some(captured.captured_at.micros());
            let day = facts.time_zone.date_of(captured.captured_at);
            row.captured_on = Some(day.to_string());
            if row.provider_ref.is_none() {
                row.provider_ref.clone_from(&captured.provider_ref);
            }
        }
        PaymentEvent::OutcomeUnknown(unknown) => {
            let attempt = match unknown.attempt {
                Attempt::Capture => "capture",
                Attempt::Refund => "refund",
            };
            row.unknown_attempt = Some(attempt.to_owned());
        }
        PaymentEvent::OutcomeResolved(_) => row.unknown_attempt = None,
        PaymentEvent::Refunded(refunded) => {
            row.refunded_minor += refunded.amount_minor;
            row.refunded_at = Some(refunded.refunded_at.micros());
            let day = facts.time_zone.date_of(refunded.refunded_at);
            row.refunded_on = Some(day.to_string());
        }
        PaymentEvent::FeeAssessed(fee) => {
            row.fee_minor += fee.amount_minor;
            row.fee_estimated = fee.estimated;
        }
    }
}
