//! The least that an answer over HTTP costs: axum, with bytes that are there already, as many as the
//! product's answer has. Nothing is parsed, nobody is asked who they are.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use entrepot_bench_peers::{Error, answer_at, setting};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let size: usize = setting("PEER_BYTES")?;
    let stored = Bytes::from("x".repeat(size));
    let answer = move |_: Bytes| {
        let stored = stored.clone();
        async move { ([(CONTENT_TYPE, "application/graphql-response+json")], stored) }
    };
    let address: SocketAddr = setting("PEER_LISTEN")?;
    // As long as the product's request.
    let body = format!(r#"{{"query":"{}"}}"#, "x".repeat(330));
    answer_at(address, Router::new().route("/graphql", post(answer)), &body).await
}
