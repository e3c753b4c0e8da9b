//! Bad input of every kind: each is told what is wrong by a code that never changes, nothing is
//! recorded, and the server goes on.

mod commands;
mod requests;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use crate::client::{Client, mutation};
use crate::schema::Schema;
use crate::server::{platform_token, run};
use crate::shopfront::{head, north, order_of, place, receive};
use commands::{bad_captures, bad_imports, bad_orders, bad_payments, bad_stock, bad_tenants};
use requests::{bad_queries, bad_requests};

/// Somebody who is refused, and the schema that fields of user errors are held to.
struct Refused<'c>(&'c Client, &'c Schema);

/// What a rule refuses: the code and the field of the user error.
async fn refused(
    &Refused(client, schema): &Refused<'_>,
    command: &str,
    input: Json,
    code: &str,
    field: &str,
) {
    let payload = client.try_give(command, input.clone(), "").await;
    let error = &payload["userErrors"][0];
    let at: Vec<&str> = error["field"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    assert!(
        schema.leads(command, &at),
        "{command} has no {at:?}: {payload}"
    );
    assert_eq!(
        (error["code"].as_str(), at.join(".").as_str()),
        (Some(code), field),
        "{command} {input}: {payload}"
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{payload}"
    );
    assert_eq!(
        payload["userErrors"].as_array().map(Vec::len),
        Some(1),
        "{payload}"
    );
    assert_eq!(
        (&payload["position"], &payload["consistencyToken"]),
        (&Json::Null, &Json::Null)
    );
}

/// What is wrong before any rule looks at it: the code of the error, and no data.
async fn malformed(client: &Client, query: &str, variables: Json, code: &str) {
    let answer = client.post(query, variables.clone()).await.unwrap();
    let json = answer.json();
    let error = &json["errors"][0];
    assert!(answer.status < 500, "{}: {json:#}", answer.status);
    assert_eq!(
        error["extensions"]["code"], code,
        "{query} {variables}: {json:#}"
    );
    assert_eq!(error["extensions"]["retryable"], false, "{json:#}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{json:#}"
    );
    let nothing = json["data"]
        .as_object()
        .is_none_or(|data| data.values().all(Json::is_null));
    assert!(nothing, "{json:#}");
}

async fn malformed_command(client: &Client, command: &str, input: Json, code: &str) {
    let (query, variables) = mutation(command, &input, "");
    malformed(client, &query, variables, code).await;
}

both! {
    async fn bad_input_is_refused_and_leaves_no_trace(db: TestDb) {
        let (server, seller) = north(&db).await;
        receive(&seller, "A", 1000, 880).await;
        let order = place(&seller, order_of("A", 2)).await;
        let boss = server.boss("north");
        let authorize = json!({ "orderId": order, "provider": "stripe", "amountMinor": "1000" });
        let payment = boss.give("paymentAuthorize", authorize, "payment { id }").await["payment"]["id"].clone();
        let capture = json!({ "paymentId": payment, "amountMinor": "400", "feeMinor": "0" });
        boss.give("paymentCapture", capture, "").await;

        let before = head(&db, "north").await;
        let schema = Schema::of(&server.boss("north")).await;
        let by_rules = Refused(&boss, &schema);
        bad_orders(&by_rules).await;
        bad_imports(&by_rules).await;
        bad_payments(&by_rules, &order).await;
        bad_captures(&by_rules, &payment).await;
        bad_stock(&by_rules).await;
        bad_tenants(&server.bearer(&platform_token(Role::Operator)), &schema).await;
        bad_queries(&boss).await;
        bad_requests(&boss).await;
        for ship in [json!([{ "line": 1, "quantity": "3" }]), json!([{ "line": 1, "quantity": "1" }, { "line": 2, "quantity": "1" }])] {
            let (code, field) = if ship[1].is_null() { ("QUANTITY_EXCEEDS_OPEN", "lines.0.quantity") } else { ("NOT_FOUND", "lines.1.line") };
            refused(&by_rules, "shipmentDispatch", json!({ "orderId": order, "lines": ship }), code, field).await;
        }
        assert_eq!(head(&db, "north").await, before);
        place(&seller, order_of("A", 1)).await;
        // A file is no other matter: an amount with more digits than its currency has.
        let file = db.place().data_dir.join("orders.ndjson");
        let record = r#"{"id":"9","placed_at":"2026-01-01T00:00:00Z","currency":"USD","lines":[{"sku":"A","quantity":1,"gross":"9.999"}]}"#;
        std::fs::write(&file, record).unwrap();
        let before = head(&db, "north").await;
        let output = run(&db, &["import", "orders", file.to_str().unwrap(), "--tenant", "north", "--channel", "web"]).await;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success() && said.contains("AMOUNT_MALFORMED"), "{said}");
        assert_eq!(head(&db, "north").await, before);
    }
}
