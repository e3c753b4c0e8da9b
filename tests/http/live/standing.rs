//! Who may still see: asked for each update, and of those to whom nothing happens.

use std::time::{Duration, Instant};

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::{ORDERS, next};
use crate::client::{Client, Events};
use crate::server::{Server, token};
use crate::shopfront::{north, order_of, place, receive, tenants, with};
use crate::socket::{Heard, Socket};

/// Within seconds.
const SOON: Duration = Duration::from_secs(5);

async fn ends_suspended(events: &mut Events, since: Instant) {
    let event = events.next().await.unwrap().expect("it says why");
    assert_eq!(
        event.payload["errors"][0]["extensions"]["code"], "TENANT_SUSPENDED",
        "{:#}",
        event.payload
    );
    assert!(since.elapsed() < SOON);
    let end = events.next().await.unwrap();
    assert!(end.is_none(), "there is nothing to come back for");
}

async fn suspend(operator: &Client) {
    operator
        .give("tenantSuspend", json!({ "reason": "unpaid" }), "")
        .await;
}

both! {
    async fn a_suspended_tenant_is_not_followed(db: TestDb) {
        let (server, seller) = north(&db).await;
        let start = receive(&seller, "A", 100, 880).await["position"].clone();
        let mut events = seller.follow(ORDERS, json!({ "position": start })).await.unwrap();
        // It runs.
        place(&seller, order_of("A", 1)).await;
        next(&mut events, "orderChanged").await;
        let operator = server.client("north", Role::Operator);
        let since = Instant::now();
        suspend(&operator).await;
        ends_suspended(&mut events, since).await;
        let mut again = seller.follow(ORDERS, json!({})).await.unwrap();
        let event = again.next().await.unwrap().unwrap();
        assert_eq!(event.payload["errors"][0]["extensions"]["code"], "TENANT_SUSPENDED");
        operator.give("tenantRelease", json!({}), "").await;
        let mut back = seller.follow(ORDERS, json!({ "position": "0" })).await.unwrap();
        next(&mut back, "orderChanged").await;
    }

    async fn a_partner_follows_its_channels_only(db: TestDb) {
        let (server, seller) = north(&db).await;
        let start = receive(&seller, "A", 100, 880).await["position"].clone();
        let till = server.bearer(&token("north", Role::Partner, &["till"]));
        let both = server.bearer(&token("north", Role::Partner, &["till", "web"]));
        let mut of_till = till.follow(ORDERS, json!({ "position": start })).await.unwrap();
        let mut of_both = both.follow(ORDERS, json!({ "position": start })).await.unwrap();
        let mut orders = Vec::new();
        // Sessions of the same document and different rows, at the same tail.
        for channel in ["web", "till", "web", "till"] {
            orders.push(place(&seller, with(&order_of("A", 1), json!({ "channel": channel }))).await);
        }
        for order in &orders {
            assert_eq!(next(&mut of_both, "orderChanged").await["order"]["id"], *order);
        }
        for order in [&orders[1], &orders[3]] {
            assert_eq!(next(&mut of_till, "orderChanged").await["order"]["id"], *order);
        }
        let mut history = till.follow(ORDERS, json!({ "position": start })).await.unwrap();
        for order in [&orders[1], &orders[3]] {
            assert_eq!(next(&mut history, "orderChanged").await["order"]["id"], *order);
        }
        assert!(of_till.silent_for(Duration::from_millis(300)).await);
    }

    async fn who_watches_little_misses_nothing_among_much(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let start = receive(&seller, "A", 2_000, 880).await["position"].clone();
        let variables = json!({ "position": start, "channel": "till" });
        let mut of_till = seller.follow(CHANNEL, variables.clone()).await.unwrap();
        let sell = |channel| place(&seller, with(&order_of("A", 1), json!({ "channel": channel })));
        let mut orders = Vec::new();
        for _ in 0..3 {
            // More than the tail keeps at hand.
            let others = stream::iter(0..550).map(|_| sell("web"));
            others.buffer_unordered(16).collect::<Vec<_>>().await;
            orders.push(sell("till").await);
            assert_eq!(next(&mut of_till, "orderChanged").await["order"]["id"], orders[orders.len() - 1]);
        }
        // From far behind, the same.
        let mut history = seller.follow(CHANNEL, variables).await.unwrap();
        orders.push(sell("till").await);
        for order in &orders {
            assert_eq!(next(&mut history, "orderChanged").await["order"]["id"], *order);
        }
        assert_eq!(next(&mut of_till, "orderChanged").await["order"]["id"], orders[3]);
        assert!(of_till.silent_for(Duration::from_millis(300)).await);
    }
}

const CHANNEL: &str = "subscription($position: BigInt, $channel: String) {
    orderChanged(position: $position, channel: $channel) { cursor position order { id } } }";

/// No hints: the other node finds out by looking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_another_node_suspends_is_not_followed_here() {
    let db = TestDb::postgres().await;
    tenants(&db, &["north"]).await;
    let one = Server::start(&db).await;
    // A node that only answers has no projector that would look.
    let other = Server::start_with(&db, &["--role", "api"]).await;
    let seller = one.client("north", Role::Commerce);
    let mut events = seller
        .at(other.address())
        .follow(ORDERS, json!({}))
        .await
        .unwrap();
    receive(&seller, "A", 100, 880).await;
    let order = place(&seller, order_of("A", 1)).await;
    assert_eq!(
        next(&mut events, "orderChanged").await["order"]["id"],
        order
    );
    let since = Instant::now();
    suspend(&one.client("north", Role::Operator)).await;
    ends_suspended(&mut events, since).await;
}

/// An accident is no verdict: nobody is told that it must not be here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_looked_up_may_come_back() {
    let db = TestDb::postgres().await;
    let (_server, seller) = north(&db).await;
    let start = receive(&seller, "A", 100, 880).await["position"].clone();
    let mut socket = Socket::open(&seller).await;
    db.shut(true).await;
    let mut events = seller
        .follow(ORDERS, json!({ "position": start }))
        .await
        .unwrap();
    let event = events.next().await.unwrap().expect("it says why");
    let why = &event.payload["errors"][0]["extensions"];
    assert_eq!(
        (&why["code"], &why["retryable"]),
        (&json!("UNAVAILABLE"), &json!(true))
    );
    assert!(
        events.next().await.is_err(),
        "a stream that may be gone on with is not complete"
    );
    let closed = loop {
        if let Heard::Closed(code) = socket.hear().await {
            break code;
        }
    };
    assert_eq!(closed, 1013);
    db.shut(false).await;
    let order = place(&seller, order_of("A", 1)).await;
    let mut events = seller
        .follow(ORDERS, json!({ "position": start }))
        .await
        .unwrap();
    assert_eq!(
        next(&mut events, "orderChanged").await["order"]["id"],
        order
    );
}
