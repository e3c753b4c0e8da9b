//! What the peers have in common: how they are told what to do, and how they say what they reached.
//!
//! A peer that takes commands finds `PEER_DATABASE_URL`, `PEER_CLIENTS` and `PEER_SECONDS` in its
//! environment and prints one JSON object, `{"rate": 1/s, "p50_ms": …, "p99_ms": …}`. One that serves
//! finds `PEER_LISTEN` and `PEER_BYTES`, the size of the product's answer, and prints, as soon as it
//! listens, the body of the request that is to be posted to `/graphql`.

use std::future::Future;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use axum::Router;
use sqlx::postgres::{PgPool, PgPoolOptions};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Before anything is counted: connections open, plans are made.
const WARM_UP: Duration = Duration::from_millis(500);
/// More connections than this slow PostgreSQL down on a small machine.
const CONNECTIONS_MAX: usize = 64;

/// Why a peer gives up.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A value of the environment.
pub fn setting<T: FromStr>(name: &str) -> Result<T, Error> {
    let value = std::env::var(name).map_err(|_| format!("{name} is not set"))?;
    let parsed = value.parse();
    parsed.map_err(|_| format!("{name} is not what it should be: {value}").into())
}

/// A pool with a connection for each client, up to a bound.
pub async fn pool(clients: usize) -> Result<PgPool, Error> {
    let connections = u32::try_from(clients.min(CONNECTIONS_MAX))?;
    let options = PgPoolOptions::new().max_connections(connections);
    Ok(options.connect(&setting::<String>("PEER_DATABASE_URL")?).await?)
}

/// Serves until it is killed.
pub async fn answer_at(address: SocketAddr, router: Router, body: &str) -> Result<(), Error> {
    use axum::serve::ListenerExt as _;
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    println!("{body}");
    Ok(axum::serve(listener, router).await?)
}

/// Makes the events' payload: an order of three lines, about 300 bytes.
pub fn payload() -> String {
    let line = |sku: &str, price: i64| {
        serde_json::json!({ "sku": sku, "quantity": 1, "unit_price_minor": price, "net_minor": price })
    };
    let lines = [line("A", 2499), line("B", 1500), line("C", 2500)];
    serde_json::json!({ "channel": "web", "currency": "USD", "lines": lines, "total_minor": 6499 })
        .to_string()
}

/// Has as many clients as are asked for do `once` after `once`, and prints what they reached.
pub async fn run<F, C>(clients: usize, once: F) -> Result<(), Error>
where
    F: Fn() -> C + Clone + Send + 'static,
    C: Future<Output = Result<(), Error>> + Send,
{
    let window = Duration::from_secs(setting("PEER_SECONDS")?);
    let start = Instant::now() + WARM_UP;
    let end = start + window;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let once = once.clone();
        running.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let asked = Instant::now();
                if asked >= end {
                    return Ok::<_, Error>(latencies);
                }
                once().await?;
                let answered = Instant::now();
                if (start..end).contains(&answered) {
                    latencies.push(answered - asked);
                }
            }
        });
    }
    let mut latencies = Vec::new();
    while let Some(client) = running.join_next().await {
        latencies.extend(client??);
    }
    latencies.sort_unstable();
    let percentile = |percent: usize| {
        let at = latencies.len().saturating_sub(1) * percent / 100;
        latencies.get(at).map_or(0.0, |it| it.as_secs_f64() * 1e3)
    };
    let figures = serde_json::json!({
        "rate": latencies.len() as f64 / window.as_secs_f64(),
        "p50_ms": percentile(50),
        "p99_ms": percentile(99),
    });
    println!("{figures}");
    Ok(())
}
