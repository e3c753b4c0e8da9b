//! Server-sent events, in the "distinct connections" mode of the GraphQL over SSE protocol.
//!
//! `id:` is the cursor in `extensions.cursor`, which also stays in the payload: a client that
//! comes back with `last-event-id` goes on behind it.

use std::fmt::Write as _;

use axum::body::Bytes;

use super::{streaming::Moment, update::Update};

pub(super) const CONTENT_TYPE: &str = "text/event-stream; charset=utf-8";

pub(super) fn write(moment: &Moment) -> Bytes {
    match moment {
        Moment::Next(update) | Moment::CutOff(update) => next(update).into(),
        Moment::Silence => Bytes::from_static(b":\n\n"),
        Moment::Complete => Bytes::from_static(b"event: complete\ndata:\n\n"),
    }
}

fn next(update: &Update) -> String {
    let mut event = "event: next\n".to_owned();
    if let Some(cursor) = &update.cursor
        && !cursor.contains(['\n', '\r', '\0'])
    {
        writeln!(event, "id: {cursor}").unwrap_or_default();
    }
    // JSON as it is written here holds no line break.
    write!(event, "data: {}\n\n", update.payload).unwrap_or_default();
    event
}
