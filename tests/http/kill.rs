//! The program is killed again and again while it takes commands: what it acknowledged is there,
//! once, and the books agree after each start.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use entrepot_tests::{Random, TestDb, both};
use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use tokio::time::{Duration, sleep};

use super::client::{Client, mutation};
use super::server::{DEADLINE, LOOK, Server, say, until};
use super::shopfront::{north, receive};

const KILLS: usize = 20;
const CLIENTS: usize = 16;
/// Commands acknowledged before a kill.
const BURST: usize = 40;
/// Commands between two kills: the rest comes while `verify` looks. More than that would make it slower,
/// and then there would be still more.
const AT_MOST: usize = 2 * BURST;

/// A command that was acknowledged.
struct Given {
    command: &'static str,
    input: Json,
    position: Json,
}

/// How many commands were acknowledged, and how many may be given.
#[derive(Default)]
struct Load {
    done: AtomicUsize,
    allowed: AtomicUsize,
    stop: AtomicBool,
}

/// Gives one command after the other, each under a key of its own, until `stop`.
async fn bustle(seller: Client, client: usize, load: Arc<Load>) -> Vec<Given> {
    let mut given = Vec::new();
    while !load.stop.load(Ordering::Relaxed) {
        if load.done.load(Ordering::Relaxed) >= load.allowed.load(Ordering::Relaxed) {
            sleep(LOOK).await;
            continue;
        }
        let key = format!("{client}-{}", given.len());
        // An order has an id that follows from its external id; a receipt has a fresh one each time.
        let (command, input) = if given.len() % 2 == 0 {
            let line = json!({ "sku": "A", "quantity": "1" });
            (
                "orderPlace",
                json!({ "idempotencyKey": key, "channel": "web", "externalId": key, "lines": [line] }),
            )
        } else {
            let receipt = json!({
                "idempotencyKey": key, "sku": "B", "warehouse": "west", "quantity": "1", "totalCostMinor": "600",
            });
            ("stockReceive", receipt)
        };
        let payload = acknowledged(&seller, command, &input).await;
        given.push(Given {
            command,
            input,
            position: payload["position"].clone(),
        });
        load.done.fetch_add(1, Ordering::Relaxed);
    }
    given
}

/// Sends a command until it is answered. An answer is a yes: only connections fail.
async fn acknowledged(seller: &Client, command: &'static str, input: &Json) -> Json {
    let (query, variables) = mutation(command, input, "");
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Ok(answer) = seller.post(&query, variables.clone()).await {
            let mut answer = answer.json();
            let payload = answer["data"][command].take();
            assert_eq!(
                payload["userErrors"],
                json!([]),
                "{input}: {payload} {answer}"
            );
            return payload;
        }
        assert!(Instant::now() < deadline, "nobody answers");
        sleep(LOOK).await;
    }
}

/// Kills and starts the program under load, and returns what was acknowledged meanwhile.
async fn killed_under_load(db: &TestDb, server: &mut Server, seller: &Client) -> Vec<Given> {
    let load = Arc::new(Load::default());
    let clients = (0..CLIENTS).map(|client| bustle(seller.clone(), client, Arc::clone(&load)));
    let clients: Vec<_> = clients.map(tokio::spawn).collect();
    let mut phases = Random::seeded(20);
    for _ in 0..KILLS {
        let before = load.done.load(Ordering::Relaxed);
        load.allowed.store(before + AT_MOST, Ordering::Relaxed);
        until("commands are acknowledged", async || {
            load.done.load(Ordering::Relaxed) >= before + BURST
        })
        .await;
        // Not to wait for anything: to be killed at another moment each time.
        sleep(Duration::from_micros(phases.below(20_000))).await;
        server.kill9();
        server.restart().await;
        let said = say(db, &["verify"]).await;
        assert!(said.contains("log and read models agree"), "{said}");
    }
    load.stop.store(true, Ordering::Relaxed);
    join_all(clients)
        .await
        .into_iter()
        .flat_map(|given| given.expect("a client has no trouble"))
        .collect()
}

/// Waits until the read models are at the end of the log.
async fn caught_up(seller: &Client, token: &Json) {
    let reader = seller.with("entrepot-consistency", token.as_str().expect("a token"));
    until("the read models are at the end of the log", async || {
        let answer = reader
            .post("{ orders(first: 1) { totalCount } }", json!({}))
            .await;
        answer.is_ok_and(|answer| answer.status == 200)
    })
    .await;
}

/// The external ids and ids of all orders.
async fn orders(seller: &Client) -> Vec<(String, String)> {
    let query = "query($after: String) { orders(first: 250, after: $after, sort: PLACED_AT_ASC) {
        nodes { id externalId } pageInfo { endCursor hasNextPage } } }";
    let (mut orders, mut after) = (Vec::new(), Json::Null);
    loop {
        let data = seller.ask(query, json!({ "after": after })).await;
        let text = |json: &Json| json.as_str().expect("text").to_owned();
        let nodes = data["orders"]["nodes"].as_array().expect("a page").iter();
        orders.extend(nodes.map(|node| (text(&node["externalId"]), text(&node["id"]))));
        after = data["orders"]["pageInfo"]["endCursor"].clone();
        if data["orders"]["pageInfo"]["hasNextPage"] == false {
            return orders;
        }
    }
}

both! {
    async fn what_is_acknowledged_survives_twenty_kills_and_happens_once(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        receive(&seller, "A", 1_000_000, 880).await;
        let given = killed_under_load(&db, &mut server, &seller).await;

        let last = receive(&seller, "C", 1, 100).await;
        caught_up(&seller, &last["consistencyToken"]).await;
        let orders = orders(&seller).await;
        let placed = given.iter().filter(|given| given.command == "orderPlace");
        let placed: HashSet<&str> = placed.map(|given| given.input["externalId"].as_str().expect("text")).collect();
        let found: HashSet<&str> = orders.iter().map(|(external_id, _)| external_id.as_str()).collect();
        let ids: HashSet<&str> = orders.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!((orders.len(), ids.len()), (placed.len(), placed.len()));
        assert_eq!(found, placed);
        let received = given.len() - placed.len();
        let query = "{ received: stockPosition(sku: \"B\", warehouse: \"west\") { onHand }
            sold: stockPosition(sku: \"A\", warehouse: \"east\") { reserved } }";
        let stock = seller.ask(query, json!({})).await;
        let expected = json!({
            "received": { "onHand": received.to_string() }, "sold": { "reserved": placed.len().to_string() },
        });
        assert_eq!(stock, expected);

        // Sent again, each of them is the one that it was.
        for given in given.iter().rev().take(200) {
            let payload = seller.give(given.command, given.input.clone(), "").await;
            assert_eq!((&payload["position"], &payload["replayed"]), (&given.position, &json!(true)));
        }
        server.term().await;
        let said = say(&db, &["verify"]).await;
        assert!(said.contains("log and read models agree"), "{said}");
    }
}
