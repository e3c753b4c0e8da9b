//! The log: what every writer and reader may rely on, also when machines fail.

mod given_up;
mod hints;
mod idempotency;
mod log;
mod nodes;
mod recovery;
mod restored;
mod snapshots;
mod tampering;
mod unreadable;
mod writes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::event::Event;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_domain::orders::OrderEvent;
use entrepot_event_store::{Entry, Receipt, Store, SubmitError};
use entrepot_tests::{Bustle, submission};
use tokio::task::JoinSet;

/// Has many people give random commands at once, each to one of the stores, with pauses of up to
/// two milliseconds. Returns the receipts of what was accepted.
pub(crate) async fn bustle(
    stores: &[Store],
    tenant: TenantId,
    people: u64,
    commands_each: u64,
) -> Vec<Receipt> {
    let mut working = JoinSet::new();
    for (seed, store) in (0..people).zip(stores.iter().cycle()) {
        let store = store.clone();
        working.spawn(async move {
            let (mut bustle, mut receipts) = (Bustle::seeded(seed), Vec::new());
            for _ in 0..commands_each {
                let pause = bustle.random().below(2_000);
                tokio::time::sleep(Duration::from_micros(pause)).await;
                match store.submit(submission(tenant, bustle.command())).await {
                    Ok(receipt) => receipts.push(receipt),
                    Err(SubmitError::Refused(_)) => {}
                    Err(error) => panic!("neither accepted nor refused: {error}"),
                }
            }
            receipts
        });
    }
    working.join_all().await.into_iter().flatten().collect()
}

/// The whole log of a tenant.
pub(crate) async fn whole_log(store: &Store, tenant: TenantId) -> Vec<Arc<Entry>> {
    let mut log: Vec<Arc<Entry>> = Vec::new();
    loop {
        let after = log.last().map_or(0, |entry| entry.position);
        let entries = store
            .read(tenant, after, 1_000)
            .await
            .expect("the log is read");
        if entries.is_empty() {
            return log;
        }
        log.extend(entries);
    }
}

/// Where in the log each order was placed.
pub(crate) async fn placed(store: &Store, tenant: TenantId) -> HashMap<OrderId, Vec<i64>> {
    let mut placed: HashMap<OrderId, Vec<i64>> = HashMap::new();
    for entry in whole_log(store, tenant).await {
        if let Event::Order(OrderEvent::Placed(order)) =
            &entry.event.as_ref().expect("it is readable").event
        {
            placed
                .entry(order.order_id)
                .or_default()
                .push(entry.position);
        }
    }
    placed
}
