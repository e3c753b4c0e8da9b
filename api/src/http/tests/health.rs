use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use super::http::{Answer, send};
use crate::http::{Readiness, health_router};

async fn ask(path: &str, database: Result<(), String>) -> Answer {
    let ready = move || {
        let readiness = Readiness::default()
            .with("database", database.clone())
            .with("log", Ok(()));
        async move { readiness }
    };
    let router = health_router(ready, || "up 1\n".to_owned());
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_server_that_is_not_ready_still_lives() {
    let down = || Err("no connection".to_owned());
    assert_eq!(ask("/healthz", down()).await.status, StatusCode::OK);
    let answer = ask("/readyz", down()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let report: Value = serde_json::from_str(&answer.text).unwrap();
    let parts = json!({ "database": "no connection", "log": "ok" });
    assert_eq!(report, json!({ "ready": false, "parts": parts }));
    assert_eq!(ask("/readyz", Ok(())).await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_text_and_every_answer_is_guarded() {
    let answer = ask("/metrics", Ok(())).await;
    assert_eq!(answer.text, "up 1\n");
    assert_eq!(
        ask("/nowhere", Ok(())).await.headers[header::X_CONTENT_TYPE_OPTIONS],
        "nosniff"
    );
}
