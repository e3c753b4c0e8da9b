use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Currency, CustomerId, SubscriptionId, Zone};
use entrepot_domain::subscriptions::{
    Interval, IntervalUnit, QuantityChanged, SubscriptionCanceled, SubscriptionCreated,
    SubscriptionEvent, SubscriptionItem, SubscriptionPaused, SubscriptionResumed,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{SubscriptionDoc, Subscriptions};
use crate::testing::{day, fold, log, rows_do_not_depend_on_batches, story};

const ID: SubscriptionId = SubscriptionId(Uuid::nil());

/// 12.00 a month for a unit of A.
fn created(quantity: i64) -> SubscriptionEvent {
    SubscriptionEvent::Created(SubscriptionCreated {
        subscription_id: ID,
        customer_id: CustomerId::default(),
        channel: "web".to_owned(),
        currency: Currency::default(),
        items: vec![SubscriptionItem {
            sku: "A".into(),
            quantity,
            unit_price_minor: 1200,
        }],
        interval: Interval {
            unit: IntervalUnit::Month,
            count: 1,
        },
        anchor: day("2026-01-31"),
        anchor_day: 31,
        time_zone: Zone("America/New_York".to_owned()),
    })
}

fn paused() -> SubscriptionEvent {
    SubscriptionEvent::Paused(SubscriptionPaused {
        subscription_id: ID,
        resume_on: None,
    })
}

fn resumed(next_cycle: i64) -> SubscriptionEvent {
    SubscriptionEvent::Resumed(SubscriptionResumed {
        subscription_id: ID,
        next_cycle,
    })
}

fn quantity(quantity: i64) -> SubscriptionEvent {
    SubscriptionEvent::QuantityChanged(QuantityChanged {
        subscription_id: ID,
        sku: "A".into(),
        quantity,
    })
}

fn canceled() -> SubscriptionEvent {
    SubscriptionEvent::Canceled(SubscriptionCanceled {
        subscription_id: ID,
        reason: "enough".to_owned(),
    })
}

fn folded(events: Vec<SubscriptionEvent>) -> SubscriptionDoc {
    let log = log(events.into_iter().map(Event::from));
    let docs = fold::<Subscriptions>(&log).expect("folds");
    docs[&ID].clone().expect("created")
}

/// Kinds and amounts in minor units.
fn movements(events: Vec<SubscriptionEvent>) -> Vec<(&'static str, i64)> {
    let doc = folded(events);
    let movement = doc.movements.iter();
    movement
        .map(|movement| (movement.kind.as_str(), movement.amount_micros / 1_000_000))
        .collect()
}

#[test]
fn every_change_of_revenue_is_a_movement_of_its_kind() {
    let moved = movements(vec![
        created(2),
        quantity(3),
        quantity(1),
        paused(),
        quantity(4),
        resumed(0),
        canceled(),
    ]);
    let expected = [
        ("new", 2400),
        ("expansion", 1200),
        ("contraction", -2400),
        ("churn", -1200),
        ("reactivation", 4800),
        ("churn", -4800),
    ];
    assert_eq!(moved, expected);
}

#[test]
fn a_paused_subscription_has_nothing_left_to_lose() {
    let moved = movements(vec![created(1), paused(), canceled()]);
    assert_eq!(moved, [("new", 1200), ("churn", -1200)]);
}

#[test]
fn the_next_day_is_known_only_while_cycles_run() {
    let next_on = |events| folded(events).next_on.map(|day| day.to_string());
    assert_eq!(next_on(vec![created(1)]).as_deref(), Some("2026-01-31"));
    assert_eq!(next_on(vec![created(1), paused()]), None);
    let resumed = vec![created(1), paused(), resumed(1)];
    assert_eq!(next_on(resumed).as_deref(), Some("2026-02-28"));
    assert_eq!(next_on(vec![created(1), canceled()]), None);
}

#[test]
fn events_before_the_subscription_or_a_second_one_do_not_fit() {
    let fits = |events: [SubscriptionEvent; 1]| {
        fold::<Subscriptions>(&log(events.map(Event::from))).is_ok()
    };
    assert!(fits([created(1)]) && !fits([paused()]) && !fits([canceled()]));
    let twice = log([created(1), created(1)].map(Event::from));
    assert!(fold::<Subscriptions>(&twice).is_err());
}

#[test]
fn cycles_are_summed_up() {
    let docs = fold::<Subscriptions>(&story()).expect("folds");
    let summaries: Vec<_> = docs
        .values()
        .flatten()
        .map(|doc| (doc.status(), doc.orders, doc.skipped, doc.failures))
        .collect();
    let expected = [
        ("paused", 1, 1, 0),
        ("paused", 0, 0, 1),
        ("canceled", 0, 0, 0),
    ];
    assert_eq!(summaries, expected);
    let failed = docs
        .values()
        .flatten()
        .find_map(|doc| doc.last_failure.clone());
    assert_eq!(
        failed.map(|failure| failure.code).as_deref(),
        Some("OUT_OF_STOCK")
    );
}

#[tokio::test]
async fn subscriptions_and_movements_do_not_depend_on_batches() {
    let tables = rows_do_not_depend_on_batches::<Subscriptions>(&story()).await;
    assert_eq!(tables["rm_subscriptions"].len(), 3);
    assert_eq!(tables["rm_mrr_movements"].len(), 9);
}

proptest! {
    /// Σ movements = revenue now, whatever happened.
    #[test]
    fn movements_sum_to_the_revenue_now(first in 0_i64..5, steps in prop::collection::vec((0..4_u8, 0_i64..6), 0..30)) {
        let mut events = vec![created(first)];
        for (step, number) in steps {
            events.push(match step {
                0 => paused(),
                1 => resumed(number),
                2 => quantity(number),
                _ if number == 0 => canceled(),
                _ => quantity(number * 100),
            });
        }
        let doc = folded(events);
        let sum: i64 = doc.movements.iter().map(|movement| movement.amount_micros).sum();
        prop_assert_eq!(sum, doc.mrr_micros);
    }
}
