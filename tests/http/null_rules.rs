//! Execution as the specification has it, where the library underneath has other ideas.

use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::Client;
use super::shopfront::{head, nobodys, north, order_of, place, receive};

/// The data of an answer as text, where the order of fields is to be seen.
async fn data(client: &Client, query: &str, variables: Json) -> String {
    let text = client.post(query, variables).await.unwrap().text();
    let (_, data) = text
        .split_once("\"data\":")
        .unwrap_or_else(|| panic!("no data: {text}"));
    data.split(",\"extensions\"")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A new customer's id.
async fn customer(seller: &Client) -> Json {
    let payload = seller
        .give("customerRegister", json!({}), "customer { id }")
        .await;
    payload["customer"]["id"].clone()
}

both! {
    async fn fields_come_in_the_order_in_which_they_are_asked_for(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 10, 880).await;
        let id = json!({ "id": place(&seller, order_of("A", 1)).await });
        let query = "query($id: ID!) { z: tenant { slug } ...more a: orders { totalCount } z: tenant { name } }
            fragment more on Query { order(id: $id) { status lines { sku line } channel } m: tenant { name slug } }";
        let expected = r#"{"z":{"slug":"north","name":"north"},"order":{"status":"PLACED","lines":[{"sku":"A","line":1}],"channel":"web"},"m":{"name":"north","slug":"north"},"a":{"totalCount":"1"}}"#;
        assert_eq!(data(&seller, query, id.clone()).await, expected);
        // A field that fails keeps its place.
        let id = json!({ "id": customer(&seller).await });
        let query = "query($id: ID!) { b: tenant { slug } orders(first: 999) { totalCount } customer(id: $id) { orders(first: 999) { totalCount } status } }";
        let expected = r#"{"b":{"slug":"north"},"orders":null,"customer":{"orders":null,"status":"ACTIVE"}}"#;
        assert_eq!(data(&seller, query, id).await, expected);
    }

    async fn an_error_makes_null_no_more_than_its_field(db: TestDb) {
        let (_server, seller) = north(&db).await;
        receive(&seller, "A", 10, 880).await;
        let order = place(&seller, order_of("A", 1)).await;
        let customer = customer(&seller).await;
        let query = "query($id: ID!, $none: ID!, $customer: ID!) {
            first: customer(id: $customer) { id orders(first: 999) { totalCount } }
            unknown: order(id: $none) { id } wrong: order(id: \"wrong\") { id } page: orders(first: 999) { totalCount }
            last: order(id: $id) { status } }";
        let answer = seller.answer(query, json!({ "id": order, "none": nobodys(&order), "customer": customer })).await;
        let first = json!({ "id": customer, "orders": null });
        let last = json!({ "status": "PLACED" });
        assert_eq!(answer["data"], json!({ "first": first, "unknown": null, "wrong": null, "page": null, "last": last }));
        let error = |error: &Json| (error["path"].clone(), error["extensions"]["code"].clone());
        let mut errors: Vec<_> = answer["errors"].as_array().unwrap().iter().map(error).collect();
        errors.sort_by_key(|(path, _)| path.to_string());
        let expected = [
            (json!(["first", "orders"]), json!("BAD_USER_INPUT")),
            (json!(["page"]), json!("BAD_USER_INPUT")),
            (json!(["wrong"]), json!("BAD_USER_INPUT")),
        ];
        assert_eq!(errors, expected);
        // Skipped and included as variables say.
        let query = "query($yes: Boolean!, $no: Boolean!) { a: tenant @include(if: $no) { slug } tenant @skip(if: $no) @include(if: $yes) { slug } }";
        let data = seller.ask(query, json!({ "yes": true, "no": false })).await;
        assert_eq!(data, json!({ "tenant": { "slug": "north" } }));
    }

    async fn a_command_that_is_written_twice_under_one_name_is_one_command(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let before = head(&db, "north").await;
        let input = json!({ "sku": "A", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
        let once = "mutation($input: StockReceiveInput!) {
            stockReceive(input: $input) { position } ...again stockReceive(input: $input) { userErrors { code } } }
            fragment again on Mutation { stockReceive(input: $input) { replayed } }";
        let data = seller.ask(once, json!({ "input": input })).await;
        let position = (before + 1).to_string();
        assert_eq!(data["stockReceive"], json!({ "position": position, "replayed": false, "userErrors": [] }));
        assert_eq!(head(&db, "north").await, before + 1);
        // Under other names it is another command, and one comes after the other.
        let twice = "mutation($input: StockReceiveInput!) {
            a: stockReceive(input: $input) { position stockPositions { onHand } }
            b: stockReceive(input: $input) { position stockPositions { onHand } } }";
        let data = seller.ask(twice, json!({ "input": input })).await;
        let payload = |more: i64| json!({ "position": (before + more).to_string(), "stockPositions": [{ "onHand": more.to_string() }] });
        assert_eq!(data, json!({ "a": payload(2), "b": payload(3) }));
        // The same name for two commands is refused, and neither happens.
        let conflict = "mutation($a: StockReceiveInput!, $b: StockReceiveInput!) {
            stockReceive(input: $a) { position } stockReceive(input: $b) { position } }";
        let answer = seller.answer(conflict, json!({ "a": input, "b": input })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer:#}");
        assert_eq!(head(&db, "north").await, before + 3);
    }

    async fn a_query_over_get_is_answered_and_a_command_is_not(db: TestDb) {
        let (_server, seller) = north(&db).await;
        let answer = seller.send("GET", "/graphql?query=%7Btenant%7Bslug%7D%7D", &[], b"").await.unwrap();
        assert_eq!((answer.status, &answer.json()["data"]["tenant"]["slug"]), (200, &json!("north")));
    }
}
