//! A client that does not read: it costs a bounded amount, is told, and misses nothing.

use std::time::Duration;

use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::next;
use crate::client::Client;
use crate::server::Server;
use crate::shopfront::{order_of, place, receive, tenants, with};
use crate::socket::{Heard, Socket};

/// Enough orders of enough lines that no buffer between the two holds their updates.
const ORDERS: usize = 120;
const LINES: usize = 60;
/// Longer than an update may wait.
const STALL: Duration = Duration::from_secs(4);
/// What a server that waits uses meanwhile at most, in hundredths of a second.
const IDLE: u64 = 40;
/// What a server may grow by, however much waits for those who do not read.
const GROWTH_KIB: usize = 96 * 1024;
/// Every line many times over, in as few bytes of a document as possible.
const LARGE: &str = "subscription($after: String, $position: BigInt) {
    orderChanged(after: $after, position: $position) { cursor previousCursor position order { id
      a: lines { ...l } b: lines { ...l } c: lines { ...l } d: lines { ...l } e: lines { ...l }
      f: lines { ...l } g: lines { ...l } h: lines { ...l } i: lines { ...l } j: lines { ...l } } } }
    fragment l on OrderLine { line sku quantity canceledQuantity deliveredQuantity shippedQuantity
      gross { amount amountMinor currency } net { amount amountMinor currency } tax { amount amountMinor currency } }";

async fn busy(db: &TestDb) -> (Server, Client, Json) {
    tenants(db, &["north"]).await;
    let server = Server::start_with(db, &["--lag-seconds", "2"]).await;
    let seller = server.client("north", entrepot_api::auth::Role::Commerce);
    let start = receive(&seller, "A", 1_000_000, 880).await["position"].clone();
    (server, seller, start)
}

async fn place_large(seller: &Client) -> Vec<String> {
    let line = json!({ "sku": "A", "quantity": "1" });
    let input = with(&order_of("A", 1), json!({ "lines": vec![line; LINES] }));
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        orders.push(place(seller, input.clone()).await);
    }
    orders
}

/// Waits until the server writes no more, because nobody reads, and an update has waited too long.
async fn stalled(server: &Server) {
    for _ in 0..15 {
        let before = server.ticks();
        sleep(STALL).await;
        if server.ticks() - before < IDLE {
            return;
        }
    }
    panic!("the server is never idle");
}

/// The orders after a cursor, as somebody sees them who reads.
async fn rest(seller: &Client, cursor: &Json, count: usize) -> Vec<Json> {
    let mut events = seller
        .follow(LARGE, json!({ "after": cursor }))
        .await
        .unwrap();
    let (mut previous, mut orders) = (cursor.clone(), Vec::new());
    while orders.len() < count {
        let update = next(&mut events, "orderChanged").await;
        assert_eq!(update["previousCursor"], previous);
        previous = update["cursor"].clone();
        orders.push(update["order"]["id"].clone());
    }
    orders
}

both! {
    async fn who_does_not_read_events_is_told_and_goes_on(db: TestDb) {
        let (server, seller, start) = busy(&db).await;
        let before = server.resident_kib();
        let mut events = seller.follow(LARGE, json!({ "position": start })).await.unwrap();
        let orders = place_large(&seller).await;
        stalled(&server).await;
        assert!(server.resident_kib() < before + GROWTH_KIB);
        let mut seen = Vec::new();
        let lagged = loop {
            let event = events.next().await.unwrap().expect("it says why it ends");
            if let Some(errors) = event.payload.get("errors") {
                break errors[0]["extensions"].clone();
            }
            let update = &event.payload["data"]["orderChanged"];
            seen.push((update["cursor"].clone(), update["order"]["id"].clone()));
        };
        assert_eq!((&lagged["code"], &lagged["retryable"]), (&json!("SUBSCRIPTION_LAGGED"), &json!(true)));
        assert_eq!(lagged["lastCursor"], seen.last().unwrap().0);
        assert!(events.next().await.is_err(), "a stream that may be gone on with is not complete");
        assert!(seen.len() < ORDERS, "the buffers hold everything: nothing was tried");
        let mut all: Vec<Json> = seen.into_iter().map(|(_, order)| order).collect();
        all.extend(rest(&seller, &lagged["lastCursor"], ORDERS - all.len()).await);
        assert_eq!(all, orders);
    }

    async fn who_does_not_read_a_socket_is_told_and_goes_on(db: TestDb) {
        let (server, seller, start) = busy(&db).await;
        let before = server.resident_kib();
        let mut socket = Socket::open(&seller).await;
        socket.subscribe("1", LARGE, json!({ "position": start }), json!({})).await;
        let orders = place_large(&seller).await;
        stalled(&server).await;
        assert!(server.resident_kib() < before + GROWTH_KIB);
        let mut seen = Vec::new();
        let lagged = loop {
            let Heard::Message(message) = socket.hear().await else { panic!("closed without a word") };
            if message["type"] == "error" {
                break message["payload"][0]["extensions"].clone();
            }
            let update = &message["payload"]["data"]["orderChanged"];
            seen.push((update["cursor"].clone(), update["order"]["id"].clone()));
        };
        assert_eq!((&lagged["code"], &lagged["retryable"]), (&json!("SUBSCRIPTION_LAGGED"), &json!(true)));
        assert_eq!(lagged["lastCursor"], seen.last().unwrap().0);
        assert!(seen.len() < ORDERS, "the buffers hold everything: nothing was tried");
        let mut all: Vec<Json> = seen.into_iter().map(|(_, order)| order).collect();
        all.extend(rest(&seller, &lagged["lastCursor"], ORDERS - all.len()).await);
        assert_eq!(all, orders);
    }
}
