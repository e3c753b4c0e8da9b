//! The reader of a socket: obeys the protocol, and decides when to close.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use futures_util::{StreamExt as _, stream::SplitStream};
use serde_json::{Map, Value};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::{
    Opening,
    operation::{Operation, Operations, Start},
    outbound::{self, Outbound},
    protocol::{self, ClientMessage, Closing},
};
use crate::{
    access,
    auth::{AuthError, Requester},
    http::{
        endpoint::{Endpoint, lifetime},
        entrance::Entrance,
        executor::{Admission, Caller, GraphExecutor},
        identity,
        parameters::Parameters,
        refusal::Refusal,
    },
};

/// Pings in a row that a client may leave unanswered.
const PINGS_MISSED_MAX: u32 = 3;

/// Serves a socket until one side closes it.
pub(super) async fn serve<E: GraphExecutor>(
    socket: WebSocket,
    endpoint: Arc<Endpoint<E>>,
    opening: Opening,
) {
    let limits = endpoint.config.limits.socket.clone();
    let (sink, stream) = socket.split();
    let (outbound, writer) = outbound::start(sink, &limits);
    let Opening {
        entrance,
        requester,
        tenant,
        agreed,
        permit,
    } = opening;
    let mut connection = Connection {
        silence_max: limits.ping_interval * PINGS_MISSED_MAX,
        endpoint,
        entrance,
        outbound,
        stream,
        operations: Operations::default(),
        offered: requester,
        tenant,
        requester: None,
        access_checked: Instant::now(),
    };
    let closing = if agreed {
        connection.serve(limits.init_timeout).await
    } else {
        Closing::subprotocol()
    };
    connection.operations.stop_all();
    writer.close(closing).await;
    drop(permit);
}

struct Connection<E> {
    endpoint: Arc<Endpoint<E>>,
    entrance: Entrance,
    outbound: Outbound,
    stream: SplitStream<WebSocket>,
    operations: Operations,
    /// Whom the upgrade's headers named.
    offered: Option<Arc<Requester>>,
    /// The tenant that the upgrade's headers selected.
    tenant: Option<String>,
    /// Who it is, once the connection is acknowledged.
    requester: Option<Arc<Requester>>,
    silence_max: Duration,
    /// When it was last asked whether the requester may be here.
    access_checked: Instant,
}

impl<E: GraphExecutor> Connection<E> {
    async fn serve(&mut self, init_timeout: Duration) -> Closing {
        let outbound = self.outbound.clone();
        let shutdown = self.endpoint.config.shutdown.clone();
        let mut deadline: Pin<Box<Sleep>> = Box::pin(sleep(init_timeout));
        loop {
            let acknowledged = self.requester.is_some();
            let step = tokio::select! {
                biased;
                () = shutdown.cancelled() => return Closing::going_away(),
                () = &mut deadline => {
                    return if acknowledged { Closing::expired() } else { Closing::init_late() };
                }
                () = outbound.gone() => return Closing::done(),
                step = self.step() => step,
            };
            if let Err(closing) = step {
                return closing;
            }
            if let (false, Some(requester)) = (acknowledged, &self.requester) {
                deadline
                    .as_mut()
                    .reset(Instant::now() + lifetime(requester.expires_at()));
            }
        }
    }

    /// Reads and obeys one message.
    async fn step(&mut self) -> Result<(), Closing> {
        let text = match self.message().await? {
            None | Some(Ok(Message::Close(_))) => return Err(Closing::done()),
            Some(Err(error)) => return Err(closing_for(&error)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => return Err(Closing::malformed()),
            Some(Ok(Message::Text(text))) => text,
        };
        match ClientMessage::parse(&text).ok_or_else(Closing::malformed)? {
            // Boxed: a socket is idle most of its life, and does not keep the room for this.
            ClientMessage::ConnectionInit { payload } => Box::pin(self.init(payload)).await,
            ClientMessage::Ping(_) => {
                self.outbound.send(protocol::PONG).await;
                Ok(())
            }
            ClientMessage::Pong(_) => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
            ClientMessage::Complete { id } => {
                self.operations.stop(&id);
                Ok(())
            }
        }
    }

    /// Waits for a message, and looks every few seconds whether the requester may still be here.
    async fn message(&mut self) -> Result<Option<Result<Message, axum::Error>>, Closing> {
        let silent_until = Instant::now() + self.silence_max;
        loop {
            let left = silent_until.saturating_duration_since(Instant::now());
            let message = timeout(left.min(access::LOOK), self.stream.next()).await;
            if self.access_checked.elapsed() >= access::LOOK {
                Box::pin(self.check_access()).await?;
            }
            match message {
                Ok(message) => return Ok(message),
                Err(_) if Instant::now() >= silent_until => return Err(Closing::done()),
                Err(_) => {}
            }
        }
    }

    /// Closes the socket of somebody whose access was taken away.
    async fn check_access(&mut self) -> Result<(), Closing> {
        self.access_checked = Instant::now();
        let Some(requester) = &self.requester else {
            return Ok(());
        };
        match self.endpoint.executor.admits(requester).await {
            Admission::Granted => Ok(()),
            Admission::Denied => Err(Closing::forbidden()),
            Admission::Unknown => Err(Closing::later()),
        }
    }

    async fn init(&mut self, payload: Option<Map<String, Value>>) -> Result<(), Closing> {
        if self.requester.is_some() {
            return Err(Closing::init_twice());
        }
        let payload = payload.unwrap_or_default();
        let tenant = protocol::tenant(&payload).or(self.tenant.as_deref());
        let requester = match (protocol::token(&payload), self.offered.take()) {
            (Some(token), _) => {
                let verified = self.endpoint.verifier.verify(token, tenant).await;
                let verified = verified.map_err(|error| match error {
                    AuthError::KeysUnavailable => Closing::later(),
                    AuthError::Unauthenticated(_) | AuthError::Forbidden(_) => Closing::forbidden(),
                })?;
                let narrowed = self.entrance.narrow(verified);
                narrowed.ok_or_else(Closing::forbidden)?
            }
            (None, Some(offered)) => offered,
            (None, None) => return Err(Closing::forbidden()),
        };
        self.requester = Some(requester);
        self.outbound.send(protocol::ACK).await;
        Ok(())
    }

    async fn subscribe(&mut self, id: String, parameters: Parameters) -> Result<(), Closing> {
        let requester = self
            .requester
            .as_ref()
            .ok_or_else(Closing::unacknowledged)?;
        let extension = |name| parameters.extension(name).map(str::to_owned);
        let caller = Caller {
            requester: Arc::clone(requester),
            entrance: self.entrance,
            idempotency_key: extension("idempotencyKey"),
            consistency: extension("consistency"),
            last_event_id: extension("lastEventId"),
            request_id: identity::new_request_id(),
            asked: None,
        };
        let prepared = self.endpoint.prepare(parameters, &caller);
        let operation = Operation {
            endpoint: Arc::clone(&self.endpoint),
            outbound: self.outbound.clone(),
            caller,
            id: id.clone(),
        };
        let operations_max = self.endpoint.config.limits.socket.operations_max;
        match self.operations.start(operation, prepared, operations_max) {
            Start::Started => Ok(()),
            Start::Duplicate => Err(Closing::duplicate(&id)),
            Start::TooMany => {
                let message = format!("a socket runs at most {operations_max} operations");
                let refused = Refusal::request("SUBSCRIPTION_LIMIT", message).into_response();
                let errors = serde_json::to_string(&refused.errors).unwrap_or_default();
                self.outbound.send(&protocol::error(&id, &errors)).await;
                Ok(())
            }
        }
    }
}

/// The library says by its words only that a message was too large.
fn closing_for(error: &axum::Error) -> Closing {
    let too_large = error.to_string().to_ascii_lowercase().contains("too long");
    if too_large {
        Closing::too_large()
    } else {
        Closing::done()
    }
}
