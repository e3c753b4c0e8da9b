//! Errors of the graph: a stable code, whether it is worth retrying, and a message that tells
//! nothing of the inside.

use std::borrow::Borrow;
use std::time::Duration;

use async_graphql::{
    Error, ErrorExtensionValues, ErrorExtensions as _, Pos, Response, ServerError,
};
use axum::http::header::RETRY_AFTER;
use entrepot_event_store::db::DbError;
use entrepot_event_store::{StoreError, SubmitError};

use crate::access::AccessError;
use crate::accident::{self, MASKED};
use crate::codes;

/// An error that the caller can act on.
pub(crate) fn fault(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code);
        extensions.set("retryable", codes::retryable(code));
        if let Some(wait_ms) = codes::of(code).and_then(|code| code.retry_after_ms) {
            extensions.set("retryAfterMs", wait_ms);
        }
    })
}

/// Refuses a request for now. When to come again is said in the error and by the header
/// `retry-after`, in whole seconds.
pub(crate) fn later(code: &'static str, message: String, wait: Duration) -> Response {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    extensions.set("retryable", true);
    extensions.set("retryAfterMs", wait_ms);
    error.extensions = Some(extensions);
    let mut response = Response::from_errors(vec![error]);
    let seconds = wait_ms.div_ceil(1000).max(1);
    response.http_headers.insert(RETRY_AFTER, seconds.into());
    response
}

/// A bug of ours, of which the caller learns no more.
pub(crate) fn broken() -> Error {
    fault("INTERNAL_SERVER_ERROR", MASKED)
}

/// The answer to a request of which nothing ran.
pub(crate) fn refused(error: Error) -> Response {
    let ServerError {
        message,
        extensions,
        ..
    } = error.into_server_error(Pos::default());
    let mut refusal = ServerError::new(message, None);
    refusal.extensions = extensions;
    Response::from_errors(vec![refusal])
}

/// Input that no rule has looked at yet: a malformed id, a page that is too long.
pub(crate) fn bad_input(field: &str, message: &str) -> Error {
    fault("BAD_USER_INPUT", format!("{field}: {message}"))
        .extend_with(|_, extensions| extensions.set("field", field.to_owned()))
}

/// What a caller is told of an accident.
pub(crate) fn store(error: impl Borrow<StoreError>) -> Error {
    let (code, message) = accident::told(error.borrow());
    fault(code, message)
}

/// What a caller is told whose access was taken away.
pub(crate) fn access(error: AccessError) -> Error {
    let message = error.to_string();
    match error {
        AccessError::Revoked => fault("UNAUTHENTICATED", message),
        AccessError::Suspended => fault("TENANT_SUSPENDED", message),
        AccessError::Store(error) => store(error),
    }
}

/// A row that holds what no projector writes: rebuild the read model.
pub(crate) fn corrupt(what: &'static str, value: impl std::fmt::Debug) -> Error {
    tracing::error!(?value, "a row holds no {what}; rebuild the read model");
    broken()
}

/// What a caller is told of an accident in the database.
pub(crate) fn db(error: impl Into<DbError>) -> Error {
    store(StoreError::Db(error.into()))
}

/// What a caller is told of a command that has no receipt and was not refused by a rule.
pub(crate) fn submit(error: SubmitError) -> Error {
    let message = error.to_string();
    match error {
        SubmitError::KeyMismatch => fault("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", message),
        SubmitError::Overloaded => fault("THROTTLED", message),
        SubmitError::OutcomeUnknown => fault("UNAVAILABLE", message),
        SubmitError::Refused(refusal) => fault("BAD_USER_INPUT", refusal.message),
        SubmitError::Store(error) => store(&*error),
    }
}
