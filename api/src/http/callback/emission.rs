//! One subscription: its results to its router, one after the other, with heartbeats between. A
//! router that takes long holds up the source, and nothing is dropped; one that takes nothing any
//! more ends the subscription.

use std::time::Duration;

use async_graphql::Response as GraphResponse;
use axum::body::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::super::answer::payload;
use super::super::refusal::{Refusal, complete, nothing_ran};
use super::post::{Message, Poster, Taken};
use super::target::Target;

/// Where heartbeats would be if there are none: a token lives days at most.
const NEVER: Duration = Duration::from_hours(24 * 365);

pub(super) struct Emission {
    pub(super) poster: Poster,
    pub(super) target: Target,
    pub(super) responses: BoxStream<'static, GraphResponse>,
    /// How long the caller's token still lives.
    pub(super) lifetime: Duration,
    pub(super) shutdown: CancellationToken,
}

/// How it ended.
enum End {
    /// All was said, or it failed by these errors: the router is told.
    Over(GraphResponse),
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
                End::Over(Refusal::request("UNAVAILABLE", "the server is going away").into_response())
            }
            () = expiry => {
                End::Over(Refusal::request("UNAUTHENTICATED", "the token has expired").into_response())
            }
            end = self.emit() => end,
        };
        if let End::Over(response) = end {
            let body = Message::Complete(&response.errors).of(&self.target);
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
                response = self.responses.next() => {
                    let Some(mut response) = response else {
                        return End::Over(GraphResponse::default());
                    };
                    complete(&mut response);
                    if nothing_ran(&response) {
                        return End::Over(response);
                    }
                    Message::Next(&payload(&response)).of(&self.target)
                }
            };
            if send(&self.poster, &self.target, &body).await != Taken::Yes {
                return End::Unwanted;
            }
        }
    }
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
