//! Runs one query or mutation, or begins one subscription.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, Response, parser::types::OperationType};
use axum::http::StatusCode;
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};

use super::{
    document::Prepared,
    endpoint::Endpoint,
    executor::{Caller, GraphExecutor},
    refusal::Refusal,
    update::Update,
};

/// The answer that the same request got, while nothing has changed since. What goes wrong here goes
/// wrong where the request runs, too, and is told there.
pub(super) async fn recall<E: GraphExecutor>(
    endpoint: &Endpoint<E>,
    request: &Request,
    caller: &Caller,
) -> Option<Response> {
    let recalling = AssertUnwindSafe(endpoint.executor.recall(request, caller));
    let timeout = endpoint.config.limits.query_timeout;
    let finished = tokio::time::timeout(timeout, recalling.catch_unwind()).await;
    finished.ok()?.ok()?
}

/// Runs a prepared query or mutation to its end.
///
/// A query is dropped when it takes too long or nobody waits for it any more. A mutation runs on
/// a task of its own to its end, also if its client is gone: half a command is no answer.
pub(super) async fn run<E: GraphExecutor>(
    endpoint: &Arc<Endpoint<E>>,
    prepared: Prepared,
    caller: Caller,
) -> Response {
    let request_id = caller.request_id.clone();
    let outcome = match prepared.kind {
        OperationType::Mutation => {
            let endpoint = Arc::clone(endpoint);
            let running = async move { endpoint.executor.execute(prepared.request, caller).await };
            // A task's room is moved with each step of its life; a box is not.
            tokio::spawn(Box::pin(running)).await.map_err(|_| broken())
        }
        OperationType::Query | OperationType::Subscription => {
            let running = AssertUnwindSafe(endpoint.executor.execute(prepared.request, caller));
            let timeout = endpoint.config.limits.query_timeout;
            match tokio::time::timeout(timeout, running.catch_unwind()).await {
                Ok(finished) => finished.map_err(|_| broken()),
                Err(_) => Err(timed_out()),
            }
        }
    };
    outcome.unwrap_or_else(|refusal| unfinished(refusal, &request_id))
}

/// Begins a prepared subscription, which takes no longer than a query. It may end with its first
/// update.
pub(super) async fn begin<E: GraphExecutor>(
    endpoint: &Endpoint<E>,
    prepared: Prepared,
    caller: Caller,
) -> BoxStream<'static, Update> {
    let request_id = caller.request_id.clone();
    let beginning = AssertUnwindSafe(endpoint.executor.subscribe(prepared.request, caller));
    let timeout = endpoint.config.limits.query_timeout;
    let refusal = match tokio::time::timeout(timeout, beginning.catch_unwind()).await {
        Ok(Ok(updates)) => return updates,
        Ok(Err(_)) => broken(),
        Err(_) => timed_out(),
    };
    let refused = unfinished(refusal, &request_id);
    stream::iter([Update::ending(refused)]).boxed()
}

/// Says so, and what the client is answered.
fn unfinished(refusal: Refusal, request_id: &str) -> Response {
    tracing::error!(
        request_id,
        code = refusal.code,
        "an operation did not finish"
    );
    refusal.into_response()
}

/// A panic: a fault of ours, of which the client learns no more.
pub(super) fn broken() -> Refusal {
    let message = "an internal error occurred";
    Refusal::transport(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL_SERVER_ERROR",
        message,
    )
}

fn timed_out() -> Refusal {
    let message = "the query took too long";
    Refusal::transport(StatusCode::SERVICE_UNAVAILABLE, "QUERY_TIMEOUT", message)
}
