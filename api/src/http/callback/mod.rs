//! Subscriptions by HTTP callback (Apollo's `callback/1.0`): a router names an address, and results
//! are posted there instead of a connection being held. For routers only, and to hosts that this
//! deployment names only; without any the protocol is not spoken.
//!
//! `target` is what the router asks for, `post` sends one message, `emission` is one subscription.

mod emission;
mod post;
mod target;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Response as GraphResponse, Value};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

pub use target::HostError;

use super::document::Prepared;
use super::endpoint::{Endpoint, lifetime};
use super::executor::{Caller, GraphExecutor};
use super::negotiate::Media;
use super::polled::polled;
use super::refusal::Refusal;
use super::update::Last;
use super::{answer, refusal};
use emission::Emission;
use post::{Message, Poster, Taken};
use target::{Hosts, Target};

/// Subscriptions that are posted at one time.
const CALLBACKS_MAX: usize = 10_000;
/// How long the last messages may take when the server stops.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// Posts results to routers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Callbacks {
    hosts: Arc<Hosts>,
    poster: Poster,
    places: Arc<Semaphore>,
    running: TaskTracker,
}

impl Callbacks {
    /// Callbacks to these hosts, each `host` or `host:port`, and to no others. `None` without any.
    ///
    /// # Errors
    ///
    /// If one is no host.
    pub fn to(hosts: &[String]) -> Result<Option<Self>, HostError> {
        let hosts = Hosts::parse(hosts)?;
        Ok((!hosts.is_empty()).then(|| Self {
            hosts: Arc::new(hosts),
            poster: Poster::new(),
            places: Arc::new(Semaphore::new(CALLBACKS_MAX)),
            running: TaskTracker::new(),
        }))
    }

    /// Waits until the routers have been told that the server stops.
    pub async fn finished(&self) {
        self.running.close();
        if timeout(FINISH_TIMEOUT, self.running.wait()).await.is_err() {
            tracing::warn!("routers were not all told that the server stops");
        }
    }

    /// Begins a subscription whose results go to where the request says. What is wrong with it is
    /// said here; afterwards, everything is said by callback.
    pub(super) async fn begin<E: GraphExecutor>(
        &self,
        endpoint: &Endpoint<E>,
        prepared: Prepared,
        caller: Caller,
    ) -> Result<Response, Refusal> {
        let target = Target::of(&prepared.request, &self.hosts)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let message = "too many subscriptions by callback are open";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Refusal::transport(status, "SERVICE_UNAVAILABLE", message)
        })?;
        let remaining = lifetime(caller.requester.expires_at());
        let mut updates = endpoint.subscribe(prepared, caller).await.fuse();
        // A subscription that is refused is refused at once.
        let first = updates.next().now_or_never().flatten();
        if let Some(refused) = first.as_ref().and_then(|first| first.last.as_ref()) {
            return Ok(answer::executed(again(refused), Media::Json));
        }
        let updates = polled(stream::iter(first).chain(updates));
        let check = Message::Check.of(&target);
        if self.poster.post_once(&target.url, &check).await != Taken::Yes {
            let message = "extensions.subscription.callbackUrl did not take the check";
            return Err(Refusal::malformed(message));
        }
        let emission = Emission {
            poster: self.poster.clone(),
            target,
            updates,
            lifetime: remaining,
            shutdown: endpoint.config.shutdown.clone(),
        };
        self.running.spawn(async move {
            emission.run().await;
            drop(place);
        });
        let mut answer = answer::executed(GraphResponse::new(Value::Null), Media::Json);
        let protocol = HeaderValue::from_static(post::PROTOCOL);
        answer.headers_mut().insert(post::PROTOCOL_NAME, protocol);
        Ok(answer)
    }
}

/// A refusal once more, as the answer to the request.
fn again(refused: &Last) -> GraphResponse {
    let mut response = GraphResponse::default();
    response.errors = serde_json::from_str(&refused.errors).unwrap_or_default();
    refusal::complete(&mut response);
    response
}
