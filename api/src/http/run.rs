//! Runs one query or mutation.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, Response, parser::types::OperationType};
use axum::http::StatusCode;
use futures_util::FutureExt as _;

use super::{
    document::Prepared,
    endpoint::Endpoint,
    executor::{Caller, GraphExecutor},
    refusal::Refusal,
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
            tokio::spawn(running).await.map_err(|_| broken())
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
    outcome.unwrap_or_else(|refusal| {
        tracing::error!(
            request_id,
            code = refusal.code,
            "an operation did not finish"
        );
        refusal.into_response()
    })
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
