use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::toy::{Toy, bearer, router, token};
use crate::http::HttpConfig;

pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

pub(super) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = TowerToHyperService::new(router)
        .call(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
    }
}

pub(super) fn post(accept: &str, body: &Value) -> Request<Body> {
    Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, accept)
        .header(header::AUTHORIZATION, bearer())
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn get(query: &str) -> Request<Body> {
    Request::get(format!("/graphql?{query}"))
        .header(header::AUTHORIZATION, bearer())
        .body(Body::empty())
        .unwrap()
}

async fn answer(request: Request<Body>) -> Answer {
    send(router(Toy::new(), HttpConfig::default()), request).await
}

const GRAPHQL: &str = "application/graphql-response+json";

#[tokio::test]
async fn nobody_unknown_gets_anything_parsed() {
    let mut request = post(GRAPHQL, &json!({ "query": "{" }));
    request.headers_mut().remove(header::AUTHORIZATION);
    let refused = answer(request).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(refused.code(), "UNAUTHENTICATED");
    assert!(refused.json().get("data").is_none());

    let mut request = post(GRAPHQL, &json!({ "query": "{" }));
    request
        .headers_mut()
        .insert("entrepot-tenant", "globex".parse().unwrap());
    let refused = answer(request).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::FORBIDDEN, "FORBIDDEN".to_owned())
    );
}

#[tokio::test]
async fn a_query_runs_as_its_caller() {
    let mut request = post(GRAPHQL, &json!({ "query": "{ tenant header }" }));
    for (name, value) in [
        ("idempotency-key", "key"),
        ("entrepot-consistency", "token"),
        ("last-event-id", "9"),
        ("x-request-id", "request-1"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = answer(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    let data = json!({ "tenant": "acme", "header": ["key", "token", "9"] });
    assert_eq!(answer.json(), json!({ "data": data }));
    assert_eq!(answer.headers["x-request-id"], "request-1");
    assert_eq!(
        answer.headers[header::CONTENT_TYPE],
        "application/graphql-response+json; charset=utf-8"
    );
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test]
async fn request_errors_have_codes_and_no_data() {
    let lines = json!({ "query": "query ($l: [Line!]!) { lines(lines: $l) }",
        "variables": { "l": [{ "sku": 1 }] } });
    for (body, code) in [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (
            json!({ "query": "{ unknown }" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            json!({ "query": "query ($a: Int) { tenant }" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            json!({ "query": "query ($a: Int!) { tenant }" }),
            "BAD_USER_INPUT",
        ),
        (lines, "BAD_USER_INPUT"),
        (
            json!({ "query": "{ tenant }", "operationName": "A" }),
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "0".repeat(64) } } }),
            "PERSISTED_QUERY_NOT_FOUND",
        ),
    ] {
        for (accept, status) in [(GRAPHQL, 400), ("application/json", 200)] {
            let refused = answer(post(accept, &body)).await;
            assert_eq!(
                (refused.status.as_u16(), refused.code().as_str()),
                (status, code),
                "{body}"
            );
            assert!(refused.json().get("data").is_none());
            assert_eq!(
                refused.json()["errors"][0]["extensions"]["retryable"],
                json!(false)
            );
        }
    }
}

#[tokio::test]
async fn field_errors_keep_their_code_and_the_data() {
    let failed = answer(post(GRAPHQL, &json!({ "query": "{ boom }" }))).await;
    assert_eq!(
        (failed.status, failed.code()),
        (StatusCode::OK, "BOOM".to_owned())
    );
    assert_eq!(failed.json()["data"], Value::Null);
    assert!(failed.json().get("data").is_some());
}

#[tokio::test]
async fn headers_and_codes_of_the_executor_reach_the_client() {
    let answered = answer(post(GRAPHQL, &json!({ "query": "{ throttled }" }))).await;
    assert_eq!(answered.headers["retry-after"], "7");
    let mut request = post("application/json", &json!({ "query": "{ tenant }" }));
    let throttled = format!("Bearer {}", token("throttled", Duration::from_mins(1)));
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, throttled.parse().unwrap());
    let refused = answer(request).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        refused.json()["errors"][0]["extensions"]["retryable"],
        json!(true)
    );
}

#[tokio::test]
async fn a_get_queries_and_never_commands() {
    let toy = Toy::new();
    let answered = answer(get("query=%7Btenant%7D&variables=%7B%7D")).await;
    assert_eq!(answered.json(), json!({ "data": { "tenant": "acme" } }));
    let config = HttpConfig::default();
    let refused = send(
        router(toy.clone(), config),
        get("query=mutation%7Bcount%7D"),
    )
    .await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers[header::ALLOW], "POST");
    assert_eq!(toy.counted.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn forms_that_are_not_ours_are_refused() {
    let query = json!({ "query": "mutation { count }" });
    let mut text = post(GRAPHQL, &query);
    text.headers_mut()
        .insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    assert_eq!(
        answer(text).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(
        answer(post("text/html", &query)).await.status,
        StatusCode::NOT_ACCEPTABLE
    );
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "HEAD"] {
        let mut request = post(GRAPHQL, &query);
        *request.method_mut() = method.parse().unwrap();
        let refused = answer(request).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(refused.headers[header::ALLOW], "GET, POST");
    }
    let batch = answer(post(GRAPHQL, &json!([query]))).await;
    assert_eq!(batch.code(), "BATCHING_NOT_SUPPORTED");
    let subscription = json!({ "query": "subscription { silence }" });
    assert_eq!(
        answer(post(GRAPHQL, &subscription)).await.status,
        StatusCode::NOT_ACCEPTABLE
    );
}
