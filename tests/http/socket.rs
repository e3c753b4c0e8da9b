//! A client of graphql-transport-ws of few lines: what came is kept as it came.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::client::Client;

/// No frame takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A socket that was acknowledged.
#[derive(Debug)]
pub(super) struct Socket(WebSocketStream<TcpStream>);

/// What came from the server.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    Message(Json),
    Closed(u16),
}

impl Socket {
    /// Opens a socket with a client's headers.
    pub(super) async fn open(client: &Client) -> Self {
        let stream = TcpStream::connect(client.address())
            .await
            .expect("the server listens");
        let url = format!("ws://{}/graphql", client.address());
        let mut request = url.into_client_request().expect("an address");
        let headers = request.headers_mut();
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        headers.insert("sec-websocket-protocol", protocol);
        for (name, value) in client.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            headers.insert(
                name,
                HeaderValue::from_str(value).expect("a header's value"),
            );
        }
        let (socket, _) = client_async(request, stream).await.expect("a socket opens");
        let mut socket = Self(socket);
        socket.say(json!({ "type": "connection_init" })).await;
        let ready = Heard::Message(json!({ "type": "connection_ack" }));
        assert_eq!(socket.hear().await, ready);
        socket
    }

    pub(super) async fn say(&mut self, message: Json) {
        let message = Message::text(message.to_string());
        self.0.send(message).await.expect("the server reads");
    }

    /// Starts an operation.
    pub(super) async fn subscribe(
        &mut self,
        id: &str,
        query: &str,
        variables: Json,
        extensions: Json,
    ) {
        let payload = json!({ "query": query, "variables": variables, "extensions": extensions });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    /// The next message that is no ping, or the close code.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            let message = timeout(PATIENCE, self.0.next())
                .await
                .expect("the server says something");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let json: Json = serde_json::from_str(&text).expect("messages are JSON");
                    if json["type"] != "ping" {
                        return Heard::Message(json);
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(Error::ConnectionClosed)) | None => return Heard::Closed(1006),
                Some(Err(error)) => panic!("the socket broke: {error}"),
            }
        }
    }

    /// Whether nothing comes within a time.
    pub(super) async fn silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.hear()).await.is_err()
    }
}
