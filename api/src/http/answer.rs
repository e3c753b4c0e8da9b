//! One result as an HTTP response.

use std::collections::BTreeMap;

use async_graphql::{Response as GraphResponse, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;

use super::{
    negotiate::Media,
    refusal::{Refusal, complete, first_code, nothing_ran},
};

/// The JSON of a response: `errors` first, and no `data` if nothing ran.
pub(super) fn payload(response: &GraphResponse) -> String {
    #[derive(Serialize)]
    struct Payload<'r> {
        #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
        errors: &'r [ServerError],
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'r Value>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        extensions: &'r BTreeMap<String, Value>,
    }

    let payload = Payload {
        errors: &response.errors,
        data: Some(&response.data).filter(|_| !nothing_ran(response)),
        extensions: &response.extensions,
    };
    // Everything inside is JSON already; a failure to write it would be a fault of serde_json.
    serde_json::to_string(&payload).unwrap_or_else(|_| "{\"data\":null}".to_owned())
}

/// What the executor answered. Its HTTP headers go out with it.
pub(super) fn executed(mut response: GraphResponse, media: Media) -> Response {
    complete(&mut response);
    let status = match first_code(&response) {
        Some(code) if nothing_ran(&response) => status_of(code, media),
        _ => StatusCode::OK,
    };
    let mut answer = with_body(status, media, payload(&response));
    answer.headers_mut().extend(response.http_headers);
    answer
}

/// What is refused before the executor saw it.
pub(super) fn refused(refusal: Refusal, media: Media) -> Response {
    let lenient = media == Media::Json && refusal.well_formed && refusal.status.is_client_error();
    let status = if lenient {
        StatusCode::OK
    } else {
        refusal.status
    };
    let headers = refusal.headers.clone();
    let mut answer = with_body(status, media, payload(&refusal.into_response()));
    for (name, value) in headers {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The status of a request error, by its code. Who may not ask, or asks too much or too early,
/// is told by status under either media type.
fn status_of(code: &str, media: Media) -> StatusCode {
    match code {
        "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
        "FORBIDDEN" | "TENANT_SUSPENDED" => StatusCode::FORBIDDEN,
        "THROTTLED" => StatusCode::TOO_MANY_REQUESTS,
        "INTERNAL_SERVER_ERROR" => StatusCode::INTERNAL_SERVER_ERROR,
        "OVERLOADED"
        | "QUERY_TIMEOUT"
        | "READ_NOT_YET_CONSISTENT"
        | "SERVICE_UNAVAILABLE"
        | "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        _ if media == Media::Json => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn with_body(status: StatusCode, media: Media, body: String) -> Response {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let content_type = HeaderValue::from_static(media.content_type());
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    answer
}
