//! From the headers of a request to its caller.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::{entrance::Entrance, executor::Caller, refusal::Refusal};
use crate::auth::{AuthError, Requester, Verifier};

/// Selects a tenant among those of the token.
pub(super) const TENANT: HeaderName = HeaderName::from_static("entrepot-tenant");
/// Names a request across services.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CONSISTENCY: HeaderName = HeaderName::from_static("entrepot-consistency");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Longest request id that is taken over from a client.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Verifies the bearer token of a request.
pub(crate) async fn requester(
    verifier: &Verifier,
    headers: &HeaderMap,
) -> Result<Requester, Refusal> {
    let token = bearer_header(headers).ok_or_else(|| {
        let refusal = refusal(&AuthError::Unauthenticated("a bearer token is needed"));
        refusal.header(header::WWW_AUTHENTICATE, "Bearer")
    })?;
    let requester = verifier.verify(token, text(headers, &TENANT)).await;
    requester.map_err(|error| {
        let refusal = refusal(&error);
        match error {
            AuthError::Unauthenticated(_) => {
                refusal.header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
            }
            AuthError::Forbidden(_) | AuthError::KeysUnavailable => refusal,
        }
    })
}

/// The token of the header `authorization`.
pub(super) fn bearer_header(headers: &HeaderMap) -> Option<&str> {
    text(headers, &header::AUTHORIZATION).and_then(bearer)
}

/// The token behind the word `Bearer`.
pub(super) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The caller of a plain request.
pub(super) fn caller(
    requester: Arc<Requester>,
    entrance: Entrance,
    headers: &HeaderMap,
    request_id: String,
) -> Caller {
    let owned = |name| text(headers, name).map(str::to_owned);
    Caller {
        requester,
        entrance,
        idempotency_key: owned(&IDEMPOTENCY_KEY),
        consistency: owned(&CONSISTENCY),
        last_event_id: owned(&LAST_EVENT_ID),
        request_id,
        asked: None,
    }
}

/// The request id that the client gave, if it is one, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let sound = |id: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(allowed)
    };
    text(headers, &REQUEST_ID)
        .filter(sound)
        .map_or_else(new_request_id, str::to_owned)
}

/// Sixteen random hexadecimal digits.
pub(super) fn new_request_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness requests share a name in the log; they are answered all the same.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn refusal(error: &AuthError) -> Refusal {
    let status = match error {
        AuthError::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        AuthError::Forbidden(_) => StatusCode::FORBIDDEN,
        AuthError::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    Refusal::transport(status, error.code(), error.to_string())
}
