//! One subscription: its results to its router, one after the other, with heartbeats between. A
//! router that takes long holds up the source, and nothing is dropped; one that takes nothing any
//! more ends the subscription.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::super::refusal::Refusal;
use super::super::update::Update;
use super::post::{Message, Poster, Taken};
use super::target::Target;

/// Where heartbeats would be if there are none: a token lives days at most.
const NEVER: Duration = Duration::from_hours(24 * 365);

pub(super) struct Emission {
    pub(super) poster: Poster,
    pub(super) target: Target,
    pub(super) updates: BoxStream<'static, Update>,
    /// How long the caller's token still lives.
    pub(super) lifetime: Duration,
    pub(super) shutdown: CancellationToken,
}

/// How it ended.
enum End {
    /// All was said, or it failed by these errors, as JSON: the router is told.
    Over(Option<Arc<str>>),
    /// The router does not want it any more, or cannot be reached.
    Unwanted,
}

impl Emission {
    /// Posts until one side ends it.
    pub(super) async fn run(mut self) {
        metrics::gauge!("entrepot_callbacks").increment(1);
        let shutdown = self.shutdown.clone();
        let expiry = sleep(self.lifetime);
        let end = tokio::select! {
            biased;
            // Whatever is on its way then, the router hears of the end in time.
            () = shutdown.cancelled() => {
                failed(Refusal::request("UNAVAILABLE", "the server is going away"))
            }
            () = expiry => {
                failed(Refusal::request("UNAUTHENTICATED", "the token has expired"))
            }
            end = self.emit() => end,
        };
        // What the source holds is not held while the router is told.
        drop(self.updates);
        if let End::Over(errors) = end {
            let body = Message::Complete(errors.as_deref()).of(&self.target);
            let taken = if shutdown.is_cancelled() {
                self.poster.post_once(&self.target.url, &body).await
            } else {
                send(&self.poster, &self.target, &body).await
            };
            tracing::debug!(?taken, "a subscription by callback has ended");
        }
        metrics::gauge!("entrepot_callbacks").decrement(1);
    }

    async fn emit(&mut self) -> End {
        let every = self.target.heartbeat.unwrap_or(NEVER);
        let mut heartbeat = interval(every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        loop {
            let body = tokio::select! {
                biased;
                _ = heartbeat.tick() => Message::Check.of(&self.target),
                update = self.updates.next() => match update {
                    None => return End::Over(None),
                    Some(Update { last: Some(last), .. }) => return End::Over(Some(last.errors)),
                    Some(update) => Message::Next(&update.payload).of(&self.target),
                }
            };
            if send(&self.poster, &self.target, &body).await != Taken::Yes {
                return End::Unwanted;
            }
        }
    }
}

fn failed(refusal: Refusal) -> End {
    let update = Update::from(refusal.into_response());
    End::Over(update.last.map(|last| last.errors))
}

async fn send(poster: &Poster, target: &Target, body: &Bytes) -> Taken {
    let taken = poster.post(&target.url, body).await;
    if taken == Taken::NotYet {
        let host = target.url.host().unwrap_or_default();
        tracing::warn!(
            host,
            "a router does not take the messages of a subscription"
        );
    }
    taken
}
