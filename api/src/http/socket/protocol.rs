//! The messages of `graphql-transport-ws`, and its ways to close.

use axum::extract::ws::{CloseFrame, Utf8Bytes};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::{identity, parameters::Parameters};

/// Bytes that the id of an operation may have.
const ID_BYTES_MAX: usize = 256;

type Object = Map<String, Value>;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit { payload: Option<Object> },
    Ping(#[expect(dead_code, reason = "typed to refuse a wrong payload, not read")] Beat),
    Pong(#[expect(dead_code, reason = "as in a ping")] Beat),
    Subscribe { id: String, payload: Parameters },
    Complete { id: String },
}

/// A ping or a pong. Its payload is nobody's business, but has to be an object.
#[derive(Debug, Deserialize)]
pub(super) struct Beat {
    #[expect(dead_code, reason = "as the beat itself")]
    payload: Option<Object>,
}

impl ClientMessage {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let message = serde_json::from_str(text).ok()?;
        let sound = match &message {
            Self::Subscribe { id, payload } => is_id(id) && payload.has_document(),
            Self::Complete { id } => is_id(id),
            Self::ConnectionInit { .. } | Self::Ping(_) | Self::Pong(_) => true,
        };
        sound.then_some(message)
    }
}

/// Every message of an operation repeats its id.
fn is_id(id: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&id.len())
}

/// The bearer token of a `connection_init`, in any of the places where clients put it.
pub(super) fn token(payload: &Object) -> Option<&str> {
    let headers = payload.get("headers").and_then(Value::as_object);
    in_object(payload, "authorization")
        .or_else(|| in_object(headers?, "authorization"))
        .and_then(identity::bearer)
}

/// The tenant that a `connection_init` selects.
pub(super) fn tenant(payload: &Object) -> Option<&str> {
    let headers = payload.get("headers").and_then(Value::as_object);
    in_object(payload, identity::TENANT.as_str())
        .or_else(|| in_object(headers?, identity::TENANT.as_str()))
}

fn in_object<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    let (_, value) = object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    value.as_str()
}

pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;
pub(super) const PONG: &str = r#"{"type":"pong"}"#;

/// A result of operation `id`.
pub(super) fn next(id: &str, payload: &str) -> String {
    format!(
        r#"{{"id":{},"type":"next","payload":{payload}}}"#,
        quoted(id)
    )
}

/// Operation `id` ends with these errors, a JSON array.
pub(super) fn error(id: &str, errors: &str) -> String {
    format!(
        r#"{{"id":{},"type":"error","payload":{errors}}}"#,
        quoted(id)
    )
}

/// Operation `id` is done.
pub(super) fn complete(id: &str) -> String {
    format!(r#"{{"id":{},"type":"complete"}}"#, quoted(id))
}

fn quoted(id: &str) -> String {
    Value::from(id).to_string()
}

/// Why the server closes a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    code: u16,
    reason: String,
}

impl Closing {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    pub(super) fn done() -> Self {
        Self::new(1000, "")
    }

    pub(super) fn going_away() -> Self {
        Self::new(1001, "the server is going away")
    }

    pub(super) fn later() -> Self {
        Self::new(1013, "try again later")
    }

    pub(super) fn too_large() -> Self {
        Self::new(1009, "Message too big")
    }

    pub(super) fn malformed() -> Self {
        Self::new(4400, "Invalid message received")
    }

    pub(super) fn unacknowledged() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(4403, "Forbidden")
    }

    pub(super) fn expired() -> Self {
        Self::new(4403, "token expired")
    }

    pub(super) fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    pub(super) fn init_late() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// The id is cut to what a close frame can hold: 123 bytes with the words around it.
    pub(super) fn duplicate(id: &str) -> Self {
        let mut end = id.len().min(80);
        while !id.is_char_boundary(end) {
            end -= 1;
        }
        Self::new(
            4409,
            format!("Subscriber for {} already exists", &id[..end]),
        )
    }

    pub(super) fn init_twice() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub(super) fn frame(self) -> CloseFrame {
        CloseFrame {
            code: self.code,
            reason: Utf8Bytes::from(self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_that_are_none_are_not_understood() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"ping","payload":"now"}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(ClientMessage::parse(text).is_none(), "{text}");
        }
        let long = json!({ "type": "complete", "id": "x".repeat(ID_BYTES_MAX + 1) });
        assert!(ClientMessage::parse(&long.to_string()).is_none());
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":null}}"#,
        ] {
            assert!(ClientMessage::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn the_token_is_found_where_clients_put_it() {
        for payload in [
            json!({ "Authorization": "Bearer x.y" }),
            json!({ "authorization": "bearer x.y" }),
            json!({ "headers": { "Authorization": "Bearer x.y" } }),
        ] {
            assert_eq!(
                token(payload.as_object().unwrap()),
                Some("x.y"),
                "{payload}"
            );
        }
        assert_eq!(
            token(json!({ "authorization": "x.y" }).as_object().unwrap()),
            None
        );
    }

    #[test]
    fn a_long_id_does_not_break_the_close_frame() {
        assert!(Closing::duplicate(&"é".repeat(500)).reason.len() <= 123);
        assert_eq!(complete("a\"b"), r#"{"id":"a\"b","type":"complete"}"#);
    }
}
