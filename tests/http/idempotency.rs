//! One key, one command: sent again, it is answered again; it never happens again.

use std::time::Duration;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

use super::client::{Client, mutation};
use super::server::Server;
use super::shopfront::{head, north, order_of, receive, tenants, with};

/// What a command that is sent again must answer again.
async fn order(seller: &Client, input: &Json) -> (Json, bool) {
    let payload = seller
        .give("orderPlace", input.clone(), "order { id }")
        .await;
    (
        json!([payload["position"], payload["order"]["id"]]),
        payload["replayed"] == true,
    )
}

async fn code(seller: &Client, command: &str, input: Json) -> Json {
    let (query, variables) = mutation(command, &input, "");
    let answer = seller.answer(&query, variables).await;
    assert!(answer["data"][command].is_null(), "{answer:#}");
    answer["errors"][0]["extensions"]["code"].clone()
}

both! {
    async fn a_key_is_one_command_in_the_input_and_in_the_header(db: TestDb) {
        let (mut server, seller) = north(&db).await;
        receive(&seller, "A", 1000, 880).await;
        let address = json!({ "line1": "1 Main street", "city": "Troy", "country": "US" });
        let keyed = with(&order_of("A", 1), json!({ "idempotencyKey": "k1", "shippingAddress": address }));
        let by_header = seller.with("idempotency-key", "k2");
        let mut first = Vec::new();
        for (client, input) in [(&seller, &keyed), (&by_header, &order_of("A", 2))] {
            let (answer, replayed) = order(client, input).await;
            assert!(!replayed);
            assert_eq!(order(client, input).await, (answer.clone(), true));
            first.push(answer);
        }
        // The header's key is that of the input.
        let by_input = with(&order_of("A", 2), json!({ "idempotencyKey": "k2" }));
        assert_eq!(order(&seller, &by_input).await, (first[1].clone(), true));
        // Which of two keys is meant, nobody can tell.
        assert_eq!(code(&by_header, "orderPlace", keyed.clone()).await, "BAD_USER_INPUT");

        let before = head(&db, "north").await;
        let mismatch = json!("IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
        let others = [
            ("orderPlace", with(&keyed, json!({ "lines": [{ "sku": "A", "quantity": "9" }] }))),
            ("orderPlace", with(&keyed, json!({ "shippingAddress": with(&address, json!({ "city": "Rome" })) }))),
            ("customerRegister", json!({ "idempotencyKey": "k1" })),
        ];
        for (command, input) in others {
            assert_eq!(code(&seller, command, input.clone()).await, mismatch, "{command} {input}");
        }
        assert_eq!(code(&by_header, "orderPlace", order_of("A", 3)).await, mismatch);

        for round in 0..2 {
            if round == 0 {
                server.kill9();
            } else {
                server.term().await;
            }
            server.restart().await;
            for (client, input, first) in [(&seller, &keyed, &first[0]), (&by_header, &order_of("A", 2), &first[1])] {
                let payload = client.give("orderPlace", input.clone(), "").await;
                assert_eq!((&payload["position"], &payload["replayed"]), (&first[0], &json!(true)));
            }
            assert_eq!(code(&by_header, "orderPlace", order_of("A", 3)).await, mismatch);
        }
        assert_eq!(head(&db, "north").await, before);
    }

    async fn a_key_may_stand_on_each_command_as_a_directive(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 1000, 880).await;
        let query = "mutation($one: OrderPlaceInput!, $two: OrderPlaceInput!, $key: String!) {
            one: orderPlace(input: $one) @idempotent(key: $key) { position replayed order { id } }
            two: orderPlace(input: $two) @idempotent(key: \"k2\") { position replayed order { id } } }";
        let variables = json!({ "one": order_of("A", 1), "two": order_of("A", 2), "key": "k1" });
        let first = seller.answer(query, variables.clone()).await;
        assert!(first.get("errors").is_none() && first["extensions"].get("idempotency").is_none(), "{first:#}");
        let before = head(&db, "north").await;
        let again = seller.answer(query, variables.clone()).await;
        assert_eq!(again["extensions"]["idempotency"], json!({ "replayed": true }), "{again:#}");
        for place in ["one", "two"] {
            assert_eq!(again["data"][place]["position"], first["data"][place]["position"]);
            assert_eq!(again["data"][place]["order"], first["data"][place]["order"]);
            assert_eq!((&first["data"][place]["replayed"], &again["data"][place]["replayed"]), (&json!(false), &json!(true)));
        }
        // The same key by whatever carrier is the same key.
        for client in [&seller.with("idempotency-key", "k1"), &seller] {
            let input = with(&order_of("A", 1), json!({ "idempotencyKey": "k1" }));
            let (answer, replayed) = order(client, &input).await;
            assert!(replayed && answer[0] == first["data"]["one"]["position"], "{answer}");
        }
        let one = "mutation($input: OrderPlaceInput!) { orderPlace(input: $input) @idempotent(key: \"k1\") { position } }";
        for (client, input) in [
            (&seller.with("idempotency-key", "other"), order_of("A", 1)),
            (&seller, with(&order_of("A", 1), json!({ "idempotencyKey": "other" }))),
        ] {
            let refused = client.answer(one, json!({ "input": input })).await;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused:#}");
        }
        let changed = seller.answer(one, json!({ "input": order_of("A", 9) })).await;
        assert_eq!(changed["errors"][0]["extensions"]["code"], "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "{changed:#}");
        // Where it means nothing, it is not passed over.
        for query in [
            "{ orders @idempotent(key: \"k\") { totalCount } }",
            "mutation($input: OrderPlaceInput!) { orderPlace(input: $input) { userErrors @idempotent(key: \"k\") { code } } }",
        ] {
            let refused = seller.answer(query, json!({ "input": order_of("A", 1000) })).await;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused:#}");
        }
        assert_eq!(head(&db, "north").await, before);
    }

    async fn a_key_sent_fifty_times_at_once_is_one_command(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 1000, 880).await;
        let before = head(&db, "north").await;
        let sent = (0..50).map(|_| {
            let seller = seller.clone();
            tokio::spawn(async move { order(&seller, &with(&order_of("A", 1), json!({ "idempotencyKey": "k" }))).await })
        });
        let answers: Vec<(Json, bool)> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|(answer, _)| *answer == answers[0].0), "{answers:?}");
        assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 1);
        // The order and its stock.
        assert_eq!(head(&db, "north").await, before + 2);
    }

    async fn a_key_of_the_request_is_not_shared_by_several_commands(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 1000, 880).await;
        let before = head(&db, "north").await;
        let query = "mutation($a: OrderPlaceInput!, $b: OrderPlaceInput!) {
            a: orderPlace(input: $a) { position } b: orderPlace(input: $b) { position } }";
        let variables = json!({ "a": order_of("A", 1), "b": order_of("A", 2) });
        let refused = seller.with("idempotency-key", "k").answer(query, variables.clone()).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused:#}");
        assert!(refused.get("data").is_none(), "{refused:#}");
        assert_eq!(head(&db, "north").await, before);
        seller.ask(query, variables).await;
        assert_eq!(head(&db, "north").await, before + 4);
    }

    async fn a_key_is_its_clients_own_and_a_refusal_is_not_kept(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        let server = Server::start(&db).await;
        let (seller, support, south) =
            (server.client("north", Role::Commerce), server.client("north", Role::Support), server.client("south", Role::Commerce));
        let input = with(&order_of("A", 1), json!({ "idempotencyKey": "k" }));
        let refused = seller.try_give("orderPlace", input.clone(), "").await;
        assert_eq!(refused["userErrors"][0]["code"], "OUT_OF_STOCK");
        for stocker in [&seller, &south] {
            receive(stocker, "A", 1000, 880).await;
        }
        // What was refused is decided anew.
        let (mine, replayed) = order(&seller, &input).await;
        assert!(!replayed);
        for other in [&support, &south] {
            let (theirs, replayed) = order(other, &with(&input, json!({ "lines": [{ "sku": "A", "quantity": "2" }] }))).await;
            assert!(!replayed && theirs[1] != mine[1]);
        }
        tokio::time::timeout(Duration::from_secs(30), order(&seller, &input)).await.unwrap();
    }
}

/// The log did not work: nothing was written, and the same command goes better later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_finds_no_database_may_come_again() {
    let db = TestDb::postgres().await;
    let (mut server, seller) = north(&db).await;
    receive(&seller, "A", 100, 880).await;
    // A process that has looked at nothing of the tenant but its slug and who may be there.
    server.term().await;
    server.restart().await;
    let seller = server.client("north", Role::Commerce);
    seller.ask("{ orders { totalCount } }", json!({})).await;
    let input = with(&order_of("A", 1), json!({ "idempotencyKey": "k" }));
    let (query, variables) = mutation("orderPlace", &input, "");
    db.shut(true).await;
    let answers = join_all((0..3).map(|_| seller.answer(&query, variables.clone()))).await;
    for answer in answers {
        let why = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&why["code"], &why["retryable"]),
            (&json!("UNAVAILABLE"), &json!(true)),
            "{answer:#}"
        );
    }
    db.shut(false).await;
    let (first, replayed) = order(&seller, &input).await;
    assert!(!replayed);
    assert_eq!(order(&seller, &input).await, (first, true));
}
