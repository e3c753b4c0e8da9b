//! Bad input of every kind: each is told what is wrong by a code that never changes, nothing is
//! recorded, and the server goes on.

use std::fmt::Write as _;

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};

use super::client::{Client, mutation};
use super::schema::Schema;
use super::server::{platform_token, run};
use super::shopfront::{head, nobodys, north, order_of, place, receive, with};

/// One more than an amount may have, in minor units.
const TOO_MUCH: &str = "1000000000000001";
/// One more than 64 bits hold.
const OVERFLOW: &str = "9223372036854775808";

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

/// An order of one line with something else in the line.
fn line(changes: Json) -> Json {
    let line = with(&json!({ "sku": "A", "quantity": "1" }), changes);
    json!({ "channel": "web", "lines": [line] })
}

async fn bad_orders(seller: &Refused<'_>) {
    let good = order_of("A", 1);
    let unknown = nobodys("gid://entrepot/Customer/0");
    for (input, code, field) in [
        (
            line(json!({ "sku": "NONESUCH" })),
            "SKU_UNKNOWN",
            "lines.0.sku",
        ),
        (line(json!({ "sku": "" })), "TEXT_MALFORMED", "lines.0.sku"),
        (
            line(json!({ "sku": "A\u{0}" })),
            "TEXT_MALFORMED",
            "lines.0.sku",
        ),
        (
            line(json!({ "sku": "x".repeat(65) })),
            "TEXT_MALFORMED",
            "lines.0.sku",
        ),
        (
            line(json!({ "quantity": "0" })),
            "QUANTITY_NOT_POSITIVE",
            "lines.0.quantity",
        ),
        (
            line(json!({ "quantity": "-1" })),
            "QUANTITY_NOT_POSITIVE",
            "lines.0.quantity",
        ),
        (
            line(json!({ "quantity": i64::MAX.to_string() })),
            "QUANTITY_OUT_OF_RANGE",
            "lines.0.quantity",
        ),
        (
            line(json!({ "quantity": "1000001" })),
            "OUT_OF_STOCK",
            "lines.0.quantity",
        ),
        (
            line(json!({ "unitPriceMinor": "-1" })),
            "AMOUNT_NEGATIVE",
            "lines.0.unitPriceMinor",
        ),
        (
            line(json!({ "unitPriceMinor": TOO_MUCH })),
            "AMOUNT_OUT_OF_RANGE",
            "lines.0.unitPriceMinor",
        ),
        (with(&good, json!({ "lines": [] })), "LIST_EMPTY", "lines"),
        (
            with(
                &good,
                json!({ "lines": vec![good["lines"][0].clone(); 251] }),
            ),
            "LIST_TOO_LONG",
            "lines",
        ),
        (
            with(&good, json!({ "channel": "nonesuch" })),
            "CHANNEL_UNKNOWN",
            "channel",
        ),
        (
            with(&good, json!({ "currency": "EUR" })),
            "PRICE_MISSING",
            "lines.0.unitPriceMinor",
        ),
        (
            with(&good, json!({ "customerId": unknown })),
            "NOT_FOUND",
            "customerId",
        ),
        (
            with(&good, json!({ "placedAt": "2999-01-01T00:00:00Z" })),
            "TIME_OUT_OF_ORDER",
            "placedAt",
        ),
        (
            with(&good, json!({ "externalId": "" })),
            "TEXT_MALFORMED",
            "externalId",
        ),
        (
            with(
                &good,
                json!({ "discounts": [{ "code": "X", "amountMinor": "2500" }] }),
            ),
            "DISCOUNT_TOO_LARGE",
            "discounts.0",
        ),
        (
            with(
                &good,
                json!({ "discounts": [{ "code": "X", "ratePpm": "1000001" }] }),
            ),
            "RATE_OUT_OF_RANGE",
            "discounts.0",
        ),
    ] {
        refused(seller, "orderPlace", input, code, field).await;
    }
    // Two lines that together are more than one document may be.
    let large = json!({ "sku": "GIFT", "quantity": "1000", "unitPriceMinor": "999999999999" });
    let sum = with(&good, json!({ "lines": [large, large] }));
    refused(seller, "orderPlace", sum, "AMOUNT_OUT_OF_RANGE", "lines").await;

    for changes in [
        json!({ "customerId": "gid://entrepot/Order/00000000-0000-7000-8000-000000000000" }),
        json!({ "customerId": "nonsense" }),
        json!({ "currency": "XXX" }),
        json!({ "currency": "usd" }),
        json!({ "placedAt": "yesterday" }),
        json!({ "idempotencyKey": "" }),
        json!({ "idempotencyKey": "x".repeat(256) }),
        json!({ "idempotencyKey": "a\u{0}" }),
        json!({ "discounts": [{ "code": "X" }] }),
        json!({ "discounts": [{ "code": "X", "amountMinor": "1", "ratePpm": "1" }] }),
        json!({ "lines": [{ "sku": "A", "quantity": OVERFLOW }] }),
        json!({ "lines": [{ "sku": "A", "quantity": "1.5" }] }),
        json!({ "lines": [{ "sku": "A", "quantity": 1.5 }] }),
        json!({ "lines": [{ "sku": "A", "quantity": true }] }),
        json!({ "lines": [{ "sku": null, "quantity": "1" }] }),
        json!({ "lines": [{ "sku": "A" }] }),
        json!({ "lines": [null] }),
        json!({ "total": "1" }),
        json!({ "tenantId": "2" }),
        json!({ "shippingAddress": { "line1": "", "city": "X", "country": "US" } }),
        json!({ "shippingAddress": { "line1": "a\u{0}b", "city": "X", "country": "US" } }),
    ] {
        malformed_command(
            seller.0,
            "orderPlace",
            with(&good, changes),
            "BAD_USER_INPUT",
        )
        .await;
    }
}

async fn bad_imports(seller: &Refused<'_>) {
    let line = |changes: Json| {
        with(
            &json!({ "sku": "A", "quantity": "1", "grossMinor": "1000" }),
            changes,
        )
    };
    let good = json!({
        "channel": "web", "externalId": "7", "currency": "USD", "placedAt": "2026-01-01T00:00:00Z",
        "lines": [line(json!({}))],
    });
    for (changes, code, field) in [
        (
            json!({ "lines": [line(json!({ "sku": "NONESUCH" }))] }),
            "SKU_UNKNOWN",
            "lines.0.sku",
        ),
        (
            json!({ "lines": [line(json!({ "quantity": "-1" }))] }),
            "QUANTITY_NOT_POSITIVE",
            "lines.0.quantity",
        ),
        (
            json!({ "lines": [line(json!({ "grossMinor": TOO_MUCH }))] }),
            "AMOUNT_OUT_OF_RANGE",
            "lines.0.grossMinor",
        ),
        (
            json!({ "lines": [line(json!({ "netMinor": "999" }))] }),
            "TOTALS_MISMATCH",
            "lines.0.netMinor",
        ),
        (
            json!({ "totalMinor": "999" }),
            "TOTALS_MISMATCH",
            "totalMinor",
        ),
    ] {
        refused(seller, "orderImport", with(&good, changes), code, field).await;
    }
}

async fn bad_payments(seller: &Refused<'_>, order: &str) {
    let authorize = json!({ "orderId": order, "provider": "stripe", "amountMinor": "1000" });
    for (changes, code, field) in [
        (
            json!({ "amountMinor": "0" }),
            "AMOUNT_NOT_POSITIVE",
            "amountMinor",
        ),
        (
            json!({ "amountMinor": TOO_MUCH }),
            "AMOUNT_OUT_OF_RANGE",
            "amountMinor",
        ),
        (
            json!({ "currency": "EUR" }),
            "CURRENCY_MISMATCH",
            "currency",
        ),
        (json!({ "orderId": nobodys(order) }), "NOT_FOUND", "orderId"),
        (json!({ "provider": "\u{7}" }), "TEXT_MALFORMED", "provider"),
    ] {
        refused(
            seller,
            "paymentAuthorize",
            with(&authorize, changes),
            code,
            field,
        )
        .await;
    }
}

/// The payment's own bounds, of which the first half is recorded.
async fn bad_captures(boss: &Refused<'_>, payment: &Json) {
    let capture = |amount: &str| json!({ "paymentId": payment, "amountMinor": amount });
    let refund =
        |amount: &str| json!({ "paymentId": payment, "amountMinor": amount, "reason": "why" });
    refused(
        boss,
        "paymentCapture",
        capture("601"),
        "CAPTURE_EXCEEDS_AUTHORIZED",
        "amountMinor",
    )
    .await;
    refused(
        boss,
        "paymentRefund",
        refund("401"),
        "REFUND_EXCEEDS_CAPTURED",
        "amountMinor",
    )
    .await;
    refused(
        boss,
        "paymentRefund",
        refund("-1"),
        "AMOUNT_NOT_POSITIVE",
        "amountMinor",
    )
    .await;
    let unknown = with(
        &refund("1"),
        json!({ "paymentId": nobodys(payment.as_str().unwrap()) }),
    );
    refused(boss, "paymentRefund", unknown, "NOT_FOUND", "paymentId").await;
}

async fn bad_stock(seller: &Refused<'_>) {
    let receive = json!({ "sku": "A", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
    for (changes, code, field) in [
        (json!({ "sku": "NONESUCH" }), "SKU_UNKNOWN", "sku"),
        (
            json!({ "warehouse": "nonesuch" }),
            "WAREHOUSE_UNKNOWN",
            "warehouse",
        ),
        (
            json!({ "quantity": "0" }),
            "QUANTITY_NOT_POSITIVE",
            "quantity",
        ),
        (
            json!({ "quantity": "1000000000001" }),
            "QUANTITY_OUT_OF_RANGE",
            "quantity",
        ),
        (
            json!({ "quantity": "1000000", "unitCostMinor": "1000000000000" }),
            "AMOUNT_OUT_OF_RANGE",
            "unitCostMinor",
        ),
        (
            json!({ "unitCostMinor": "-1" }),
            "AMOUNT_NEGATIVE",
            "unitCostMinor",
        ),
    ] {
        refused(seller, "stockReceive", with(&receive, changes), code, field).await;
    }
    malformed_command(
        seller.0,
        "stockReceive",
        with(&receive, json!({ "totalCostMinor": "1" })),
        "BAD_USER_INPUT",
    )
    .await;
    let lost =
        json!({ "sku": "A", "warehouse": "east", "quantityDelta": "-1001", "reason": "lost" });
    refused(seller, "stockAdjust", lost, "OUT_OF_STOCK", "quantityDelta").await;
}

async fn bad_tenants(operator: &Client, schema: &Schema) {
    let create =
        json!({ "slug": "west", "name": "West", "baseCurrency": "USD", "timeZone": "UTC" });
    let operator = &Refused(&operator.with("entrepot-tenant", "west"), schema);
    for (changes, code, field) in [
        (
            json!({ "timeZone": "Mars/Olympus" }),
            "TIME_ZONE_UNKNOWN",
            "timeZone",
        ),
        (json!({ "slug": "West" }), "TEXT_MALFORMED", "slug"),
        (json!({ "slug": "north" }), "ALREADY_EXISTS", "slug"),
        (json!({ "name": "" }), "TEXT_MALFORMED", "name"),
    ] {
        refused(
            operator,
            "tenantCreate",
            with(&create, changes),
            code,
            field,
        )
        .await;
    }
    malformed_command(
        operator.0,
        "tenantCreate",
        with(&create, json!({ "baseCurrency": "XAU" })),
        "BAD_USER_INPUT",
    )
    .await;
}

async fn bad_queries(seller: &Client) {
    let mut wide = "{".to_owned();
    for alias in 0..101 {
        let _written = write!(wide, " a{alias}: __typename");
    }
    wide.push('}');
    for (query, variables, code) in [
        (
            "{ orders(first: 251) { totalCount } }",
            json!({}),
            "BAD_USER_INPUT",
        ),
        (
            "{ orders(first: -1) { totalCount } }",
            json!({}),
            "BAD_USER_INPUT",
        ),
        (
            "{ orders(first: 1, last: 1) { totalCount } }",
            json!({}),
            "BAD_USER_INPUT",
        ),
        (
            "{ orders(after: \"nonsense\") { totalCount } }",
            json!({}),
            "BAD_USER_INPUT",
        ),
        (
            "query($c: String) { orders(after: $c) { totalCount } }",
            json!({ "c": "\u{0}" }),
            "BAD_USER_INPUT",
        ),
        (
            "query($id: ID!) { order(id: $id) { id } }",
            json!({}),
            "BAD_USER_INPUT",
        ),
        (
            "query($id: ID!) { order(id: $id) { id } }",
            json!({ "id": "1 OR 1=1" }),
            "BAD_USER_INPUT",
        ),
        (
            "{ orders(filter: { externalId: \"'; DROP TABLE event; --\" }) { none } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ nonesuch }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("{", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("", json!({}), "GRAPHQL_PARSE_FAILED"),
        (
            "query A { __typename } query B { __typename }",
            json!({}),
            "OPERATION_RESOLUTION_FAILURE",
        ),
    ] {
        malformed(seller, query, variables, code).await;
    }
    let answer = seller.post(&wide, json!({})).await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
    // Text that databases choke on is text.
    for text in ["\u{0}", "'; DROP TABLE event; --", "%", "\\", "😀"] {
        let query =
            "query($t: String!) { orders(filter: { externalId: $t, channel: $t }) { totalCount }
            product(sku: $t) { id } products(filter: { skuPrefix: $t, category: $t }) { totalCount }
            stockPosition(sku: $t, warehouse: $t) { id }
            customers(filter: { externalSystem: $t, email: $t }) { totalCount } }";
        let found = seller.ask(query, json!({ "t": text })).await;
        assert_eq!(
            (&found["orders"]["totalCount"], &found["product"]),
            (&json!("0"), &Json::Null),
            "{text:?}"
        );
    }
}

async fn bad_requests(seller: &Client) {
    let body = |query: &str| json!({ "query": query }).to_string().into_bytes();
    let json = ("content-type", "application/json");
    let large = body(&format!("{{ __typename #{} }}", "x".repeat(300_000)));
    // A lone surrogate is no character, however it is written.
    let surrogate =
        br#"{"query":"query($t: String!) { product(sku: $t) { id } }","variables":{"t":"\ud800"}}"#;
    let mutation =
        "/graphql?query=mutation%7BorderRelease(input%3A%7BorderId%3A%22x%22%7D)%7Bposition%7D%7D";
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (method, path, headers, body, status, code) in [
        (
            "POST",
            "/graphql",
            vec![json],
            large,
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            b"{".to_vec(),
            400,
            "BAD_REQUEST",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            b"".to_vec(),
            400,
            "BAD_REQUEST",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            b"\xff\xfe".to_vec(),
            400,
            "BAD_REQUEST",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            surrogate.to_vec(),
            400,
            "BAD_REQUEST",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            deep.clone().into_bytes(),
            400,
            "BATCHING_NOT_SUPPORTED",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            format!(r#"{{"query":"{{__typename}}","variables":{{"a":{deep}}}}}"#).into_bytes(),
            400,
            "BAD_REQUEST",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            br#"{"query":7}"#.to_vec(),
            400,
            "BAD_REQUEST",
        ),
        (
            "POST",
            "/graphql",
            vec![json],
            br#"[{"query":"{__typename}"}]"#.to_vec(),
            400,
            "BATCHING_NOT_SUPPORTED",
        ),
        (
            "POST",
            "/graphql",
            vec![("content-type", "text/plain")],
            body("{__typename}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "POST",
            "/graphql",
            vec![json, ("accept", "text/html")],
            body("{__typename}"),
            406,
            "NOT_ACCEPTABLE",
        ),
        (
            "GET",
            mutation,
            vec![],
            Vec::new(),
            405,
            "METHOD_NOT_ALLOWED",
        ),
        (
            "DELETE",
            "/graphql",
            vec![],
            Vec::new(),
            405,
            "METHOD_NOT_ALLOWED",
        ),
    ] {
        let answer = seller.send(method, path, &headers, &body).await.unwrap();
        let found = answer.json();
        assert_eq!(
            (answer.status, &found["errors"][0]["extensions"]["code"]),
            (status, &json!(code)),
            "{method} {path} {found:#}"
        );
        assert!(found.get("data").is_none(), "{found:#}");
    }
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
        let schema = Schema::of(&seller).await;
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
