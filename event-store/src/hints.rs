//! Hints between nodes, through Redis: "look at this tenant". They save waiting; with Redis gone
//! everything is still found, by position, in the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use futures_util::StreamExt as _;
use redis::AsyncCommands as _;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::feed::Feed;

const CHANNEL: &str = "entrepot:hints";
/// Hints of this long are sent together.
const COALESCE: Duration = Duration::from_millis(2);
/// Between two attempts to reach Redis.
const RETRY: Duration = Duration::from_secs(1);
/// The groups of read models, in the order in which readers need them: what a hint may name.
pub const GROUPS: [&str; 2] = ["core", "bi"];

/// Where a position was reached: the log (no group) or a group of read models.
type Place = (TenantId, Option<&'static str>);

/// Tells other nodes. Without Redis, tells nobody.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    sender: Option<mpsc::UnboundedSender<(Place, i64)>>,
}

impl Hints {
    /// Hints for a single process.
    pub const fn none() -> Self {
        Self { sender: None }
    }

    /// Hints through Redis, until `stop`.
    pub fn redis(client: redis::Client, feed: Arc<Feed>, stop: CancellationToken) -> Self {
        let (sender, queue) = mpsc::unbounded_channel();
        let publisher = client.clone();
        let stopped = stop.clone();
        tokio::spawn(async move { stopped.run_until_cancelled(publish(publisher, queue)).await });
        tokio::spawn(async move { stop.run_until_cancelled(listen(client, feed)).await });
        Self {
            sender: Some(sender),
        }
    }

    /// A tenant's log grew.
    pub fn head(&self, tenant: TenantId, position: i64) {
        self.send((tenant, None), position);
    }

    /// A group of a tenant's read models caught up.
    pub fn models(&self, tenant: TenantId, group: &'static str, position: i64) {
        self.send((tenant, Some(group)), position);
    }

    fn send(&self, place: Place, position: i64) {
        if let Some(sender) = &self.sender {
            let _ = sender.send((place, position));
        }
    }
}

async fn publish(client: redis::Client, mut queue: mpsc::UnboundedReceiver<(Place, i64)>) {
    let mut connection = None;
    while let Some((place, position)) = queue.recv().await {
        let mut newest: HashMap<Place, i64> = HashMap::from([(place, position)]);
        sleep(COALESCE).await;
        while let Ok((place, position)) = queue.try_recv() {
            newest.insert(place, position);
        }
        let message: Vec<String> = newest
            .into_iter()
            .map(|(place, position)| encode(place, position))
            .collect();
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection().await.ok();
        }
        if let Some(open) = &mut connection {
            let sent: redis::RedisResult<()> = open.publish(CHANNEL, message.join("\n")).await;
            if sent.is_err() {
                metrics::counter!("entrepot_hints_lost_total").increment(1);
                connection = None;
            }
        }
    }
}

async fn listen(client: redis::Client, feed: Arc<Feed>) {
    loop {
        if let Err(error) = follow(&client, &feed).await {
            tracing::debug!(%error, "no hints from redis for now");
        }
        sleep(RETRY).await;
    }
}

async fn follow(client: &redis::Client, feed: &Feed) -> redis::RedisResult<()> {
    let mut messages = client.get_async_pubsub().await?;
    messages.subscribe(CHANNEL).await?;
    let mut messages = messages.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        for ((tenant, group), position) in text.lines().filter_map(decode) {
            match group {
                None => feed.head_is(tenant, position),
                Some(group) => feed.models_are(tenant, group, position),
            }
        }
    }
    Ok(())
}

fn encode((tenant, group): Place, position: i64) -> String {
    format!("{tenant} {} {position}", group.unwrap_or("log"))
}

fn decode(line: &str) -> Option<(Place, i64)> {
    let mut parts = line.split(' ');
    let tenant = TenantId(parts.next()?.parse().ok()?);
    let place = parts.next()?;
    let group = GROUPS.into_iter().find(|group| *group == place);
    if group.is_none() && place != "log" {
        return None;
    }
    Some(((tenant, group), parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_survives_the_wire_and_nonsense_does_not() {
        let place = (TenantId(7), Some("core"));
        assert_eq!(decode(&encode(place, 42)), Some((place, 42)));
        assert_eq!(decode("7 nonsense 42"), None);
    }
}
