//! Queries and requests that are wrong as such.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::malformed;
use crate::client::Client;

pub(super) async fn bad_queries(seller: &Client) {
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
    // U+0000 is no text on PostgreSQL: both databases say so, and the rest of the request is answered.
    for query in [
        "query($t: String!) { orders(filter: { externalId: $t }) { totalCount } }",
        "query($t: String!) { orders(filter: { channel: $t }) { nodes { id } } }",
        "query($t: String!) { product(sku: $t) { id } }",
        "query($t: String!) { products(filter: { skuPrefix: $t }) { nodes { id } } }",
        "query($t: String!) { stockPosition(sku: $t, warehouse: \"east\") { id } }",
        "query($t: String!) { customers(filter: { externalSystem: $t }) { nodes { id } } }",
    ] {
        for text in ["\u{0}", "a\u{0}b"] {
            malformed(seller, query, json!({ "t": text }), "BAD_USER_INPUT").await;
        }
    }
    let literal = r#"{ product(sku: "a\u0000") { id } orders { totalCount } }"#;
    let answer = seller.answer(literal, json!({})).await;
    let error = &answer["errors"][0];
    assert_eq!(error["message"], "text must not hold U+0000", "{answer:#}");
    assert_eq!(answer["data"]["orders"]["totalCount"], "1", "{answer:#}");
    // Text that is syntax elsewhere is text.
    for text in ["'; DROP TABLE event; --", "%", "\\", "😀"] {
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

pub(super) async fn bad_requests(seller: &Client) {
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
