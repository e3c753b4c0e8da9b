//! Logs in memory and folds without a database, for the tests of read models.

mod database;
mod story;

use std::collections::BTreeMap;

use entrepot_domain::envelope::{Meta, Recorded};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{
    Actor, ActorKind, Currency, Date, Instant, OrderId, PaymentId, StreamId, TenantId, Zone,
};
use entrepot_domain::orders::{Allocation, Totals};
use uuid::Uuid;

use crate::model::{Fold, FoldError, TenantFacts};
use crate::orders::{CanceledAmounts, OrderDoc, PaymentDoc};

pub(crate) use database::{TestDb, rows_do_not_depend_on_batches, rows_of};
pub(crate) use story::{Shop, story, worked_order};

/// Tenant 1, in US dollars and New York.
pub(crate) fn facts() -> TenantFacts {
    TenantFacts {
        tenant: TenantId(1),
        base_currency: Currency::default(),
        time_zone: Zone("America/New_York".to_owned()),
    }
}

/// An instant by its RFC 3339 text.
pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text, "at").expect("an instant")
}

/// A day by its ISO text.
pub(crate) fn day(text: &str) -> Date {
    Date::parse(text, "day").expect("a day")
}

/// The facts in the order given, recorded a second apart from 2026-01-15T12:00:00Z on.
pub(crate) fn log(events: impl IntoIterator<Item = Event>) -> Vec<Recorded> {
    let start = at("2026-01-15T12:00:00Z").micros();
    let recorded = |(position, event): (i64, Event)| Recorded {
        tenant: facts().tenant,
        position,
        stream: StreamId::TENANT,
        version: position,
        event_id: Uuid::from_u128(u128::try_from(position).expect("positive")),
        event,
        meta: Meta {
            actor: Actor {
                kind: ActorKind::User,
                id: "test".to_owned(),
                roles: Vec::new(),
            },
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: None,
            config_rev: 1,
        },
        recorded_at: Instant::from_micros(start + (position - 1) * 1_000_000).expect("in range"),
    };
    (1..).zip(events).map(recorded).collect()
}

/// Every document of a log, by the text of its key.
pub(crate) fn fold<F: Fold>(log: &[Recorded]) -> Result<BTreeMap<F::Key, F::Doc>, FoldError> {
    let mut docs = BTreeMap::new();
    for event in log {
        for key in F::keys(&event.event) {
            let doc = docs.entry(key.clone()).or_default();
            F::apply(doc, &key, event, &facts())?;
        }
    }
    Ok(docs)
}

/// An order that costs this much and of which nothing else is known.
pub(crate) fn order_doc(total_minor: i64) -> OrderDoc {
    OrderDoc {
        order_id: OrderId::default(),
        channel: "web".to_owned(),
        external_ref: None,
        customer_id: None,
        subscription_id: None,
        address_ref: None,
        currency: Currency::default(),
        allocation: Allocation::Native,
        placed_at: at("2026-01-15T12:00:00Z"),
        placed_on: day("2026-01-15"),
        recorded_at: at("2026-01-15T12:00:00Z"),
        updated_at: at("2026-01-15T12:00:00Z"),
        position: 1,
        hold: None,
        cancellation: None,
        lines: Vec::new(),
        shipping: None,
        totals: Totals {
            total_minor,
            ..Totals::default()
        },
        canceled: CanceledAmounts::default(),
        payments: Vec::new(),
        shipments: Vec::new(),
    }
}

/// A payment that moved nothing yet.
pub(crate) fn payment_doc(id: u128) -> PaymentDoc {
    PaymentDoc {
        payment_id: PaymentId(Uuid::from_u128(id)),
        provider: "stripe".to_owned(),
        provider_ref: None,
        authorized_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        fee_minor: 0,
        fee_estimated: None,
        unknown: None,
        closed: None,
        expires_at: None,
        created_at: at("2026-01-15T12:00:00Z"),
        captured_at: None,
        refunded_at: None,
    }
}
