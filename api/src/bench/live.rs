//! From commands to the subscribers who see them: orders are placed at a steady rate in the channels
//! of one tenant in turn, and each subscriber follows one of these.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entrepot_domain::kernel::Instant as Moment;
use entrepot_event_store::clock;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use super::client::{Caller, Client};
use super::figure::{Series, Setting, millis, number, percentile, rate, ratio};
use super::ground::{Ground, close};
use super::load::{ACCEPT, position};
use super::retailer::{self, caller, order_request};
use super::server::Server;
use super::usage::Usage;
use super::{BenchArgs, Result, yardstick};

/// Clients that place orders in turn.
const SELLERS: u32 = 8;
/// How long the next update is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const ORDER_CHANGED: &str = "subscription Watch($channel: String!) { orderChanged(channel: $channel) \
    { position eventType occurredAt order { id totals { total { amount } } } } }";

/// A command on its way.
struct Sent {
    /// Of its last event.
    position: i64,
    at: Instant,
    acknowledged: Instant,
}

/// An update as a subscriber got it.
struct Seen {
    position: i64,
    at: Instant,
    /// From the moment that its event carries, which is before the commit.
    since_recorded: Duration,
}

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    let channels = open(ground, args.channels).await?;
    let server = Server::start(ground).await?;
    let events = caller(ground, server.address, 0, "text/event-stream")?;
    let commands = caller(ground, server.address, 0, ACCEPT)?;
    let setting = Setting::of_load(args.subscribers, 1);
    for _ in 0..args.rounds {
        ground.caught_up().await?;
        let mut subscribers = JoinSet::new();
        // As many in each channel.
        let orders = usize::try_from(u64::from(args.rate) * args.seconds)?;
        let orders = orders.next_multiple_of(channels.len());
        for channel in channels.iter().cycle().take(args.subscribers) {
            let client = Client::connect(server.address).await?;
            let client = subscribe(client, &events, channel).await?;
            subscribers.spawn(follow(client, orders / channels.len()));
        }
        let before = Usage::now(ground, Some(server.pid())).await?;
        let mut sent = place(&server, &commands, &channels, args.rate, orders).await?;
        let placing = before_to_last(&sent);
        sent.sort_by_key(|sent| sent.position);
        let mut seen = Vec::new();
        while let Some(updates) = subscribers.join_next().await {
            seen.push(updates?);
        }
        let used = Usage::now(ground, Some(server.pid())).await?.since(&before);
        say(&sent, &seen, orders / channels.len(), setting, series);
        series.add("orders_placed", "1/s", setting, rate(sent.len(), placing));
        let cpu = |used: Duration| ratio(millis(used), placing.as_secs_f64());
        series.add("server_cpu", "ms/s", setting, cpu(used.server));
        series.add("client_cpu", "ms/s", setting, cpu(used.client));
        if let Some(database) = used.database {
            series.add("database_cpu", "ms/s", setting, cpu(database));
        }
        let (subscribers, channels) = (args.subscribers, channels.len());
        let bare = yardstick::broadcast(subscribers, channels, args.rate, args.window()).await?;
        add(
            series,
            setting,
            ["bare_broadcast_p50", "bare_broadcast_p99"],
            bare,
        );
    }
    server.stop().await
}

/// Makes a tenant with so many channels.
async fn open(ground: &Ground, channels: usize) -> Result<Vec<String>> {
    let app = ground.open().await?;
    let tenant = retailer::open_shop(&app.store, &retailer::slug(0)).await?;
    let channels = retailer::open_channels(&app.store, tenant, channels).await?;
    close(&app.store).await;
    Ok(channels)
}

fn before_to_last(sent: &[Sent]) -> Duration {
    let first = sent.iter().map(|sent| sent.at).min();
    let last = sent.iter().map(|sent| sent.acknowledged).max();
    first
        .zip(last)
        .map_or(Duration::ZERO, |(first, last)| last - first)
}

async fn subscribe(mut client: Client, caller: &Caller, channel: &str) -> Result<Client> {
    let variables = json!({ "channel": channel });
    let body = json!({ "query": ORDER_CHANGED, "variables": variables }).to_string();
    match client.subscribe(caller, &body).await? {
        200 => Ok(client),
        status => Err(format!("the subscription was answered with {status}").into()),
    }
}

/// Notes the updates, as many as there are orders, or fewer if they do not come.
async fn follow(mut client: Client, orders: usize) -> Vec<Seen> {
    let mut seen = Vec::with_capacity(orders);
    while seen.len() < orders
        && let Ok(Ok(event)) = timeout(PATIENCE, client.event()).await
    {
        let (at, now) = (Instant::now(), clock::instant().micros());
        // As little as possible: a hundred of these share two processors with the server.
        let text = |name: &str| {
            let (_, behind) = event.split_once(name)?;
            behind.split('"').next()
        };
        let position = text(r#""position":""#).and_then(|text| text.parse().ok());
        let recorded = text(r#""occurredAt":""#).and_then(|text| Moment::parse(text, "").ok());
        if let Some((position, recorded)) = position.zip(recorded) {
            let since = u64::try_from(now - recorded.micros()).unwrap_or_default();
            let since_recorded = Duration::from_micros(since);
            seen.push(Seen {
                position,
                at,
                since_recorded,
            });
        }
    }
    seen
}

/// Places orders at a steady rate, some clients in turn.
async fn place(
    server: &Server,
    caller: &Caller,
    channels: &[String],
    rate: u32,
    orders: usize,
) -> Result<Vec<Sent>> {
    let pace = Duration::from_secs(1) / rate;
    // All of them by one list: the sellers take every eighth.
    let turns: Arc<[String]> = channels.iter().cloned().cycle().take(orders).collect();
    let mut sellers = JoinSet::new();
    for seller in 0..SELLERS {
        let client = Client::connect(server.address).await?;
        let start = tokio::time::Instant::now() + pace * seller;
        let mut ticks = interval_at(start, pace * SELLERS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mine = (usize::try_from(seller)?..orders).step_by(usize::try_from(SELLERS)?);
        let turns = Arc::clone(&turns);
        let mine = mine.map(move |turn| order_request(&turns[turn]));
        sellers.spawn(sell(client, caller.clone(), ticks, mine));
    }
    let mut sent = Vec::with_capacity(orders);
    while let Some(sold) = sellers.join_next().await {
        sent.extend(sold??);
    }
    Ok(sent)
}

async fn sell(
    mut client: Client,
    caller: Caller,
    mut ticks: tokio::time::Interval,
    orders: impl Iterator<Item = String>,
) -> Result<Vec<Sent>> {
    let mut sent = Vec::new();
    for body in orders {
        ticks.tick().await;
        let at = Instant::now();
        let (status, answer) = client.post(&caller, &body).await?;
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

/// The events of a command follow each other: an update belongs to the first command that ends at
/// its position or behind it.
fn say(sent: &[Sent], seen: &[Vec<Seen>], each: usize, setting: Setting<'_>, series: &mut Series) {
    let of = |update: &Seen| sent.get(sent.partition_point(|sent| sent.position < update.position));
    let updates = || {
        seen.iter()
            .flatten()
            .filter_map(|update| Some((of(update)?, update)))
    };
    let acknowledged = sent
        .iter()
        .map(|sent| sent.acknowledged.duration_since(sent.at));
    add(
        series,
        setting,
        ["sent_to_acknowledged_p50", "sent_to_acknowledged_p99"],
        acknowledged.collect(),
    );
    // An update may be seen before the acknowledgement is: that counts as at once.
    let after = updates().map(|(sent, seen)| seen.at.saturating_duration_since(sent.acknowledged));
    add(
        series,
        setting,
        ["acknowledged_to_seen_p50", "acknowledged_to_seen_p99"],
        after.collect(),
    );
    let recorded = updates().map(|(_, seen)| seen.since_recorded);
    add(
        series,
        setting,
        ["recorded_to_seen_p50", "recorded_to_seen_p99"],
        recorded.collect(),
    );
    let whole = updates().map(|(sent, seen)| seen.at.saturating_duration_since(sent.at));
    add(
        series,
        setting,
        ["sent_to_seen_p50", "sent_to_seen_p99"],
        whole.collect(),
    );
    let count = updates().count();
    let missing = (each * seen.len()).saturating_sub(count);
    series.add("updates", "", setting, number(count));
    series.add("updates_missing", "", setting, number(missing));
}

/// Adds the median of durations, and what one in a hundred exceeds, under these names.
fn add(
    series: &mut Series,
    setting: Setting,
    names: [&'static str; 2],
    mut durations: Vec<Duration>,
) {
    for (name, percent) in names.into_iter().zip([50, 99]) {
        let value = millis(percentile(&mut durations, percent));
        series.add(name, "ms", setting, value);
    }
}
