//! One message to a router.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderName, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value as Json;
use tokio::time::{sleep, timeout};

use super::target::Target;

pub(super) const PROTOCOL_NAME: HeaderName = HeaderName::from_static("subscription-protocol");
pub(super) const PROTOCOL: &str = "callback/1.0";

/// How long a router may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a router may take to answer a message.
const POST_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read of an answer; nothing in it matters, and a longer one costs its connection.
const ANSWER_BYTES_MAX: usize = 4096;
/// Connections kept to each router.
const IDLE_MAX: usize = 16;
/// How often a message is tried.
const ATTEMPTS: u32 = 5;
/// Rest before the second attempt; it doubles before each other.
const REST: Duration = Duration::from_millis(200);

/// What is said to a router.
pub(super) enum Message<'m> {
    /// Is the subscription still wanted?
    Check,
    /// A result, as JSON.
    Next(&'m str),
    /// The end, with the errors that it ended by, as JSON.
    Complete(Option<&'m str>),
}

impl Message<'_> {
    /// The body that says it.
    pub(super) fn of(&self, target: &Target) -> Bytes {
        let quoted = |text: &str| Json::from(text).to_string();
        let (id, verifier) = (quoted(&target.id), quoted(&target.verifier));
        let (action, more) = match self {
            Self::Check => ("check", String::new()),
            Self::Next(payload) => ("next", format!(",\"payload\":{payload}")),
            Self::Complete(None) => ("complete", String::new()),
            Self::Complete(Some(errors)) => ("complete", format!(",\"errors\":{errors}")),
        };
        let head = format!("\"kind\":\"subscription\",\"action\":\"{action}\"");
        format!("{{{head},\"id\":{id},\"verifier\":{verifier}{more}}}").into()
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The router has it.
    Yes,
    /// The router has no such subscription any more, or understands nothing.
    No,
    /// It may be taken when it is sent again.
    NotYet,
}

impl Taken {
    /// Redirections are not followed: where a message goes was checked.
    fn of(status: StatusCode) -> Self {
        match status {
            status if status.is_success() => Self::Yes,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Self::NotYet,
            status if status.is_server_error() => Self::NotYet,
            _ => Self::No,
        }
    }
}

/// Sends messages. Cheap to clone; connections are shared.
#[derive(Clone, Debug)]
pub(super) struct Poster(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Poster {
    pub(super) fn new() -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE_MAX)
            .build(https);
        Self(client)
    }

    /// Sends a message until it is taken, or was not often enough.
    pub(super) async fn post(&self, url: &Uri, body: &Bytes) -> Taken {
        let mut rest = REST;
        for attempt in 1..=ATTEMPTS {
            let taken = self.post_once(url, body).await;
            if taken != Taken::NotYet || attempt == ATTEMPTS {
                return taken;
            }
            sleep(rest).await;
            rest *= 2;
        }
        Taken::NotYet
    }

    /// Sends a message once.
    pub(super) async fn post_once(&self, url: &Uri, body: &Bytes) -> Taken {
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(PROTOCOL_NAME, PROTOCOL)
            .body(Full::new(body.clone()));
        let Ok(request) = request else {
            return Taken::No;
        };
        let answered = async {
            let answer = self.0.request(request).await?;
            let taken = Taken::of(answer.status());
            // Read to its end, a connection serves again.
            let read = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
            drop(read.await);
            Ok::<_, hyper_util::client::legacy::Error>(taken)
        };
        match timeout(POST_TIMEOUT, answered).await {
            Ok(Ok(taken)) => taken,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a router was not reached");
                Taken::NotYet
            }
            Err(_) => Taken::NotYet,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_what_routers_read() {
        let target = Target {
            url: Uri::from_static("http://router.example/1"),
            id: "a\"b".to_owned(),
            verifier: "v".to_owned(),
            heartbeat: None,
        };
        let json = |message: Message<'_>| -> Json {
            serde_json::from_slice(&message.of(&target)).expect("it is JSON")
        };
        let with = |action: &str, more: Json| {
            let mut message =
                json!({ "kind": "subscription", "action": action, "id": "a\"b", "verifier": "v" });
            if let (Some(message), Some(more)) = (message.as_object_mut(), more.as_object()) {
                message.extend(more.clone());
            }
            message
        };
        assert_eq!(json(Message::Check), with("check", json!({})));
        let payload = json!({ "payload": { "data": { "n": 1 } } });
        assert_eq!(
            json(Message::Next("{\"data\":{\"n\":1}}")),
            with("next", payload)
        );
        assert_eq!(json(Message::Complete(None)), with("complete", json!({})));
        let ended = json(Message::Complete(Some("[{\"message\":\"no\"}]")));
        assert_eq!(ended["errors"][0]["message"], "no");
    }

    #[test]
    fn a_message_is_sent_again_only_if_that_may_help() {
        for (status, taken) in [
            (200, Taken::Yes),
            (204, Taken::Yes),
            (301, Taken::No),
            (307, Taken::No),
            (400, Taken::No),
            (404, Taken::No),
            (429, Taken::NotYet),
            (503, Taken::NotYet),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Taken::of(status), taken, "{status}");
        }
    }
}
