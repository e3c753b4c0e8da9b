//! One result as an HTTP response.

use async_graphql::{Response as GraphResponse, Value};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    negotiate::Media,
    refusal::{Refusal, complete, first_code, nothing_ran},
};

/// Bytes of an answer around its rows.
const ROOM: usize = 1_024;

/// The JSON of a response: `errors` first, and no `data` if nothing ran.
pub(super) fn payload(response: &GraphResponse) -> String {
    let mut text = Vec::with_capacity(room(&response.data) + ROOM);
    let mut member = |name: &str, write: &dyn Fn(&mut Vec<u8>) -> serde_json::Result<()>| {
        text.push(if text.is_empty() { b'{' } else { b',' });
        text.extend_from_slice(name.as_bytes());
        write(&mut text)
    };
    let mut members = || {
        if !response.errors.is_empty() {
            member("\"errors\":", &|text| {
                serde_json::to_writer(text, &response.errors)
            })?;
        }
        if !nothing_ran(response) {
            member("\"data\":", &|text| value(text, &response.data))?;
        }
        if !response.extensions.is_empty() {
            member("\"extensions\":", &|text| {
                serde_json::to_writer(text, &response.extensions)
            })?;
        }
        serde_json::Result::Ok(())
    };
    // Everything inside is JSON already; a failure to write it would be a fault of serde_json.
    let written = members();
    text.extend_from_slice(if text.is_empty() { b"{}" } else { b"}" });
    let text = written.ok().and_then(|()| String::from_utf8(text).ok());
    text.unwrap_or_else(|| "{\"data\":null}".to_owned())
}

/// A value as JSON.
pub(crate) fn json_of(of: &Value) -> String {
    let mut text = Vec::new();
    let written = value(&mut text, of).ok();
    let text = written.and_then(|()| String::from_utf8(text).ok());
    text.unwrap_or_else(|| "null".to_owned())
}

/// Bytes of JSON in a value that are written already: next to all of a large answer.
fn room(of: &Value) -> usize {
    match of {
        Value::Binary(json) => json.len() + 1,
        Value::Object(members) => members.values().map(room).sum(),
        Value::List(members) => members.iter().map(room).sum(),
        _ => 0,
    }
}

/// Writes a value as JSON. What is JSON already is taken as it stands.
fn value(text: &mut Vec<u8>, of: &Value) -> serde_json::Result<()> {
    match of {
        Value::Binary(json) => text.extend_from_slice(json),
        Value::Object(members) => {
            let mut before = b'{';
            for (name, member) in members {
                text.push(before);
                serde_json::to_writer(&mut *text, name.as_str())?;
                text.push(b':');
                value(text, member)?;
                before = b',';
            }
            text.extend_from_slice(if before == b'{' { b"{}" } else { b"}" });
        }
        Value::List(members) => {
            let mut before = b'[';
            for member in members {
                text.push(before);
                value(text, member)?;
                before = b',';
            }
            text.extend_from_slice(if before == b'[' { b"[]" } else { b"]" });
        }
        leaf => serde_json::to_writer(text, leaf)?,
    }
    Ok(())
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
