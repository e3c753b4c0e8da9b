//! What is read from memory is what the rows say, on every node and whoever folds.

use std::collections::BTreeSet;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::federation::counted;
use super::server::{Server, say, token, until};
use super::shopfront::{order_of, place, receive, story, tenants, with};

/// Orders with what their lines earned, orders one by one, and what lines earned as a list.
const PAGE: &str = "{ orders(first: 50) { nodes { ...All margins { ...Line } } } }";
const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { ...All } }";
const LINES: &str = "{ margins(first: 250) { nodes { ...Line } } }";
const ALL: &str = "fragment All on Order {
    id position updatedAt status paymentStatus fulfillmentStatus channel totals { total { amount } captured { amount } }
    lines { line sku quantity canceledQuantity shippedQuantity net { amount } } }";
const LINE: &str = "fragment Line on MarginLine { orderId line sku channel customerId bookedOn recognizedOn quantity
    shippedQuantity net { amount } cogs { amount } fee { amount } shippingCost { amount } contribution { amount }
    contributionRatio position }";
const CUSTOMERS: &str =
    "{ orders(first: 50) { nodes { id customer { id externalId status updatedAt } } } }";

/// Answers from memory wherever it can: none is given again.
async fn node(db: &TestDb) -> Server {
    Server::start_with(db, &["--answers-mib", "0"]).await
}

/// Who is bound to all channels that there are sees the same orders, by the rules of their rows.
fn bound(server: &Server) -> Client {
    server.bearer(&token("north", Role::Partner, &["web", "till"]))
}

/// Orders, and the lines' margins of all of them.
type Seen = (Json, BTreeSet<String>);

/// From memory, where that is how it is read.
async fn page(client: &Client) -> Seen {
    let page = client.ask(&format!("{PAGE} {ALL} {LINE}"), json!({})).await;
    let mut orders = page["orders"]["nodes"].clone();
    let mut lines = BTreeSet::new();
    for order in orders.as_array_mut().expect("orders") {
        let of = order
            .as_object_mut()
            .and_then(|order| order.remove("margins"));
        let of = of.expect("margins");
        lines.extend(of.as_array().expect("lines").iter().map(Json::to_string));
    }
    (orders, lines)
}

/// By rows.
async fn rows(node: &Server, wait: impl Fn(Client) -> Client, ids: &[&str]) -> Seen {
    let (orders, lines) = (format!("{NODES} {ALL}"), format!("{LINES} {LINE}"));
    let orders = wait(bound(node)).ask(&orders, json!({ "ids": ids })).await;
    let lines = wait(node.boss("north")).ask(&lines, json!({})).await;
    let lines = lines["margins"]["nodes"].as_array().expect("lines").iter();
    (
        orders["nodes"].clone(),
        lines.map(Json::to_string).collect(),
    )
}

fn ids(orders: &Json) -> Vec<&str> {
    let orders = orders.as_array().expect("orders").iter();
    orders
        .map(|order| order["id"].as_str().expect("an id"))
        .collect()
}

/// What each node says of one state.
async fn said(nodes: &[Server], written: &str) -> Seen {
    let wait = |client: Client| client.with("entrepot-consistency", written);
    let first = page(&wait(nodes[0].boss("north"))).await;
    for node in nodes {
        for _ in 0..2 {
            assert_eq!(page(&wait(node.boss("north"))).await, first);
        }
        assert_eq!(rows(node, wait, &ids(&first.0)).await, first);
    }
    first
}

both! {
    async fn memory_says_what_the_rows_say_on_every_node(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        let nodes = [node(&db).await, node(&db).await];
        let boss = nodes[0].boss("north");
        let kept = story(&boss, "mark").await;
        // Another tenant with the very same orders must not be seen.
        story(&nodes[1].boss("south"), "mark").await;

        let order = place(&boss, with(&order_of("B", 4), json!({ "customerId": kept["Customer"] }))).await;
        let dispatch = |quantity: &str| json!({ "orderId": order, "lines": [{ "line": 1, "quantity": quantity }] });
        let steps = [
            ("shipmentDispatch", dispatch("1")),
            ("orderLineCancel", json!({ "orderId": order, "line": 1, "quantity": "1", "reason": "x" })),
            ("shipmentDispatch", dispatch("2")),
            ("paymentCapture", json!({ "paymentId": kept["Payment"], "amountMinor": "500", "feeMinor": "7" })),
            ("customerErase", json!({ "customerId": kept["Customer"] })),
            ("orderPlace", order_of("C", 1)),
        ];
        let mut last = Seen::default();
        for (step, (command, input)) in steps.into_iter().enumerate() {
            // Now the one node decides, now the other.
            let boss = nodes[step % 2].boss("north");
            let payload = boss.give(command, input, "consistencyToken").await;
            let written = payload["consistencyToken"].as_str().expect("a token");
            let seen = said(&nodes, written).await;
            assert_eq!(seen == last, command == "customerErase", "{command}: {seen:#?}");
            let mut customers = Vec::new();
            for node in &nodes {
                let reader = node.boss("north").with("entrepot-consistency", written);
                customers.push(reader.ask(CUSTOMERS, json!({})).await);
            }
            assert_eq!(customers[0], customers[1]);
            let erased = customers[0].to_string().contains("\"ERASED\"");
            assert_eq!(erased, step >= 4, "{command}: {}", customers[0]);
            last = seen;
        }

        // Rows that were made anew, at the same position, are read anew.
        say(&db, &["rebuild", "all"]).await;
        for node in &nodes {
            assert_eq!(page(&node.boss("north")).await, last);
        }
        // Orders of both tenants may have the same id: each has its own.
        let south = nodes[1].boss("south");
        let (ours, theirs) = (page(&nodes[1].boss("north")).await.0, page(&south).await.0);
        let found = south.ask(&format!("{NODES} {ALL}"), json!({ "ids": ids(&ours) })).await;
        for (id, order) in ids(&ours).iter().zip(found["nodes"].as_array().expect("as many")) {
            let their_own = theirs.as_array().expect("orders").iter().find(|own| own["id"] == *id);
            assert_eq!(their_own.unwrap_or(&Json::Null), order);
        }
    }

    async fn two_lists_are_of_one_state_although_rows_move_between_them(db: TestDb) {
        let stock = "query($both: Boolean!) { one: inventory(filter: { sku: \"A\" }) { nodes { reserved } }
            other: inventory(filter: { sku: \"B\" }) @include(if: $both) { nodes { reserved } } }";
        tenants(&db, &["north"]).await;
        let node = node(&db).await;
        let boss = node.boss("north");
        for sku in ["A", "B"] {
            receive(&boss, sku, 1_000_000, 1).await;
        }
        let line = |sku| json!({ "sku": sku, "quantity": "1" });
        let of_both = with(&order_of("A", 1), json!({ "lines": [line("A"), line("B")] }));
        place(&boss, of_both.clone()).await;
        let (writing, reading) = (CancellationToken::new(), boss.clone());
        let writer = tokio::spawn({
            let writing = writing.clone();
            async move {
                while !writing.is_cancelled() {
                    boss.give("orderPlace", of_both.clone(), "").await;
                }
            }
        });
        until("a read started over", async || {
            for _ in 0..50 {
                // One list alone: the next time, a glance is tried.
                reading.ask(stock, json!({ "both": false })).await;
                let two = reading.ask(stock, json!({ "both": true })).await;
                assert_eq!(two["one"], two["other"]);
            }
            counted(&node, "entrepot_reads_started_over_total ").await > 0
        })
        .await;
        writing.cancel();
        writer.await.expect("every order was placed");
    }

    async fn memory_is_used(db: TestDb) {
        use sea_orm::ConnectionTrait as _;

        tenants(&db, &["north"]).await;
        let node = node(&db).await;
        let boss = node.boss("north");
        story(&boss, "mark").await;
        let payload = boss.give("orderPlace", order_of("C", 1), "consistencyToken").await;
        let written = payload["consistencyToken"].as_str().expect("a token").to_owned();
        let reader = boss.with("entrepot-consistency", &written);
        let (orders, lines) = page(&reader).await;
        // Spoilt behind the program's back: who reads rows sees it.
        let spoilt = "UPDATE rm_orders SET doc = replace(doc, '\"web\"', '\"spoilt\"')";
        db.sql().await.execute_unprepared(spoilt).await.expect("rows are spoilt");
        assert_eq!(page(&reader).await, (orders.clone(), lines));
        let (rows, _) = rows(&node, |client| client, &ids(&orders)).await;
        assert!(rows.to_string().contains("spoilt"), "{rows}");
    }
}
