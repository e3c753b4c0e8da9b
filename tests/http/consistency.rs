//! Reading one's own writes, through whatever node, and knowing where one reads.

use std::time::{Duration, Instant};

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::server::Server;
use super::shopfront::{north, order_of, place, receive, tenants};
use super::socket::{Heard, Socket};

async fn count(reader: &Client) -> Json {
    reader.ask("{ orders { totalCount } }", json!({})).await["orders"]["totalCount"].clone()
}

/// Writes at one node and reads at another, which is told how far it must be.
async fn written_is_read(writer: &Client, reader: &Client) {
    receive(writer, "A", 1000, 880).await;
    for orders in 1..=20 {
        let payload = writer.give("orderPlace", order_of("A", 1), "").await;
        let token = payload["consistencyToken"].as_str().unwrap();
        let position: i64 = payload["position"].as_str().unwrap().parse().unwrap();
        let reader = reader.with("entrepot-consistency", token);
        let answer = reader
            .post("{ orders { totalCount } }", json!({}))
            .await
            .unwrap();
        let json = answer.json();
        assert_eq!(
            json["data"]["orders"]["totalCount"],
            orders.to_string(),
            "{json:#}"
        );
        let as_of = json["extensions"]["consistency"]["asOf"]
            .as_str()
            .and_then(|text| text.parse::<i64>().ok());
        assert!(as_of.is_some_and(|as_of| as_of >= position), "{json:#}");
        // What an answer says in its extensions, it says in the header, for the next to be told.
        let token = answer.header("entrepot-consistency");
        assert_eq!(
            token,
            json["extensions"]["consistency"]["token"].as_str(),
            "{json:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_wrote_the_other_reads() {
    let db = TestDb::postgres().await;
    tenants(&db, &["north"]).await;
    let (one, other) = (Server::start(&db).await, Server::start(&db).await);
    let writer = one.client("north", Role::Commerce);
    written_is_read(&writer, &writer.at(other.address())).await;
}

/// Where an answer says that it was read.
fn as_of(answer: &Json) -> i64 {
    let as_of = answer["extensions"]["consistency"]["asOf"].as_str();
    let as_of = as_of.unwrap_or_else(|| panic!("it does not say where it was read: {answer:#}"));
    as_of.parse().unwrap()
}

/// Reads now at one node and now at the other while somebody writes: what was seen is never unseen.
async fn time_runs_forward(nodes: [&Client; 2], seller: Client) {
    receive(&seller, "A", 1000, 880).await;
    let selling = tokio::spawn(async move {
        for _ in 0..40 {
            place(&seller, order_of("A", 1)).await;
        }
    });
    let (mut seen, mut token, mut reads, mut orders) = (0, None::<String>, 0, 0);
    while !selling.is_finished() || reads < 40 {
        let mut reader = nodes[reads % 2].clone();
        if let Some(token) = &token {
            reader = reader.with("entrepot-consistency", token);
        }
        let answer = reader.answer("{ orders { totalCount } }", json!({})).await;
        let count: i64 = answer["data"]["orders"]["totalCount"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(as_of(&answer) >= seen && count >= orders, "{answer:#}");
        (seen, orders, reads) = (as_of(&answer), count, reads + 1);
        token = answer["extensions"]["consistency"]["token"]
            .as_str()
            .map(str::to_owned);
    }
    selling.await.unwrap();
}

both! {
    async fn what_was_seen_is_never_unseen(db: TestDb) {
        tenants(&db, &["north"]).await;
        let (one, other) = (Server::start(&db).await, Server::start(&db).await);
        let of = |server: &Server| server.client("north", Role::Commerce);
        time_runs_forward([&of(&one), &of(&other)], of(&one)).await;
    }

    async fn every_answer_says_where_it_was_read(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let written = receive(&seller, "A", 10, 880).await;
        let token = written["consistencyToken"].as_str().unwrap();
        count(&seller.with("entrepot-consistency", token)).await;
        let refused = order_of("A", 1000);
        let command = "mutation($input: OrderPlaceInput!) { orderPlace(input: $input) { userErrors { code } } }";
        for (query, variables) in [
            ("{ __typename }", json!({})),
            ("{ tenant { slug } }", json!({})),
            ("{ order(id: \"00000000-0000-7000-8000-00000000dead\") { id } }", json!({})),
            (command, json!({ "input": refused })),
            (command, json!({ "input": order_of("A", 1) })),
        ] {
            let answer = seller.post(query, variables).await.unwrap();
            let json = answer.json();
            assert!(json.get("errors").is_none(), "{json:#}");
            assert!(as_of(&json) > 0, "{json:#}");
            let consistency = &json["extensions"]["consistency"];
            assert_eq!(answer.header("entrepot-consistency"), consistency["token"].as_str(), "{json:#}");
            assert!(consistency["position"].is_string() && consistency.get("stale").is_none(), "{json:#}");
        }
    }

    /// No projector runs: what is written is not to be read, until one comes.
    async fn who_waits_in_vain_is_told_and_may_read_what_there_is(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start_with(&db, &["--role", "api"]).await;
        let seller = server.client("north", Role::Commerce);
        let token = receive(&seller, "A", 10, 880).await["consistencyToken"].clone();
        let query = "{ inventory { totalCount } }";
        let since = Instant::now();
        for (name, extensions) in [
            ("an object", json!({ "consistency": { "token": token, "waitMs": 50 } })),
            ("with null", json!({ "consistency": { "token": token, "waitMs": 50, "allowStale": null } })),
        ] {
            let answer = seller.post_with(query, json!({}), extensions).await.unwrap();
            let json = answer.json();
            let error = &json["errors"][0]["extensions"];
            assert_eq!((answer.status, &error["code"]), (503, &json!("READ_NOT_YET_CONSISTENT")), "{name}: {json:#}");
            assert_eq!((&error["retryable"], &error["position"]), (&json!(true), &json!("0")), "{json:#}");
            assert!(error["lagMs"].is_u64() && error["retryAfterMs"].is_u64() && json.get("data").is_none(), "{json:#}");
        }
        assert!(since.elapsed() < Duration::from_secs(4), "it waits as long as it is told");
        // Also for an answer that is known: it is waited for once.
        for _ in 0..2 {
            assert_eq!(seller.ask(query, json!({})).await["inventory"]["totalCount"], "0");
        }
        let (since, patience) = (Instant::now(), Duration::from_secs(2));
        let patient = json!({ "consistency": { "token": token, "waitMs": 2000 } });
        assert_eq!(seller.post_with(query, json!({}), patient).await.unwrap().status, 503);
        assert!((patience..patience * 2).contains(&since.elapsed()), "{:?}", since.elapsed());
        let stale = json!({ "consistency": { "token": token, "waitMs": 0, "allowStale": true } });
        let answer = seller.post_with(query, json!({}), stale).await.unwrap().json();
        assert_eq!(answer["data"]["inventory"]["totalCount"], "0", "{answer:#}");
        let consistency = &answer["extensions"]["consistency"];
        assert_eq!((&consistency["stale"], &consistency["asOf"]), (&json!(true), &json!("0")), "{answer:#}");
        assert!(consistency["lagMs"].is_u64(), "{answer:#}");
        // A subscription does not start before what it asks for, on a socket either.
        let mut socket = Socket::open(&seller).await;
        let follow = "subscription { orderChanged { position } }";
        let soon = json!({ "consistency": { "token": token, "waitMs": 50 } });
        socket.subscribe("1", follow, json!({}), soon).await;
        let Heard::Message(refused) = socket.hear().await else { panic!("the socket closed") };
        assert_eq!(refused["payload"][0]["extensions"]["code"], "READ_NOT_YET_CONSISTENT", "{refused}");
        for wrong in [json!(7), json!({ "waitMs": -1 }), json!({ "token": 1 }), json!({ "allowStale": "yes" }), json!("nonsense")] {
            let answer = seller.post_with(query, json!({}), json!({ "consistency": wrong })).await.unwrap().json();
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
        }
        // Somebody projects: it is there.
        let _worker = Server::start_with(&db, &["--role", "worker"]).await;
        let patient = json!({ "consistency": { "token": token, "waitMs": 5000 } });
        let answer = seller.post_with(query, json!({}), patient).await.unwrap().json();
        assert_eq!(answer["data"]["inventory"]["totalCount"], "1", "{answer:#}");
        let by_text = json!({ "consistency": token });
        let answer = seller.post_with(query, json!({}), by_text).await.unwrap().json();
        assert!(answer.get("errors").is_none() && as_of(&answer) > 0, "{answer:#}");
    }

    async fn what_was_written_is_read(db: TestDb) {
        let (_server, seller) = north(&db).await;
        written_is_read(&seller, &seller).await;
        // A payload reads what its command wrote without being told.
        for _ in 0..20 {
            let payload = seller.give("orderPlace", order_of("A", 1), "order { position status }").await;
            assert_eq!(payload["order"]["status"], "PLACED");
        }
        assert_eq!(count(&seller).await, "40");
    }

    async fn a_token_that_is_none_is_refused(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let genuine = receive(&seller, "A", 1, 1).await["consistencyToken"].as_str().unwrap().to_owned();
        let mut tampered = genuine.clone();
        let last = if tampered.ends_with('A') { "B" } else { "A" };
        tampered.replace_range(tampered.len() - 1.., last);
        for token in ["nonsense", "", "AAAA", &tampered, &format!("{genuine}AA"), &"x".repeat(5000)] {
            let reader = seller.with("entrepot-consistency", token);
            let answer = reader.answer("{ orders { totalCount } }", json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{token}: {answer:#}");
            assert!(answer.get("data").is_none(), "{answer:#}");
        }
        assert_eq!(count(&seller.with("entrepot-consistency", &genuine)).await, "0");
    }
}
