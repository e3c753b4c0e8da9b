//! A fill, and a fill again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use entrepot_domain::event::Event;
use entrepot_event_store::clock;

use super::*;
use crate::import::tests::Desk;

#[derive(Default)]
struct Commands(AtomicU64);

impl Progress for Commands {
    fn set_total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, records: u64) {
        self.0.fetch_add(records, Ordering::Relaxed);
    }
}

async fn events(store: &Store, tenant: TenantId) -> Vec<Event> {
    let entries = store.read(tenant, 0, 100_000).await.expect("the log");
    let events = entries
        .iter()
        .map(|entry| entry.event.as_ref().expect("known").event.clone());
    events.collect()
}

fn by_type(events: &[Event]) -> BTreeMap<&str, usize> {
    let mut counted = BTreeMap::new();
    for event in events {
        *counted.entry(event.type_name()).or_default() += 1;
    }
    counted
}

#[tokio::test]
async fn a_fill_is_believable_and_another_one_changes_nothing() {
    let desk = Desk::new().await;
    let (store, vault) = (&desk.store, Vault::new([7; 32]));
    let commands = Commands::default();
    let tenants = fill(store, &vault, clock::instant(), &commands)
        .await
        .expect("filled");
    assert_eq!(
        tenants.iter().map(|(_, slug)| *slug).collect::<Vec<_>>(),
        ["north", "south"]
    );
    for (tenant, slug) in &tenants {
        let events = events(store, *tenant).await;
        let counted = by_type(&events);
        assert_eq!(counted["customer.registered"], CUSTOMERS, "{slug}");
        assert!(
            (ORDERS..=ORDERS + 6).contains(&counted["order.placed"]),
            "{slug}"
        );
        let known: BTreeSet<&str> = counted.keys().copied().collect();
        for expected in [
            "order.held",
            "order.released",
            "order.canceled",
            "order.line_canceled",
            "payment.authorized",
            "payment.captured",
            "payment.refunded",
            "payment.fee_assessed",
            "payment.outcome_unknown",
            "shipment.dispatched",
            "shipment.delivered",
            "inventory.adjusted",
            "inventory.transfer_dispatched",
            "subscription.renewed",
            "subscription.paused",
            "subscription.canceled",
        ] {
            assert!(
                known.contains(expected),
                "{slug} has no {expected}: {counted:?}"
            );
        }
    }
    let heads = [
        store.head(tenants[0].0).await,
        store.head(tenants[1].0).await,
    ]
    .map(Result::ok);
    let later = Instant::from_micros(clock::instant().micros()).expect("now");
    fill(store, &vault, later, &commands)
        .await
        .expect("filled again");
    let again = [
        store.head(tenants[0].0).await,
        store.head(tenants[1].0).await,
    ]
    .map(Result::ok);
    assert_eq!(heads, again);
}

#[tokio::test]
async fn a_tenant_that_is_somebody_elses_is_left_alone() {
    let desk = Desk::new().await;
    let (store, vault) = (&desk.store, Vault::new([7; 32]));
    let tenant = store.provision("north").await.expect("a tenant");
    let actor = entrepot_domain::kernel::Actor {
        kind: entrepot_domain::kernel::ActorKind::Operator,
        id: "ops".to_owned(),
        roles: Vec::new(),
    };
    let created = entrepot_event_store::Submission::new(tenant, actor, RETAILERS[0].created());
    store.submit(created).await.expect("created");
    let error = fill(store, &vault, clock::instant(), &Commands::default()).await;
    assert!(matches!(error, Err(DemoError::Taken("north"))), "{error:?}");
    assert_eq!(store.head(tenant).await.expect("a head"), 1);
}
