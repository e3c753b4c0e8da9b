//! Many results in one HTTP response.
//!
//! The loop here knows when something is to be said; `events` and
//! `multipart` know how. One result is ready at most: a client that
//! reads slowly holds up its own source.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::{
    events, multipart, negotiate::Streaming, polled::polled, refusal::Refusal, update::Update,
};

/// Where the results come from, and when they end.
pub(super) struct Source {
    pub updates: BoxStream<'static, Update>,
    /// How long the caller's token still lives.
    pub lifetime: Duration,
    /// Longest silence.
    pub keep_alive: Duration,
    pub shutdown: CancellationToken,
}

/// What there is to say.
pub(super) enum Moment {
    /// A result.
    Next(Update),
    /// Nothing, for a while.
    Silence,
    /// All was said. A stream that ends without it was cut off and may be resumed.
    Complete,
    /// The stream is cut off: the caller's token has expired, or the client reads too slowly.
    CutOff(Update),
}

pub(super) fn respond(source: Source, kind: Streaming) -> Response {
    let (content_type, body) = match kind {
        Streaming::Events => (events::CONTENT_TYPE, body(moments(source), events::write)),
        Streaming::Multipart => {
            let keep_alive = source.keep_alive.min(multipart::KEEP_ALIVE);
            let moments = moments(Source {
                keep_alive,
                ..source
            });
            let start = stream::iter([Ok(Bytes::from_static(multipart::START))]);
            let parts = moments.map(|moment| Ok::<_, Infallible>(multipart::write(&moment)));
            (
                multipart::CONTENT_TYPE,
                Body::from_stream(start.chain(parts)),
            )
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Proxies must pass on each event as it comes.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn body(moments: impl Stream<Item = Moment> + Send + 'static, write: fn(&Moment) -> Bytes) -> Body {
    Body::from_stream(moments.map(move |moment| Ok::<_, Infallible>(write(&moment))))
}

struct State {
    updates: BoxStream<'static, Update>,
    expiry: Pin<Box<Sleep>>,
    keep_alive: Duration,
    shutdown: CancellationToken,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The last result is out; `Complete` follows.
    Closing,
    Over,
}

fn moments(source: Source) -> impl Stream<Item = Moment> + Send + 'static {
    let state = State {
        updates: polled(source.updates),
        expiry: Box::pin(tokio::time::sleep(source.lifetime)),
        keep_alive: source.keep_alive,
        shutdown: source.shutdown,
        phase: Phase::Open,
    };
    stream::unfold(state, async |mut state| {
        let moment = state.next().await?;
        Some((moment, state))
    })
}

impl State {
    async fn next(&mut self) -> Option<Moment> {
        match self.phase {
            Phase::Open => {}
            Phase::Closing => {
                self.phase = Phase::Over;
                return Some(Moment::Complete);
            }
            Phase::Over => return None,
        }
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => None,
            () = &mut self.expiry => {
                self.phase = Phase::Over;
                Some(Moment::CutOff(expired()))
            }
            update = self.updates.next() => Some(self.said(update)),
            () = tokio::time::sleep(self.keep_alive) => Some(Moment::Silence),
        }
    }

    fn said(&mut self, update: Option<Update>) -> Moment {
        let Some(update) = update else {
            self.phase = Phase::Over;
            return Moment::Complete;
        };
        match &update.last {
            None => Moment::Next(update),
            Some(last) if last.cut_off => {
                self.phase = Phase::Over;
                Moment::CutOff(update)
            }
            Some(_) => {
                self.phase = Phase::Closing;
                Moment::Next(update)
            }
        }
    }
}

fn expired() -> Update {
    Update::from(Refusal::request("UNAUTHENTICATED", "the token has expired").into_response())
}
