//! What runs a GraphQL operation, seen from the transport.
//!
//! The transport parses, limits and normalizes a request and finds out who sent it. What the
//! operation means, what it may see and what it costs is the executor's part.

use std::{future::Future, sync::Arc};

use async_graphql::{Request, Response};
use futures_util::stream::BoxStream;

use super::{document::InputTypes, entrance::Entrance, update::Update};
use crate::auth::Requester;

/// A graph that answers operations.
pub trait GraphExecutor: Send + Sync + 'static {
    /// The answer to a request before anything is done to it, if the same was answered already and
    /// nothing has changed since.
    fn recall(
        &self,
        request: &Request,
        caller: &Caller,
    ) -> impl Future<Output = Option<Response>> + Send {
        let _ = (request, caller);
        std::future::ready(None)
    }

    /// Runs a query or mutation.
    fn execute(&self, request: Request, caller: Caller) -> impl Future<Output = Response> + Send;

    /// Begins a subscription. Where its updates start is settled by then: whatever happens afterwards
    /// is among them. The stream ends when the source ends, or behind a last update.
    fn subscribe(
        &self,
        request: Request,
        caller: Caller,
    ) -> impl Future<Output = BoxStream<'static, Update>> + Send;

    /// Whether a requester may still have a connection open, though it asks nothing.
    fn admits(&self, requester: &Requester) -> impl Future<Output = Admission> + Send {
        let _ = requester;
        std::future::ready(Admission::Granted)
    }

    /// Whether a document is valid for the caller, so that it may be kept for the next time.
    fn valid(&self, document: &str, caller: &Caller) -> bool;

    /// The input types of the schema, against which variables are checked before anything runs.
    /// Without them, only the built-in scalars are.
    fn input_types(&self) -> InputTypes {
        InputTypes::default()
    }
}

/// Whether somebody may be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Granted,
    /// Its access was taken away.
    Denied,
    /// Nobody can tell for now: nobody passes unseen, and who comes back later may be let in.
    Unknown,
}

/// Who sent an operation and what the transport says about it, beside the document.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The verified requester.
    pub requester: Arc<Requester>,
    /// Where it came in.
    pub entrance: Entrance,
    /// Header `idempotency-key`; over a socket `extensions.idempotencyKey`.
    pub idempotency_key: Option<String>,
    /// Header `entrepot-consistency`; over a socket `extensions.consistency`, if a string.
    pub consistency: Option<String>,
    /// Header `last-event-id`; over a socket `extensions.lastEventId`.
    pub last_event_id: Option<String>,
    /// Names this operation in logs and in the answer's header `x-request-id`.
    pub request_id: String,
    /// What was asked over plain HTTP.
    pub asked: Option<Arc<Asked>>,
}

/// A request as it came, before anything was done to it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The document's text.
    pub document: String,
    /// Which of its operations.
    pub operation: Option<String>,
    /// JSON.
    pub variables: String,
}

impl Asked {
    /// What a request asks.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let variables = if request.variables.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&request.variables).ok()?
        };
        Some(Self {
            document: request.query.clone(),
            operation: request.operation_name.clone(),
            variables,
        })
    }
}
