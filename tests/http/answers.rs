//! Answers that are given again are the answers that would be given anew.

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value as Json, json};

use super::client::Client;
use super::federation::counted;
use super::server::{Server, say, token, token_of};
use super::shopfront::{order_of, place, receive, story, tenants};

const ORDERS: &str = "query Orders($first: Int) { orders(first: $first) { totalCount nodes { id channel totals { total { amount } } } } }";

async fn given_again(server: &Server) -> u64 {
    counted(server, "entrepot_answers_given_again_total").await
}

/// Asks, and says whether the answer was one that was given before.
async fn ask(server: &Server, client: &Client, query: &str, variables: Json) -> (Json, bool) {
    let before = given_again(server).await;
    let answer = client.answer(query, variables).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    (answer, given_again(server).await > before)
}

/// Waits until the newest state is what is read, whoever asks.
async fn settle(client: &Client) {
    let input = json!({ "sku": "A", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
    let token = client.give("stockReceive", input, "consistencyToken").await;
    let token = token["consistencyToken"].as_str().expect("a token");
    let fresh = client.with("entrepot-consistency", token);
    fresh
        .ask("{ orders(first: 0) { totalCount } }", json!({}))
        .await;
}

both! {
    async fn the_same_question_in_the_same_state_has_the_same_answer(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        let server = Server::start(&db).await;
        let (north, south) = (server.boss("north"), server.boss("south"));
        for boss in [&north, &south] {
            receive(boss, "A", 100, 880).await;
            place(boss, order_of("A", 1)).await;
            settle(boss).await;
        }
        let (first, again) = ask(&server, &north, ORDERS, json!({ "first": 5 })).await;
        assert!(!again);
        let (second, again) = ask(&server, &north, ORDERS, json!({ "first": 5 })).await;
        assert!(again, "nothing has changed");
        assert_eq!(first["data"], second["data"]);
        for extension in ["consistency", "cost"] {
            assert!(second["extensions"][extension].is_object(), "{second:#}");
        }
        assert_eq!(first["extensions"]["consistency"], second["extensions"]["consistency"]);
        let spent = |answer: &Json| answer["extensions"]["cost"]["actualQueryCost"].clone();
        assert_eq!(spent(&first), spent(&second));

        // Another question, somebody else's, somebody who sees less.
        assert!(!ask(&server, &north, ORDERS, json!({ "first": 4 })).await.1);
        assert!(!ask(&server, &north, &ORDERS.replace("channel ", ""), json!({ "first": 5 })).await.1);
        let (foreign, again) = ask(&server, &south, ORDERS, json!({ "first": 5 })).await;
        assert!(!again && foreign["data"] != first["data"], "{foreign:#}");
        let till = server.bearer(&token("north", Role::Partner, &["till"]));
        let (theirs, again) = ask(&server, &till, ORDERS, json!({ "first": 5 })).await;
        assert!(!again && theirs["data"]["orders"]["totalCount"] == "0", "{theirs:#}");
        assert!(!ask(&server, &server.client("north", Role::Finance), ORDERS, json!({ "first": 5 })).await.1);
        // But another of the same roles sees the same.
        let colleague = server.bearer(&token_of("north", Role::Finance, "colleague"));
        assert!(ask(&server, &colleague, ORDERS, json!({ "first": 5 })).await.1);
        assert!(ask(&server, &north.through("/graphql/finance"), ORDERS, json!({ "first": 5 })).await.1);

        // The state is another one.
        place(&north, order_of("A", 2)).await;
        settle(&north).await;
        let (newer, again) = ask(&server, &north, ORDERS, json!({ "first": 5 })).await;
        assert!(!again && newer["data"]["orders"]["totalCount"] == "2", "{newer:#}");
        assert!(ask(&server, &south, ORDERS, json!({ "first": 5 })).await.1, "south has not moved");
    }

    async fn every_answer_reads_what_its_reader_wrote(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let boss = server.boss("north");
        receive(&boss, "A", 100, 880).await;
        for count in 1..=20 {
            let payload = boss.give("orderPlace", order_of("A", 1), "consistencyToken").await;
            let token = payload["consistencyToken"].as_str().expect("a token");
            for _ in 0..2 {
                let data = boss.with("entrepot-consistency", token).ask(ORDERS, json!({})).await;
                assert_eq!(data["orders"]["totalCount"], count.to_string());
            }
        }
    }

    async fn rows_that_were_made_anew_are_read_anew(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let boss = server.boss("north");
        receive(&boss, "A", 100, 880).await;
        place(&boss, order_of("A", 1)).await;
        settle(&boss).await;
        let (first, _) = ask(&server, &boss, ORDERS, json!({})).await;
        assert!(ask(&server, &boss, ORDERS, json!({})).await.1);
        let spoilt = "UPDATE rm_orders SET doc = replace(doc, '\"web\"', '\"spoilt\"')";
        db.sql().await.execute_unprepared(spoilt).await.expect("rows are spoilt");
        // Another process moves the rows, at the same position.
        say(&db, &["rebuild", "orders"]).await;
        let (second, again) = ask(&server, &boss, ORDERS, json!({})).await;
        assert!(!again);
        assert_eq!(first["data"], second["data"]);
    }

    async fn what_is_not_read_from_rows_is_asked_for_each_time(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let boss = server.boss("north");
        let ids = story(&boss, "mark").await;
        settle(&boss).await;
        for query in [
            "{ customers(filter: { email: \"pat@example.org\" }) { nodes { id } } }",
            "{ orders(first: 5) { nodes { shippingAddress { city } } } }",
            "query($id: ID!) { customer(id: $id) { personalData { name } } }",
            "query($id: ID!) { node(id: $id) { id } }",
            "{ tenant { config { configRevision } } }",
            "{ __schema { queryType { name } } orders(first: 1) { totalCount } }",
        ] {
            for _ in 0..2 {
                let variables = json!({ "id": ids["Customer"] });
                assert!(!ask(&server, &boss, query, variables).await.1, "{query}");
            }
        }
    }

    async fn an_answer_is_given_again_only_to_who_may_have_it_now(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start_with(&db, &["--cost-maximum", "100", "--cost-bucket", "200", "--cost-restore", "1"]).await;
        let operator = server.client("north", Role::Operator);
        let finance = server.bearer(&token_of("north", Role::Finance, "paul"));
        settle(&server.client("north", Role::Commerce)).await;
        let count = "{ orders(first: 0) { totalCount } }";
        assert!(!ask(&server, &finance, count, json!({})).await.1);
        assert!(ask(&server, &finance, count, json!({})).await.1);
        // Each costs 11, whoever computed it.
        let mut refused = Json::Null;
        for _ in 0..20 {
            refused = finance.answer(count, json!({})).await;
        }
        assert_eq!(refused["errors"][0]["extensions"]["code"], "THROTTLED", "{refused:#}");
        let mary = server.bearer(&token_of("north", Role::Finance, "mary"));
        assert!(ask(&server, &mary, count, json!({})).await.1);
        operator.give("accessRevoke", json!({ "subject": "mary" }), "position").await;
        let revoked = mary.answer(count, json!({})).await;
        assert_eq!(revoked["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{revoked:#}");
        operator.give("tenantSuspend", json!({ "reason": "unpaid" }), "position").await;
        let suspended = server.client("north", Role::Support).answer(count, json!({})).await;
        assert_eq!(suspended["errors"][0]["extensions"]["code"], "TENANT_SUSPENDED", "{suspended:#}");
    }
}
