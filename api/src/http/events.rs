//! Server-sent events, in the "distinct connections" mode of the GraphQL over SSE protocol.
//!
//! `id:` is the cursor in `extensions.cursor`, which also stays in the payload: a client that
//! comes back with `last-event-id` goes on behind it.

use std::fmt::Write as _;

use async_graphql::{Response, Value};
use axum::body::Bytes;

use super::{answer::payload, streaming::Moment};

pub(super) const CONTENT_TYPE: &str = "text/event-stream; charset=utf-8";

pub(super) fn write(moment: &Moment) -> Bytes {
    match moment {
        Moment::Next(response) | Moment::Expired(response) => next(response).into(),
        Moment::Silence => Bytes::from_static(b":\n\n"),
        Moment::Complete => Bytes::from_static(b"event: complete\ndata:\n\n"),
    }
}

fn next(response: &Response) -> String {
    let mut event = "event: next\n".to_owned();
    if let Some(Value::String(cursor)) = response.extensions.get("cursor")
        && !cursor.contains(['\n', '\r', '\0'])
    {
        writeln!(event, "id: {cursor}").unwrap_or_default();
    }
    // JSON as it is written here holds no line break.
    write!(event, "data: {}\n\n", payload(response)).unwrap_or_default();
    event
}
