use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    http::{post, send},
    toy::{Toy, listen, router},
};
use crate::http::{HttpConfig, ListenerConfig, serve};

#[tokio::test]
async fn a_body_is_bounded_in_size() {
    let filler = " ".repeat(256 * 1024);
    let request = post(
        "application/json",
        &json!({ "query": "{ tenant }", "filler": filler }),
    );
    let refused = send(router(Toy::new(), HttpConfig::default()), request).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.text.contains("PAYLOAD_TOO_LARGE"));
}

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_in_time() {
    let start = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let mut request = post("application/json", &json!({}));
    *request.body_mut() = Body::from_stream(start.chain(stream::pending()));
    let refused = send(router(Toy::new(), HttpConfig::default()), request).await;
    assert_eq!(refused.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_query_is_bounded_in_time_and_a_panic_is_an_answer() {
    let router = router(Toy::new(), HttpConfig::default());
    let slow = post("application/json", &json!({ "query": "{ slow }" }));
    let refused = send(router.clone(), slow).await;
    assert!(refused.text.contains("QUERY_TIMEOUT"), "{}", refused.text);
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    let panics = post("application/json", &json!({ "query": "{ panics }" }));
    let refused = send(router, panics).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!refused.text.contains("purpose"));
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_until_one_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = HttpConfig::default();
    let (shutdown, few) = (
        config.shutdown.clone(),
        ListenerConfig {
            connections_max: 1,
            ..ListenerConfig::default()
        },
    );
    tokio::spawn(serve(listener, router(Toy::new(), config), few, shutdown));
    let first = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    let head = b"GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    second.write_all(head).await.unwrap();
    let mut answer = [0; 12];
    let early = second.read_exact(&mut answer);
    assert!(
        timeout(Duration::from_millis(200), early).await.is_err(),
        "it is answered too early"
    );
    drop(first);
    second.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[tokio::test]
async fn a_stopping_server_lets_the_last_answer_out() {
    let config = HttpConfig::default();
    let shutdown = config.shutdown.clone();
    let address = listen(config).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream
        .write_all(b"content-length: 2\r\n\r\n{}")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(!answer.to_lowercase().contains("\r\nserver:"));
    assert!(TcpStream::connect(address).await.is_err());
}
