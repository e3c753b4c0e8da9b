use std::time::Duration;

use axum::{
    Router,
    body::to_bytes,
    http::{StatusCode, header},
    response::Response,
};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::json;

use super::{
    http::{post, send},
    toy::{Toy, router, token},
};
use crate::http::HttpConfig;

const EVENTS: &str = "text/event-stream";
const MULTIPART: &str = "multipart/mixed;subscriptionSpec=\"1.0\", application/json";

async fn streamed(accept: &str, query: &str) -> String {
    let request = post(accept, &json!({ "query": query }));
    let answer = send(router(Toy::new(), HttpConfig::default()), request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(accept.starts_with(&answer.headers[header::CONTENT_TYPE].to_str().unwrap()[..14]));
    answer.text
}

#[tokio::test]
async fn events_carry_a_cursor_and_an_end() {
    let events = streamed(EVENTS, "subscription { numbers(to: 2) }").await;
    let event = |at: i32| {
        format!(
            "event: next\nid: {at}\ndata: {{\"data\":{{\"numbers\":{at}}},\
             \"extensions\":{{\"cursor\":\"{at}\"}}}}\n\n"
        )
    };
    assert_eq!(
        events,
        format!("{}{}event: complete\ndata:\n\n", event(1), event(2))
    );
}

#[tokio::test]
async fn a_stream_resumes_behind_the_last_event() {
    let mut request = post(
        EVENTS,
        &json!({ "query": "subscription { numbers(to: 3) }" }),
    );
    request
        .headers_mut()
        .insert("last-event-id", "2".parse().unwrap());
    let answer = send(router(Toy::new(), HttpConfig::default()), request).await;
    assert!(
        answer.text.starts_with("event: next\nid: 3\n"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn queries_and_refusals_are_streams_of_one() {
    let answered = streamed(EVENTS, "{ tenant }").await;
    let expected =
        "event: next\ndata: {\"data\":{\"tenant\":\"acme\"}}\n\nevent: complete\ndata:\n\n";
    assert_eq!(answered, expected);
    for query in ["{", "subscription { unknown }"] {
        let refused = streamed(EVENTS, query).await;
        assert!(
            refused.starts_with("event: next\ndata: {\"errors\":"),
            "{refused}"
        );
        assert!(refused.ends_with("event: complete\ndata:\n\n"));
    }
}

#[tokio::test]
async fn multipart_parts_are_payloads() {
    let parts = streamed(MULTIPART, "subscription { numbers(to: 1) }").await;
    let part = "{\"payload\":{\"data\":{\"numbers\":1},\"extensions\":{\"cursor\":\"1\"}}}";
    let head = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n";
    assert_eq!(parts, format!("{head}{part}\r\n--graphql--\r\n"));
}

/// Whoever has the head may act at once, and sees what comes of it.
#[tokio::test(start_paused = true)]
async fn the_head_of_a_stream_waits_for_its_beginning() {
    let router = router(Toy::new(), HttpConfig::default());
    let mut answered = Box::pin(send_head(&router, "late"));
    let soon = tokio::time::timeout(Duration::from_secs(4), &mut answered);
    assert!(soon.await.is_err(), "it has not begun");
    assert_eq!(answered.await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_beginning_is_bounded_in_time_and_a_panic_in_it_is_an_answer() {
    let router = router(Toy::new(), HttpConfig::default());
    for (subject, code) in [
        ("stuck", "QUERY_TIMEOUT"),
        ("panics", "INTERNAL_SERVER_ERROR"),
    ] {
        let response = send_head(&router, subject).await;
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.contains(code) && !text.contains("purpose"), "{text}");
    }
}

async fn send_head(router: &Router, subject: &str) -> Response {
    let mut request = post(EVENTS, &json!({ "query": "subscription { silence }" }));
    let bearer = format!("Bearer {}", token(subject, Duration::from_mins(10)));
    let headers = request.headers_mut();
    headers.insert(header::AUTHORIZATION, bearer.parse().unwrap());
    let router = TowerToHyperService::new(router.clone());
    router.call(request).await.unwrap()
}

#[tokio::test]
async fn a_stream_is_cut_off_when_the_token_expires() {
    for (accept, last) in [(EVENTS, "\n\n"), (MULTIPART, "--graphql--\r\n")] {
        let mut request = post(accept, &json!({ "query": "subscription { silence }" }));
        let short = format!("Bearer {}", token("ann", Duration::from_secs(2)));
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, short.parse().unwrap());
        let mut config = HttpConfig::default();
        config.limits.keep_alive = Duration::from_millis(200);
        let answer = send(router(Toy::new(), config), request).await;
        assert!(answer.text.contains("UNAUTHENTICATED"), "{}", answer.text);
        assert!(answer.text.ends_with(last), "{}", answer.text);
        assert!(!answer.text.contains("event: complete"));
        assert!(answer.text.contains(":\n\n") || answer.text.contains("\r\n{}\r\n"));
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_server() {
    let config = HttpConfig::default();
    let shutdown = config.shutdown.clone();
    let request = post(EVENTS, &json!({ "query": "subscription { silence }" }));
    let streaming = tokio::spawn(send(router(Toy::new(), config), request));
    tokio::time::sleep(Duration::from_millis(50)).await;
    shutdown.cancel();
    assert_eq!(streaming.await.unwrap().text, "");
}
