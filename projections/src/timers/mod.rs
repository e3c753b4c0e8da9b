//! What falls due, for the clock task: cycles, resumptions, expiries.
//!
//! A row's `detail` is what its command needs and what this fold must remember. A subscription's
//! cycle row stays while it is paused, due `NEVER`, because the terms are remembered there. So
//! does the expiry of an authorization while the outcome of a capture is unknown.

mod due;

use std::fmt;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::inventory::InventoryEvent;
use entrepot_domain::kernel::{
    Instant, PaymentId, Refused, ReservationId, Sku, SubscriptionId, TenantId, Warehouse,
};
use entrepot_domain::payments::PaymentEvent;
use entrepot_domain::state::Aggregate as _;
use entrepot_domain::subscriptions::{Subscription, SubscriptionEvent, SubscriptionStatus, due_at};
use entrepot_entity::timer;
use entrepot_event_store::db::{DbError, View};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

pub use due::Due;

/// `due_at` of what waits for something else than time.
const NEVER: i64 = i64::MAX;
/// A subscription's next cycle.
const SUBSCRIPTION_CYCLE: &str = "subscription_cycle";
/// The end of a subscription's pause.
const SUBSCRIPTION_RESUME: &str = "subscription_resume";
/// The end of a reservation.
const RESERVATION_EXPIRY: &str = "reservation_expiry";
/// The end of a payment's authorization.
const AUTHORIZATION_EXPIRY: &str = "authorization_expiry";

/// The fold behind the table `timer`.
#[derive(Clone, Copy, Debug)]
pub struct Timers;

/// What something falls due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimerKey {
    /// A subscription: its cycle and the end of its pause.
    Subscription(SubscriptionId),
    /// Stock held for a time.
    Reservation(ReservationId),
    /// Money held for a time.
    Payment(PaymentId),
}

/// What is remembered of it.
#[derive(Clone, Debug, Default)]
pub enum TimerDoc {
    /// Nothing falls due.
    #[default]
    Idle,
    /// A subscription that is not canceled.
    Subscription(Box<Subscription>),
    /// Units that are held still.
    Reservation(HeldUntil, Instant),
    /// An amount that may be captured still.
    Authorization(AuthorizedUntil),
}

/// The detail of a subscription's cycle.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CycleDetail {
    /// The cycle to run.
    cycle: i64,
    /// What the next due day follows from.
    state: Subscription,
}

/// The detail of the end of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldUntil {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units that are held still.
    pub quantity: i64,
}

/// The detail of the end of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizedUntil {
    /// When the provider lets go.
    pub expires_at: Instant,
    /// What may be captured still.
    pub left_minor: i64,
    /// Whether a call was not answered: nothing may be attempted until it is resolved.
    pub unknown: bool,
}

impl TimerKey {
    const fn subject(self) -> Uuid {
        match self {
            Self::Subscription(id) => id.0,
            Self::Reservation(id) => id.0,
            Self::Payment(id) => id.0,
        }
    }
}

impl fmt::Display for TimerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscription(id) => write!(f, "subscription:{id}"),
            Self::Reservation(id) => write!(f, "reservation:{id}"),
            Self::Payment(id) => write!(f, "payment:{id}"),
        }
    }
}

impl Fold for Timers {
    const NAME: &'static str = "timers";
    type Key = TimerKey;
    type Doc = TimerDoc;

    fn tables() -> &'static [&'static str] {
        &["timer"]
    }

    fn keys(event: &Event) -> Vec<TimerKey> {
        let key = match event {
            Event::Subscription(event) => {
                Some(TimerKey::Subscription(subject::subscription(event)))
            }
            Event::Payment(PaymentEvent::Refunded(_) | PaymentEvent::FeeAssessed(_)) => None,
            Event::Payment(event) => Some(TimerKey::Payment(subject::payment(event).0)),
            Event::Inventory(event) => reservation(event).map(TimerKey::Reservation),
            _ => None,
        };
        key.into_iter().collect()
    }

    fn begins(event: &Recorded) -> bool {
        match &event.event {
            Event::Inventory(event) => matches!(event, InventoryEvent::Reserved(_)),
            _ => event.version == 1,
        }
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[TimerKey],
    ) -> Result<Vec<(TimerKey, TimerDoc)>, DbError> {
        let subjects = keys.iter().map(|key| key.subject());
        let column = timer::Column::SubjectId;
        let rows = load::rows::<timer::Entity, _>(view, tenant, column, subjects).await?;
        let rows = rows.iter().filter(|row| row.kind != SUBSCRIPTION_RESUME);
        let loaded: Result<Vec<_>, DbError> = rows.map(remembered).collect();
        Ok(loaded?.into_iter().flatten().collect())
    }

    fn apply(
        doc: &mut TimerDoc,
        _: &TimerKey,
        event: &Recorded,
        _: &TenantFacts,
    ) -> Result<(), FoldError> {
        match &event.event {
            Event::Subscription(fact) => cycle(doc, fact, event),
            Event::Inventory(fact) => {
                hold(doc, fact);
                Ok(())
            }
            Event::Payment(fact) => {
                authorize(doc, fact);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn write(
        facts: &TenantFacts,
        key: &TimerKey,
        before: &TimerDoc,
        after: &TimerDoc,
        out: &mut Writes,
    ) {
        let (before, after) = (rows(facts, *key, before), rows(facts, *key, after));
        for row in &before {
            if !after.iter().any(|now| now.kind == row.kind) {
                out.delete(row);
            }
        }
        for row in after.iter().filter(|row| !before.contains(row)) {
            out.put(row);
        }
    }
}

/// The reservation that an event makes, if it ends by itself, or shrinks.
fn reservation(event: &InventoryEvent) -> Option<ReservationId> {
    match event {
        InventoryEvent::Reserved(reserved) => reserved.expires_at.map(|_| reserved.reservation_id),
        InventoryEvent::ReservationReleased(released) => Some(released.reservation_id),
        InventoryEvent::Issued(issued) => issued.reservation_id,
        InventoryEvent::Received(_)
        | InventoryEvent::Adjusted(_)
        | InventoryEvent::TransferDispatched(_)
        | InventoryEvent::TransferReceived(_) => None,
    }
}

fn cycle(doc: &mut TimerDoc, fact: &SubscriptionEvent, event: &Recorded) -> Result<(), FoldError> {
    let mut state = match (fact, &*doc) {
        (SubscriptionEvent::Created(_), _) => Subscription::default(),
        (_, TimerDoc::Subscription(state)) => Subscription::clone(state),
        _ => return Ok(()),
    };
    state.evolve(&event.event);
    if state.status == SubscriptionStatus::Canceled {
        *doc = TimerDoc::Idle;
        return Ok(());
    }
    cycle_due(&state).map_err(|refusal| FoldError(refusal.message))?;
    *doc = TimerDoc::Subscription(Box::new(state));
    Ok(())
}

fn hold(doc: &mut TimerDoc, fact: &InventoryEvent) {
    let gone = match (fact, &*doc) {
        (InventoryEvent::Reserved(reserved), TimerDoc::Idle) => {
            if let Some(expires_at) = reserved.expires_at {
                let held = HeldUntil {
                    sku: reserved.sku.clone(),
                    warehouse: reserved.warehouse.clone(),
                    quantity: reserved.quantity,
                };
                *doc = TimerDoc::Reservation(held, expires_at);
            }
            return;
        }
        (InventoryEvent::ReservationReleased(released), _) => released.quantity,
        (InventoryEvent::Issued(issued), _) => issued.quantity,
        _ => return,
    };
    if let TimerDoc::Reservation(held, _) = doc {
        held.quantity -= gone;
        if held.quantity <= 0 {
            *doc = TimerDoc::Idle;
        }
    }
}

fn authorize(doc: &mut TimerDoc, fact: &PaymentEvent) {
    if let PaymentEvent::Authorized(authorized) = fact
        && let Some(expires_at) = authorized.expires_at
    {
        *doc = TimerDoc::Authorization(AuthorizedUntil {
            expires_at,
            left_minor: authorized.amount_minor,
            unknown: false,
        });
    }
    let TimerDoc::Authorization(held) = doc else {
        return;
    };
    match fact {
        PaymentEvent::AuthorizationExpired(_) | PaymentEvent::Voided(_) => held.left_minor = 0,
        PaymentEvent::Captured(captured) => held.left_minor -= captured.amount_minor,
        PaymentEvent::OutcomeUnknown(_) => held.unknown = true,
        PaymentEvent::OutcomeResolved(_) => held.unknown = false,
        PaymentEvent::Authorized(_) | PaymentEvent::Refunded(_) | PaymentEvent::FeeAssessed(_) => {}
    }
    if held.left_minor <= 0 {
        *doc = TimerDoc::Idle;
    }
}

/// When the next cycle runs or is tried again.
fn cycle_due(state: &Subscription) -> Refused<i64> {
    match (&state.terms, state.status) {
        (Some(terms), SubscriptionStatus::Active) => {
            let due = due_at(terms, state.next_cycle)?;
            let retry = state.retry_on.map(|day| terms.time_zone.start_of(day));
            Ok(retry.map_or(due, |retry| retry.max(due)).micros())
        }
        _ => Ok(NEVER),
    }
}

/// The rows that a document becomes.
fn rows(facts: &TenantFacts, key: TimerKey, doc: &TimerDoc) -> Vec<timer::Model> {
    let row = |kind: &str, due_at: i64, detail: String| timer::Model {
        tenant_id: facts.tenant.0,
        kind: kind.to_owned(),
        subject_id: key.subject(),
        due_at,
        detail,
    };
    match doc {
        TimerDoc::Idle => Vec::new(),
        TimerDoc::Subscription(state) => {
            let detail = CycleDetail {
                cycle: state.next_cycle,
                state: Subscription::clone(state),
            };
            // The date was checked when the event was folded.
            let due = cycle_due(state).unwrap_or(NEVER);
            let mut rows = vec![row(SUBSCRIPTION_CYCLE, due, load::text(&detail))];
            let resume = state.terms.as_ref().zip(state.resume_on);
            if let Some((terms, day)) =
                resume.filter(|_| state.status == SubscriptionStatus::Paused)
            {
                let due = terms.time_zone.start_of(day).micros();
                rows.push(row(SUBSCRIPTION_RESUME, due, "{}".to_owned()));
            }
            rows
        }
        TimerDoc::Reservation(held, expires_at) => {
            vec![row(
                RESERVATION_EXPIRY,
                expires_at.micros(),
                load::text(held),
            )]
        }
        TimerDoc::Authorization(held) => {
            let due = if held.unknown {
                NEVER
            } else {
                held.expires_at.micros()
            };
            vec![row(AUTHORIZATION_EXPIRY, due, load::text(held))]
        }
    }
}

/// The document behind a row; none behind the end of a pause, which the cycle's row remembers too.
fn remembered(row: &timer::Model) -> Result<Option<(TimerKey, TimerDoc)>, DbError> {
    let id = row.subject_id;
    Ok(match row.kind.as_str() {
        SUBSCRIPTION_CYCLE => {
            let detail: CycleDetail = load::document(&row.detail)?;
            let doc = TimerDoc::Subscription(Box::new(detail.state));
            Some((TimerKey::Subscription(SubscriptionId(id)), doc))
        }
        RESERVATION_EXPIRY => {
            let held = load::document(&row.detail)?;
            let until = Instant::from_micros(row.due_at);
            let until = until.map(|until| TimerDoc::Reservation(held, until));
            until.map(|doc| (TimerKey::Reservation(ReservationId(id)), doc))
        }
        AUTHORIZATION_EXPIRY => {
            let doc = TimerDoc::Authorization(load::document(&row.detail)?);
            Some((TimerKey::Payment(PaymentId(id)), doc))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests;
