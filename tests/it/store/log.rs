//! Positions are gapless, in commit order, and a reader that follows the writers misses nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::{Entry, Store};
use entrepot_tests::{TestDb, both, log_findings, retailer};
use tokio::sync::watch;

use super::{bustle, whole_log};

both! {
    async fn a_tailing_reader_sees_every_event_once_and_in_order(db: TestDb) {
        let (writer, elsewhere) = (db.store().await, db.store().await);
        let tenant = retailer(&writer, "north").await;
        let set_up = writer.head(tenant).await.unwrap();

        let (end, ends) = watch::channel(i64::MAX);
        let here = tokio::spawn(tail(writer.clone(), tenant, ends.clone()));
        let there = tokio::spawn(tail(elsewhere.clone(), tenant, ends));
        let receipts = bustle(std::slice::from_ref(&writer), tenant, 64, 6).await;
        let head = writer.head(tenant).await.unwrap();
        end.send(head).unwrap();

        let log = positions(&whole_log(&elsewhere, tenant).await);
        assert_eq!(positions(&here.await.unwrap()), log, "the writer's own node");
        assert_eq!(positions(&there.await.unwrap()), log, "another node");
        assert_eq!(log.len(), usize::try_from(head).unwrap());
        let acknowledged: i64 = receipts.iter().map(|receipt| receipt.last_position - receipt.first_position + 1).sum();
        assert_eq!(set_up + acknowledged, head, "every event belongs to one receipt");
        assert_eq!(log_findings(&writer, tenant).await, Vec::<String>::new());
    }
}

both! {
    async fn versions_are_contiguous_in_every_stream(db: TestDb) {
        let nodes = [db.store().await, db.store().await];
        let tenant = retailer(&nodes[0], "north").await;
        bustle(&nodes, tenant, 32, 6).await;
        let mut versions = HashMap::new();
        for entry in whole_log(&nodes[0], tenant).await {
            let recorded = entry.event.as_ref().expect("it is readable");
            let before = versions.insert(recorded.stream, recorded.version).unwrap_or(0);
            assert_eq!(recorded.version, before + 1, "at position {}", entry.position);
        }
        assert_eq!(log_findings(&nodes[1], tenant).await, Vec::<String>::new());
    }
}

both! {
    async fn time_never_runs_backwards_in_a_log(db: TestDb) {
        let nodes = [db.store().await, db.store().await];
        let tenant = retailer(&nodes[0], "north").await;
        bustle(&nodes, tenant, 16, 6).await;
        let log = whole_log(&nodes[0], tenant).await;
        let times: Vec<_> = log.iter().map(|entry| entry.event.as_ref().unwrap().recorded_at).collect();
        assert!(times.is_sorted());
    }
}

both! {
    async fn a_slug_has_one_number_whoever_asks_first(db: TestDb) {
        let nodes = [db.store().await, db.store().await];
        let asked = (0..24).map(|n| {
            let store = nodes[n % 2].clone();
            tokio::spawn(async move { store.provision(["north", "south", "west"][n % 3]).await.unwrap() })
        });
        let mut numbers = Vec::new();
        for asked in asked.collect::<Vec<_>>() {
            numbers.push(asked.await.unwrap());
        }
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers, [TenantId(1), TenantId(2), TenantId(3)]);
    }
}

/// Reads from the start, a few entries at a time, until the position that `end` names.
async fn tail(store: Store, tenant: TenantId, end: watch::Receiver<i64>) -> Vec<Arc<Entry>> {
    let mut seen: Vec<Arc<Entry>> = Vec::new();
    loop {
        let after = seen.last().map_or(0, |entry| entry.position);
        if after >= *end.borrow() {
            return seen;
        }
        let entries = store
            .read(tenant, after, 50)
            .await
            .expect("the log is read");
        if entries.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for (entry, expected) in entries.into_iter().zip(after + 1..) {
            assert_eq!(entry.position, expected, "the log has no gaps");
            seen.push(entry);
        }
    }
}

fn positions(log: &[Arc<Entry>]) -> Vec<(i64, uuid::Uuid)> {
    log.iter()
        .map(|entry| {
            (
                entry.position,
                entry.event.as_ref().expect("it is readable").event_id,
            )
        })
        .collect()
}
