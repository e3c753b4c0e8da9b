//! How events change a subscription's document.

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::Date;
use entrepot_domain::state::Aggregate as _;
use entrepot_domain::subscriptions::{
    Subscription, SubscriptionCreated, SubscriptionEvent, SubscriptionStatus, cycle_date,
    mrr_micros,
};

use super::doc::{CycleDoc, EndDoc, FailureDoc, Movement, MovementKind, SubscriptionDoc};
use crate::model::FoldError;

/// The document that `subscription.created` makes.
pub(super) fn created(
    created: &SubscriptionCreated,
    event: &Recorded,
) -> Result<SubscriptionDoc, FoldError> {
    let mut doc = SubscriptionDoc {
        subscription_id: created.subscription_id,
        state: Subscription::default(),
        next_on: None,
        mrr_micros: 0,
        orders: 0,
        skipped: 0,
        last_order: None,
        failures: 0,
        last_failure: None,
        cancellation: None,
        created_at: event.recorded_at,
        updated_at: event.recorded_at,
        position: event.position,
        movements: Vec::new(),
    };
    settle(&mut doc, event, |_| MovementKind::New)?;
    Ok(doc)
}

/// Takes any event after `subscription.created` into account.
pub(super) fn later(
    doc: &mut SubscriptionDoc,
    fact: &SubscriptionEvent,
    event: &Recorded,
) -> Result<(), FoldError> {
    match fact {
        SubscriptionEvent::Renewed(renewed) => {
            doc.orders += 1;
            doc.failures = 0;
            doc.last_order = Some(CycleDoc {
                cycle: renewed.cycle,
                from: renewed.from,
                to: renewed.to,
                order_id: renewed.order_id,
                renewed_at: event.recorded_at,
            });
        }
        SubscriptionEvent::RenewalFailed(failed) => {
            doc.failures += 1;
            doc.last_failure = Some(FailureDoc {
                cycle: failed.cycle,
                code: failed.code.clone(),
                message: failed.message.clone(),
                retry_on: failed.retry_on,
                failed_at: event.recorded_at,
            });
        }
        SubscriptionEvent::CycleSkipped(_) => {
            doc.skipped += 1;
            doc.failures = 0;
        }
        SubscriptionEvent::Resumed(resumed) => {
            if resumed.next_cycle != doc.state.next_cycle {
                doc.failures = 0;
            }
        }
        SubscriptionEvent::Created(_)
        | SubscriptionEvent::Paused(_)
        | SubscriptionEvent::QuantityChanged(_) => {}
        SubscriptionEvent::Canceled(canceled) => {
            doc.cancellation = Some(EndDoc {
                reason: canceled.reason.clone(),
                canceled_at: event.recorded_at,
            });
        }
    }
    settle(doc, event, |more| match fact {
        SubscriptionEvent::Paused(_) | SubscriptionEvent::Canceled(_) => MovementKind::Churn,
        SubscriptionEvent::Resumed(_) => MovementKind::Reactivation,
        _ if more => MovementKind::Expansion,
        _ => MovementKind::Contraction,
    })
}

/// Evolves the state and derives what follows from it. `kind` names a movement, given whether there
/// is more revenue than before.
fn settle(
    doc: &mut SubscriptionDoc,
    event: &Recorded,
    kind: impl Fn(bool) -> MovementKind,
) -> Result<(), FoldError> {
    let mut state = doc.state.clone();
    state.evolve(&event.event);
    let next_on = next_on(&state)?;
    let mrr = mrr(&state);
    let amount_micros = mrr - doc.mrr_micros;
    if amount_micros != 0 {
        doc.movements.push(Movement {
            position: event.position,
            kind: kind(amount_micros > 0),
            amount_micros,
            moved_at: event.recorded_at,
        });
    }
    (doc.state, doc.next_on, doc.mrr_micros) = (state, next_on, mrr);
    (doc.updated_at, doc.position) = (event.recorded_at, event.position);
    Ok(())
}

/// The day on which the next cycle runs or is tried again.
fn next_on(state: &Subscription) -> Result<Option<Date>, FoldError> {
    match (&state.terms, state.status) {
        (Some(terms), SubscriptionStatus::Active) => {
            let due = cycle_date(terms, state.next_cycle)
                .map_err(|refusal| FoldError(refusal.message))?;
            Ok(Some(state.retry_on.map_or(due, |retry| retry.max(due))))
        }
        _ => Ok(None),
    }
}

fn mrr(state: &Subscription) -> i64 {
    match (&state.terms, state.status) {
        (Some(terms), SubscriptionStatus::Active) => mrr_micros(&state.items, terms.interval),
        _ => 0,
    }
}

/// The fact about a subscription in an event.
pub(super) const fn fact(event: &Event) -> Option<&SubscriptionEvent> {
    match event {
        Event::Subscription(event) => Some(event),
        _ => None,
    }
}
