//! Snapshots: every row once, at one position, and then whatever happens to it.

use std::collections::{BTreeMap, BTreeSet};

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use crate::client::{Client, Events};
use crate::server::token;
use crate::shopfront::{north, order_of, place, receive, with};

/// More than two pages.
const ORDERS: usize = 230;
const QUERY: &str = "subscription($after: String) {
    orderChanged(after: $after, snapshot: true) {
      cursor previousCursor kind position eventType occurredAt asOf order { id status channel } } }";

async fn follow(client: &Client, after: &Json) -> Events {
    client
        .follow(QUERY, json!({ "after": after }))
        .await
        .unwrap()
}

/// The next update, whatever field it is of.
async fn next(events: &mut Events) -> Json {
    let event = events.next().await.unwrap().expect("updates have no end");
    assert!(event.payload.get("errors").is_none(), "{:#}", event.payload);
    let (_, update) = event.payload["data"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let extensions = &event.payload["extensions"];
    assert_eq!(
        extensions["cursor"], update["cursor"],
        "{:#}",
        event.payload
    );
    let previous = extensions.get("previousCursor").unwrap_or(&Json::Null);
    assert_eq!(*previous, update["previousCursor"], "{:#}", event.payload);
    update.clone()
}

fn id(update: &Json) -> String {
    update["order"]["id"].as_str().unwrap().to_owned()
}

async fn cancel(seller: &Client, order: &str) {
    let input = json!({ "orderId": order, "reason": "changed my mind" });
    seller.give("orderCancel", input, "").await;
}

/// The rows of a whole snapshot and its end.
async fn whole(client: &Client, query: &str) -> (Vec<Json>, Json) {
    let mut events = client.follow(query, json!({})).await.unwrap();
    let mut rows = Vec::new();
    loop {
        let update = next(&mut events).await;
        if update["kind"] == "SNAPSHOT_END" {
            return (rows, update);
        }
        assert_eq!(update["kind"], "SNAPSHOT");
        rows.push(update);
    }
}

both! {
    async fn a_snapshot_is_every_row_once_and_then_what_happens(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 1000, 880).await;
        let mut orders = Vec::new();
        for _ in 0..ORDERS {
            orders.push(place(&seller, order_of("A", 1)).await);
        }
        orders.sort();
        let mut events = follow(&seller, &Json::Null).await;
        let (mut seen, mut cursor) = (Vec::new(), Json::Null);
        while seen.len() < 130 {
            let update = next(&mut events).await;
            assert_eq!((&update["kind"], &update["previousCursor"]), (&json!("SNAPSHOT"), &cursor));
            cursor = update["cursor"].clone();
            seen.push(update);
        }
        // Cut off in the middle; meanwhile one that was sent, one that was not, and a new one.
        drop(events);
        let later = [orders[5].clone(), orders[ORDERS - 1].clone()];
        for order in &later {
            cancel(&seller, order).await;
        }
        let new = place(&seller, order_of("A", 1)).await;

        let mut events = follow(&seller, &cursor).await;
        let end = loop {
            let update = next(&mut events).await;
            assert_eq!(update["previousCursor"], cursor);
            cursor = update["cursor"].clone();
            if update["kind"] == "SNAPSHOT_END" {
                break update;
            }
            seen.push(update);
        };
        assert_eq!((&end["order"], &end["eventType"]), (&Json::Null, &Json::Null));
        for update in &seen {
            let position = (&update["position"], &update["asOf"]);
            assert_eq!(position, (&end["position"], &end["position"]), "all rows stand at one position");
            assert_eq!((&update["eventType"], &update["order"]["status"]), (&Json::Null, &json!("PLACED")));
        }
        let ids: Vec<String> = seen.iter().map(id).collect();
        let unchanged: Vec<&String> = orders.iter().filter(|order| **order != later[1]).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), unchanged, "what changed since comes as an event");

        let mut happened = Vec::new();
        while happened.len() < 3 {
            let update = next(&mut events).await;
            assert_eq!((&update["kind"], &update["previousCursor"]), (&json!("EVENT"), &cursor));
            cursor = update["cursor"].clone();
            happened.push((update["eventType"].as_str().unwrap().to_owned(), id(&update)));
        }
        let canceled = later.map(|order| ("order.canceled".to_owned(), order));
        assert_eq!(happened[..2], canceled);
        assert_eq!(happened[2], ("order.placed".to_owned(), new));
    }

    async fn a_snapshot_is_of_what_was_asked_for_and_may_be_seen(db: TestDb) {
        let (server, seller) = north(&db).await;
        let query = "subscription { orderChanged(snapshot: true) { cursor previousCursor kind order { id channel } } }";
        let (rows, end) = whole(&seller, query).await;
        assert!(rows.is_empty() && end["previousCursor"].is_null());

        receive(&seller, "A", 100, 880).await;
        let web = place(&seller, order_of("A", 1)).await;
        let till = place(&seller, with(&order_of("A", 1), json!({ "channel": "till" }))).await;
        let (rows, _) = whole(&seller, query).await;
        let both: BTreeSet<String> = rows.iter().map(id).collect();
        assert_eq!(both, BTreeSet::from([web.clone(), till.clone()]));
        let partner = server.bearer(&token("north", Role::Partner, &["till"]));
        let (rows, _) = whole(&partner, query).await;
        assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), [till]);
        let one = format!("subscription {{ orderChanged(snapshot: true, orderId: \"{web}\") {{ cursor previousCursor kind order {{ id }} }} }}");
        let (rows, _) = whole(&seller, &one).await;
        assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), std::slice::from_ref(&web));
        let of_web = "subscription { orderChanged(snapshot: true, channel: \"web\") { cursor previousCursor kind order { id } } }";
        let (rows, _) = whole(&seller, of_web).await;
        assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), [web]);
    }

    async fn stock_margins_and_subscriptions_have_snapshots_too(db: TestDb) {
        let (server, seller) = north(&db).await;
        for sku in ["A", "B"] {
            receive(&seller, sku, 10, 880).await;
        }
        let order = place(&seller, order_of("A", 2)).await;
        let customer = seller.give("customerRegister", json!({}), "customer { id }").await["customer"]["id"].clone();
        let create = json!({
            "customerId": customer, "channel": "web", "anchor": "2100-01-01",
            "interval": { "unit": "MONTH" }, "items": [{ "sku": "A", "quantity": "1" }],
        });
        let created = seller.give("subscriptionCreate", create, "subscription { id }").await;
        let finance = server.client("north", Role::Finance);
        let (rows, _) = whole(&finance, "subscription { inventoryChanged(snapshot: true) {
            cursor previousCursor kind stockPosition { sku reserved } } }").await;
        let stock: BTreeMap<&str, &Json> = rows.iter()
            .map(|row| (row["stockPosition"]["sku"].as_str().unwrap(), &row["stockPosition"]["reserved"]))
            .collect();
        assert_eq!(stock, BTreeMap::from([("A", &json!("2")), ("B", &json!("0"))]));
        let (rows, end) = whole(&finance, "subscription { marginChanged(snapshot: true) {
            cursor previousCursor kind orderId lines { line } } }").await;
        assert_eq!((rows.len(), &rows[0]["orderId"], &rows[0]["lines"]), (1, &json!(order), &json!([{ "line": 1 }])));
        assert_eq!((&end["orderId"], &end["lines"]), (&Json::Null, &json!([])));
        let (rows, _) = whole(&finance, "subscription { subscriptionChanged(snapshot: true) {
            cursor previousCursor kind subscription { id } } }").await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["subscription"]["id"], created["subscription"]["id"]);
    }
}
