//! Live updates: every event once, in order, whatever becomes of the server and of Redis meanwhile.

mod cursors;
mod lag;
mod snapshot;
mod standing;

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::client::{Client, Events, mutation};
use crate::server::{DEADLINE, LOOK, Server, any_free_port, until};
use crate::shopfront::{head, north, order_of, place, receive, tenants};

const ORDERS: &str = "subscription($after: String, $position: BigInt) {
    orderChanged(after: $after, position: $position) {
      cursor previousCursor kind position eventType asOf order { id status } } }";

/// A subscriber that comes back after each loss, and remembers what it saw.
struct Watcher {
    client: Client,
    /// The position after which it started.
    from: String,
    stream: Option<Events>,
    seen: Vec<Json>,
    /// Whether it resumes by the header of server-sent events or by the argument.
    by_header: bool,
}

impl Watcher {
    fn after(client: &Client, position: &Json) -> Self {
        let from = position.as_str().expect("a position").to_owned();
        Self {
            client: client.clone(),
            from,
            stream: None,
            seen: Vec::new(),
            by_header: true,
        }
    }

    fn cursor(&self) -> Json {
        self.seen
            .last()
            .map_or(Json::Null, |update| update["cursor"].clone())
    }

    /// Sees one more update, over as many connections as it takes.
    async fn see(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if self.stream.is_none() {
                self.stream = self.connect().await;
            }
            if let Some(stream) = &mut self.stream {
                match stream.next().await {
                    Ok(Some(event)) => {
                        let update = event.payload["data"]["orderChanged"].clone();
                        assert!(update.is_object(), "{:#}", event.payload);
                        assert_eq!(event.id.as_deref(), update["cursor"].as_str());
                        self.seen.push(update);
                        return;
                    }
                    Ok(None) => panic!("orders are followed without end"),
                    // Cut off: come back.
                    Err(_) => self.stream = None,
                }
            }
            assert!(
                Instant::now() < deadline,
                "no update came after {} of them",
                self.seen.len()
            );
            sleep(LOOK).await;
        }
    }

    async fn connect(&mut self) -> Option<Events> {
        let cursor = self.cursor();
        let variables = match &cursor {
            Json::String(_) if !self.by_header => json!({ "after": cursor }),
            Json::String(_) => json!({}),
            _ => json!({ "position": self.from }),
        };
        let client = match cursor.as_str() {
            Some(cursor) if self.by_header => self.client.with("last-event-id", cursor),
            _ => self.client.clone(),
        };
        self.by_header = !self.by_header;
        client.follow(ORDERS, variables).await.ok()
    }

    /// Sees updates until `count` orders were placed.
    async fn see_orders(&mut self, count: usize) {
        while self.placed() < count {
            self.see().await;
        }
    }

    fn placed(&self) -> usize {
        self.seen
            .iter()
            .filter(|update| update["eventType"] == "order.placed")
            .count()
    }

    /// Nothing was missed: each update names the one before it. Nothing came twice: positions rise.
    fn assert_whole(&self) {
        let mut previous = (Json::Null, 0);
        for update in &self.seen {
            let position: i64 = update["position"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("a position");
            let as_of: i64 = update["asOf"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("a position");
            assert_eq!(update["previousCursor"], previous.0, "{update}");
            assert!(
                position > previous.1 && as_of >= position,
                "{update} after {previous:?}"
            );
            previous = (update["cursor"].clone(), position);
        }
    }

    /// The facts of what was seen: rows are shown as they stand when they are sent.
    fn facts(&self) -> Vec<[&Json; 4]> {
        let seen = self.seen.iter();
        seen.map(|update| {
            [
                &update["cursor"],
                &update["position"],
                &update["eventType"],
                &update["order"]["id"],
            ]
        })
        .collect()
    }
}

/// Places orders one after the other and cancels every third, whatever becomes of the server.
fn keep_ordering(seller: &Client, orders: usize) -> JoinHandle<()> {
    let seller = seller.clone();
    tokio::spawn(async move {
        for order in 0..orders {
            let id = format!("00000000-0000-7000-8000-{order:012}");
            let line = json!({ "sku": "A", "quantity": "1" });
            let input =
                json!({ "idempotencyKey": id, "orderId": id, "channel": "web", "lines": [line] });
            insist(&seller, "orderPlace", input).await;
            if order % 3 == 0 {
                let input = json!({ "idempotencyKey": format!("-{id}"), "orderId": id, "reason": "changed my mind" });
                insist(&seller, "orderCancel", input).await;
            }
        }
    })
}

/// Gives a command, again and again under its key, until it is accepted.
async fn insist(seller: &Client, command: &str, input: Json) {
    let (query, variables) = mutation(command, &input, "");
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Ok(answer) = seller.post(&query, variables.clone()).await {
            assert_eq!(
                answer.json()["data"][command]["userErrors"],
                json!([]),
                "{}",
                answer.text()
            );
            return;
        }
        assert!(Instant::now() < deadline, "nobody answers");
        sleep(LOOK).await;
    }
}

/// What somebody sees who starts afterwards from the same place.
async fn history(client: &Client, from: &str, count: usize) -> Watcher {
    let mut watcher = Watcher::after(client, &json!(from));
    while watcher.seen.len() < count {
        watcher.see().await;
    }
    watcher
}

both! {
    async fn every_update_is_seen_once_though_the_server_stops_and_dies(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        let start = receive(&seller, "A", 1000, 880).await["position"].clone();
        let mut watcher = Watcher::after(&seller, &start);
        let ordering = keep_ordering(&seller, 100);
        watcher.see_orders(25).await;
        server.term().await;
        server.restart().await;
        watcher.see_orders(50).await;
        server.kill9();
        server.restart().await;
        watcher.see_orders(75).await;
        // The subscriber itself is gone for a while.
        watcher.stream = None;
        ordering.await.unwrap();
        watcher.see_orders(100).await;
        watcher.assert_whole();
        let orders: BTreeSet<&str> = watcher.seen.iter().filter_map(|update| update["order"]["id"].as_str()).collect();
        assert_eq!(orders.len(), 100);
        // The last order is canceled: that is the end of the log.
        while watcher.seen.last().unwrap()["eventType"] != "order.canceled" || watcher.seen.last().unwrap()["order"]["id"].as_str().is_some_and(|id| !id.ends_with("099")) {
            watcher.see().await;
        }
        let again = history(&seller, &watcher.from, watcher.seen.len()).await;
        assert_eq!(again.facts(), watcher.facts());
        let end = head(&db, "north").await;
        assert!(watcher.seen.last().unwrap()["position"].as_str().unwrap().parse::<i64>().unwrap() <= end);
    }

    async fn stock_margins_and_subscriptions_are_live_too(db: TestDb) {
        let (server, seller) = north(&db).await;
        let start = receive(&seller, "A", 10, 880).await["position"].clone();
        let finance = server.client("north", Role::Finance);
        let follow = async |fields: &str| {
            let query = format!("subscription($position: BigInt) {{ {fields} }}");
            finance.follow(&query, json!({ "position": start })).await.unwrap()
        };
        let mut stock = follow("inventoryChanged(position: $position) {
            cursor previousCursor position eventType asOf stockPosition { sku reserved value { amountMinor } } }").await;
        let mut margins = follow("marginChanged(position: $position) {
            cursor previousCursor position eventType asOf orderId lines { line net { amountMinor } } }").await;
        let mut subscriptions = follow("subscriptionChanged(position: $position) {
            cursor previousCursor position eventType asOf subscription { id status } }").await;

        let order = place(&seller, order_of("A", 2)).await;
        let update = next(&mut stock, "inventoryChanged").await;
        assert_eq!(update["eventType"], "inventory.reserved");
        let position = json!({ "sku": "A", "reserved": "2", "value": { "amountMinor": "8800" } });
        assert_eq!(update["stockPosition"], position);
        let update = next(&mut margins, "marginChanged").await;
        assert_eq!((&update["eventType"], &update["orderId"]), (&json!("order.placed"), &json!(order)));
        assert_eq!(update["lines"], json!([{ "line": 1, "net": { "amountMinor": "4998" } }]));

        // What a margin is does not change when the parcel arrives.
        let dispatch = json!({ "orderId": order });
        let shipment = seller.give("shipmentDispatch", dispatch, "shipment { id }").await["shipment"]["id"].clone();
        seller.give("shipmentDeliver", json!({ "orderId": order, "shipmentId": shipment }), "").await;
        place(&seller, order_of("A", 1)).await;
        let mut heard = Vec::new();
        while heard.last() != Some(&json!("order.placed")) {
            heard.push(next(&mut margins, "marginChanged").await["eventType"].clone());
        }
        assert_eq!(heard, ["shipment.dispatched", "inventory.issued", "order.placed"]);

        let customer = seller.give("customerRegister", json!({}), "customer { id }").await["customer"]["id"].clone();
        let create = json!({
            "customerId": customer, "channel": "web", "anchor": "2100-01-01",
            "interval": { "unit": "MONTH" }, "items": [{ "sku": "A", "quantity": "1" }],
        });
        let created = seller.give("subscriptionCreate", create, "subscription { id }").await;
        let update = next(&mut subscriptions, "subscriptionChanged").await;
        assert_eq!(update["eventType"], "subscription.created");
        let id = &created["subscription"]["id"];
        assert_eq!(update["subscription"], json!({ "id": id, "status": "ACTIVE" }));
        let pause = seller.give("subscriptionPause", json!({ "subscriptionId": id }), "").await;
        let paused = next(&mut subscriptions, "subscriptionChanged").await;
        assert_eq!((&paused["position"], &paused["previousCursor"]), (&pause["position"], &update["cursor"]));
        assert_eq!(paused["subscription"]["status"], "PAUSED");
    }
}

async fn next(stream: &mut Events, field: &str) -> Json {
    let event = stream
        .next()
        .await
        .expect("the server is there")
        .expect("updates have no end");
    assert!(event.payload.get("errors").is_none(), "{:#}", event.payload);
    event.payload["data"][field].clone()
}

/// A Redis of the test's own.
struct Redis {
    port: u16,
    child: Child,
}

impl Redis {
    async fn start(port: u16) -> Self {
        let arguments = [
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            "/tmp",
        ];
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port.to_string()])
            .args(arguments)
            .stdout(Stdio::null());
        let child = command
            .spawn()
            .expect("redis-server is installed: run scripts/test");
        until("redis listens", async || {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { port, child }
    }

    fn kill9(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }

    async fn restart(&mut self) {
        *self = Self::start(self.port).await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill9();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_reach_the_other_node_with_redis_and_without() {
    let db = TestDb::postgres().await;
    tenants(&db, &["north"]).await;
    let mut redis = Redis::start(any_free_port()).await;
    let url = format!("redis://127.0.0.1:{}", redis.port);
    let (one, other) = (
        Server::start_with(&db, &["--redis-url", &url]).await,
        Server::start_with(&db, &["--redis-url", &url]).await,
    );
    let seller = one.client("north", Role::Commerce);
    let start = receive(&seller, "A", 1000, 880).await["position"].clone();
    let mut watcher = Watcher::after(&seller.at(other.address()), &start);
    for (seen, gone) in [(30, false), (60, true), (90, false)] {
        if gone {
            redis.kill9();
        } else if seen > 30 {
            redis.restart().await;
        }
        for _ in 0..30 {
            seller.give("orderPlace", order_of("A", 1), "").await;
        }
        watcher.see_orders(seen).await;
    }
    assert_eq!((watcher.seen.len(), watcher.placed()), (90, 90));
    watcher.assert_whole();
    assert_eq!(
        history(&seller, &watcher.from, 90).await.facts(),
        watcher.facts()
    );
}
