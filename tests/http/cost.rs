//! What operations cost: said in every answer, refused when it is too much, taken from the bucket
//! of the tenant and the client and of nobody else, whatever the way in.

use std::time::{Duration, Instant};

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both, redis};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::server::{DEADLINE, LOOK, Server, token_of, until};
use super::shopfront::{order_of, place, receive, tenants};

const PAGE: &str =
    "query($n: Int) { orders(first: $n) { nodes { id totals { total { amount } } } } }";

async fn shop(db: &TestDb, more: &[&str]) -> (Server, Client) {
    tenants(db, &["north", "south"]).await;
    let server = Server::start_with(db, more).await;
    let seller = server.client("north", Role::Commerce);
    (server, seller)
}

fn cost(answer: &Json) -> (u64, Option<u64>) {
    let cost = &answer["extensions"]["cost"];
    let requested = cost["requestedQueryCost"].as_u64();
    (
        requested.unwrap_or_else(|| panic!("no cost: {answer:#}")),
        cost["actualQueryCost"].as_u64(),
    )
}

fn left(answer: &Json) -> u64 {
    answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
        .as_u64()
        .expect("what is left")
}

both! {
    async fn an_answer_says_what_it_may_and_did_cost(db: TestDb) {
        let (_server, seller) = shop(&db, &["--cost-restore", "1", "--cost-bucket", "60000", "--cost-maximum", "50000"]).await;
        receive(&seller, "A", 10, 880).await;
        place(&seller, order_of("A", 1)).await;
        place(&seller, order_of("A", 1)).await;
        let before = left(&seller.answer("{ __typename }", json!({})).await);
        let answer = seller.answer(PAGE, json!({ "n": 40 })).await;
        // The connection; 40 orders, totals and sums; of which two are there.
        assert_eq!(cost(&answer), (1 + 40 * 3, Some(1 + 2 * 3)), "{answer:#}");
        let status = &answer["extensions"]["cost"]["throttleStatus"];
        assert_eq!((&status["maximumAvailable"], &status["restoreRate"]), (&json!(60_000), &json!(1)));
        // The difference was given back; what a second restores may have come.
        let spent = before - left(&answer);
        assert!((1..=7).contains(&spent), "{spent}");
        let answer = seller.answer("{ orderSums { currency } __schema { types { name } } nodes(ids: []) { id } }", json!({})).await;
        assert_eq!(cost(&answer), (2 * 20 + 100 + 1, Some(20 + 100 + 1)), "{answer:#}");
        let command = "mutation($input: StockReceiveInput!) { stockReceive(input: $input) { position } }";
        let input = json!({ "sku": "A", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
        assert_eq!(cost(&seller.answer(command, json!({ "input": input })).await), (10, Some(10)));
    }
}

#[tokio::test]
async fn what_costs_too_much_is_refused_on_every_way_in() {
    let db = TestDb::sqlite().await;
    let (server, seller) = shop(&db, &["--cost-maximum", "1000"]).await;
    assert_eq!(
        seller.answer(PAGE, json!({ "n": 250 })).await["errors"],
        Json::Null
    );
    let nested = "query($n: Int!) { customers(first: $n) { nodes { orders(first: 250) { nodes { id } } } } }";
    let answer = seller.post(nested, json!({ "n": 250 })).await.unwrap();
    let (status, answer) = (answer.status, answer.json());
    let error = &answer["errors"][0]["extensions"];
    assert_eq!(
        (
            status,
            &error["code"],
            &error["retryable"],
            &error["cost"],
            &error["maximum"]
        ),
        (
            400,
            &json!("COST_ESTIMATED_TOO_EXPENSIVE"),
            &json!(false),
            &json!(1 + 250 * (1 + 1 + 250)),
            &json!(1000)
        ),
        "{answer:#}"
    );
    assert!(answer.get("data").is_none());
    // A page longer than there are is refused by its own code where it stands alone.
    let deep = nested
        .replace("$n: Int!", "$n: Int")
        .replace("250", "99999999");
    assert_eq!(
        seller.answer(&deep, json!({ "n": 99_999_999 })).await["errors"][0]["extensions"]["code"],
        json!("COST_ESTIMATED_TOO_EXPENSIVE")
    );
    // By GET, as server-sent events.
    let text = "%7Bcustomers%7Bnodes%7Borders%7Bnodes%7Bid%7D%7D%7D%7D%7D";
    let get = seller
        .send("GET", &format!("/graphql?query={text}"), &[], b"")
        .await
        .unwrap();
    assert!(
        get.text().contains("COST_ESTIMATED_TOO_EXPENSIVE"),
        "{}",
        get.text()
    );
    let mut events = seller.follow(nested, json!({ "n": 250 })).await.unwrap();
    let refused = events.next().await.unwrap().expect("a refusal").payload;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        json!("COST_ESTIMATED_TOO_EXPENSIVE"),
        "{refused:#}"
    );
    // Nobody is charged for what did not run.
    let other = server.client("north", Role::Commerce);
    assert_eq!(
        left(&other.answer("{ __typename }", json!({})).await),
        1_000_000
    );
}

/// Spends until the bucket is empty; gives the refusal.
async fn exhaust(client: &Client) -> (u16, Option<String>, Json) {
    // One page as long as the bucket is deep leaves nothing for the next: no orders are there, so
    // commands are what costs.
    let command = "mutation { a: orderRelease(input: { orderId: \"0195f2f0-0000-7000-8000-000000000000\" }) { position } \
                   b: orderRelease(input: { orderId: \"0195f2f0-0000-7000-8000-000000000000\" }) { position } }";
    for _ in 0..50 {
        let answer = client.post(command, json!({})).await.unwrap();
        if answer.status == 429 {
            return (
                429,
                answer.header("retry-after").map(str::to_owned),
                answer.json(),
            );
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    panic!("the bucket is never empty");
}

const SMALL: &[&str] = &[
    "--cost-maximum",
    "100",
    "--cost-bucket",
    "200",
    "--cost-restore",
    "2",
];

#[tokio::test]
async fn a_client_that_spends_too_fast_is_told_when_to_come_again() {
    let db = TestDb::sqlite().await;
    let (server, seller) = shop(&db, SMALL).await;
    let (_, retry_after, answer) = exhaust(&seller).await;
    let error = &answer["errors"][0]["extensions"];
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("THROTTLED"), &json!(true)),
        "{answer:#}"
    );
    let wait = error["retryAfterMs"].as_u64().unwrap();
    assert!((1..=10_000).contains(&wait), "{answer:#}");
    assert_eq!(retry_after, Some(wait.div_ceil(1000).to_string()));
    assert_eq!(answer["extensions"]["cost"]["actualQueryCost"], Json::Null);
    assert!(answer.get("data").is_none());
    // Another client of the tenant, and another tenant's client of the same name, have their own.
    let finance = server.client("north", Role::Finance);
    assert_eq!(
        left(&finance.answer("{ __typename }", json!({})).await),
        200
    );
    let south = server.client("south", Role::Commerce);
    assert_eq!(left(&south.answer("{ __typename }", json!({})).await), 200);
    // A stream that starts is charged as well.
    let mut events = seller
        .follow(
            "subscription { orderChanged { order { lines { product { prices { amount } } } } } }",
            json!({}),
        )
        .await
        .unwrap();
    let refused = events.next().await.unwrap().expect("a refusal").payload;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        json!("THROTTLED"),
        "{refused:#}"
    );
    until("there is enough again", async || {
        seller
            .post("{ orderSums { currency } }", json!({}))
            .await
            .unwrap()
            .status
            == 200
    })
    .await;
}

/// An update of it costs 2: the change and its order.
const CHANGES: &str = "subscription($position: BigInt, $snapshot: Boolean! = false) {
    orderChanged(position: $position, snapshot: $snapshot) { cursor order { id } } }";
const ORDERS: usize = 30;

/// So many updates, which must be of orders.
async fn follow(client: &Client, variables: Json) {
    let mut events = client.follow(CHANGES, variables).await.unwrap();
    for _ in 0..ORDERS {
        let event = events.next().await.unwrap().expect("an update");
        let order = &event.payload["data"]["orderChanged"]["order"]["id"];
        assert!(order.is_string(), "{:#}", event.payload);
    }
}

#[tokio::test]
async fn what_was_there_before_a_subscription_costs_as_much_as_what_it_is() {
    let db = TestDb::sqlite().await;
    let (server, seller) = shop(&db, &[]).await;
    let start = receive(&seller, "A", 100, 880).await["position"].clone();
    for _ in 0..ORDERS {
        place(&seller, order_of("A", 1)).await;
    }
    drop(server);
    let rates = |bucket: &'static str, restore: &'static str| {
        let maximum = ["--cost-maximum", "40"];
        let bucket = ["--cost-bucket", bucket, "--cost-restore", restore];
        [maximum.as_slice(), bucket.as_slice()].concat()
    };
    // The start and each update. What a few seconds restore may have come.
    let whole = 2 * (1 + u64::try_from(ORDERS).unwrap());
    for variables in [json!({ "position": start }), json!({ "snapshot": true })] {
        let server = Server::start_with(&db, &rates("1000", "1")).await;
        let seller = server.client("north", Role::Commerce);
        follow(&seller, variables).await;
        let spent = 1000 - left(&seller.answer("{ __typename }", json!({})).await);
        assert!((whole - 10..=whole).contains(&spent), "{spent} of {whole}");
    }
    // With a bucket of fewer, everything comes, only later.
    let server = Server::start_with(&db, &rates("40", "20")).await;
    let seller = server.client("north", Role::Commerce);
    let since = Instant::now();
    follow(&seller, json!({ "snapshot": true })).await;
    let restored = Duration::from_millis((whole - 40) * 1000 / 20);
    assert!(since.elapsed() >= restored, "{:?}", since.elapsed());
}

#[tokio::test]
async fn costs_are_only_said_or_not_at_all_where_it_is_configured_so() {
    let db = TestDb::sqlite().await;
    let (server, seller) = shop(
        &db,
        &[
            "--cost",
            "measure",
            "--cost-maximum",
            "1",
            "--cost-bucket",
            "1",
        ],
    )
    .await;
    for _ in 0..3 {
        let answer = seller.answer(PAGE, json!({})).await;
        assert_eq!(
            (cost(&answer), answer.get("errors")),
            ((151, Some(2)), None)
        );
    }
    drop(server);
    let server = Server::start_with(&db, &["--cost", "off"]).await;
    let answer = server
        .client("north", Role::Commerce)
        .answer(PAGE, json!({}))
        .await;
    assert!(answer["extensions"].get("cost").is_none(), "{answer:#}");
}

#[tokio::test]
async fn nodes_share_the_buckets_in_redis_and_are_limited_without_it() {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north"]).await;
    let shared: Vec<&str> = SMALL.iter().copied().chain(["--redis-url"]).collect();
    let start = async |url: &str| {
        let arguments: Vec<&str> = shared.iter().copied().chain([url]).collect();
        Server::start_with(&db, &arguments).await
    };
    let url = redis();
    let (one, two) = (start(&url).await, start(&url).await);
    // A client of this test's own: Redis outlives it.
    let who = token_of(
        "north",
        Role::Commerce,
        &format!("app-{}", entrepot_event_store::clock::fresh_id()),
    );
    let (here, there) = (one.bearer(&who), two.bearer(&who));
    // Both nodes have found Redis once one sees what the other spent.
    let deadline = Instant::now() + DEADLINE;
    loop {
        exhaust(&here).await;
        if there
            .post("{ orderSums { currency } }", json!({}))
            .await
            .unwrap()
            .status
            == 429
        {
            break;
        }
        assert!(Instant::now() < deadline, "nodes do not share");
        tokio::time::sleep(LOOK).await;
    }
    let alone = start("redis://127.0.0.1:1").await;
    exhaust(&alone.bearer(&who)).await;
}
