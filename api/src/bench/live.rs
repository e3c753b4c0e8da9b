//! From a command to the subscriber who sees it: one subscriber, one client at a steady pace.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::client::{Caller, Client};
use super::figure::{Series, Setting, millis, number, percentile};
use super::ground::Ground;
use super::load::{ACCEPT, position};
use super::retailer::{self, caller, order_request};
use super::server::Server;
use super::{BenchArgs, Result};

/// Between two commands.
const PACE: Duration = Duration::from_millis(10);
/// How long the last updates are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const ORDER_CHANGED: &str =
    "subscription { orderChanged { position eventType order { id totals { total { amount } } } } }";

/// A command on its way.
struct Sent {
    /// Of its last event.
    position: i64,
    at: Instant,
    acknowledged: Instant,
}

/// An update: the position of its event, and when it came.
type Seen = (i64, Instant);

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    retailer::prepare(ground, 1).await?;
    let server = Server::start(ground).await?;
    let events = caller(ground, server.address, 0, "text/event-stream")?;
    let commands = caller(ground, server.address, 0, ACCEPT)?;
    for _ in 0..args.rounds {
        ground.caught_up().await?;
        let (sender, updates) = mpsc::unbounded_channel();
        let subscriber = subscribe(Client::connect(server.address).await?, &events).await?;
        let subscriber = tokio::spawn(follow(subscriber, sender));
        let client = Client::connect(server.address).await?;
        let sent = place(client, &commands, args.window()).await?;
        let seen = collect(updates, sent.len()).await;
        subscriber.abort();
        say(&sent, &seen, series);
    }
    server.stop().await
}

async fn subscribe(mut client: Client, caller: &Caller) -> Result<Client> {
    let body = json!({ "query": ORDER_CHANGED }).to_string();
    match client.subscribe(caller, &body).await? {
        200 => Ok(client),
        status => Err(format!("the subscription was answered with {status}").into()),
    }
}

/// Notes every update until nobody wants more.
async fn follow(mut client: Client, seen: mpsc::UnboundedSender<Seen>) {
    while let Ok(event) = client.event().await {
        let at = Instant::now();
        let data = event.lines().find_map(|line| line.strip_prefix("data: "));
        let Some(data) = data.and_then(|data| serde_json::from_str::<Value>(data).ok()) else {
            continue;
        };
        let position = data["data"]["orderChanged"]["position"].as_str();
        match position.and_then(|position| position.parse().ok()) {
            Some(position) if seen.send((position, at)).is_err() => return,
            Some(_) => {}
            None => tracing::warn!(%data, "no update"),
        }
    }
}

async fn place(mut client: Client, caller: &Caller, window: Duration) -> Result<Vec<Sent>> {
    let (mut pace, end) = (interval(PACE), Instant::now() + window);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut sent = Vec::new();
    while Instant::now() < end {
        pace.tick().await;
        let body = order_request();
        let at = Instant::now();
        let (status, answer) = client.post(caller, &body).await?;
        let acknowledged = Instant::now();
        let position = position(status, answer)
            .ok_or_else(|| format!("{status} {}", String::from_utf8_lossy(answer)))?;
        sent.push(Sent {
            position,
            at,
            acknowledged,
        });
    }
    Ok(sent)
}

/// The updates, one for each command, or fewer if they do not come.
async fn collect(mut updates: mpsc::UnboundedReceiver<Seen>, expected: usize) -> Vec<Seen> {
    let mut seen = Vec::with_capacity(expected);
    while seen.len() < expected {
        match timeout(PATIENCE, updates.recv()).await {
            Ok(Some(update)) => seen.push(update),
            _ => break,
        }
    }
    seen
}

/// Commands went one after the other: an update belongs to the first command that ends at its
/// position or behind it.
fn say(sent: &[Sent], seen: &[Seen], series: &mut Series) {
    let pairs: Vec<(&Sent, Instant)> = seen
        .iter()
        .filter_map(|(position, at)| {
            let index = sent.partition_point(|sent| sent.position < *position);
            Some((sent.get(index)?, *at))
        })
        .collect();
    let mut add = |figure, mut durations: Vec<Duration>, percent| {
        let value = millis(percentile(&mut durations, percent));
        series.add(figure, "ms", Setting::default(), value);
    };
    let acknowledged = || {
        sent.iter()
            .map(|sent| sent.acknowledged.duration_since(sent.at))
    };
    // An update may be seen before the acknowledgement is: that counts as at once.
    let after = || {
        pairs
            .iter()
            .map(|(sent, seen)| seen.saturating_duration_since(sent.acknowledged))
    };
    let whole = || {
        pairs
            .iter()
            .map(|(sent, seen)| seen.duration_since(sent.at))
    };
    add("sent_to_acknowledged_p50", acknowledged().collect(), 50);
    add("sent_to_acknowledged_p99", acknowledged().collect(), 99);
    add("acknowledged_to_seen_p50", after().collect(), 50);
    add("acknowledged_to_seen_p99", after().collect(), 99);
    add("sent_to_seen_p50", whole().collect(), 50);
    add("sent_to_seen_p99", whole().collect(), 99);
    let missing = sent.len().saturating_sub(pairs.len());
    series.add("updates", "", Setting::default(), number(pairs.len()));
    series.add("updates_missing", "", Setting::default(), number(missing));
}
