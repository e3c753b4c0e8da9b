use std::{net::SocketAddr, time::Duration};

use axum::http::HeaderValue;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, protocol::CloseFrame},
};

use super::toy::{listen, token};
use crate::http::HttpConfig;

struct Client(WebSocketStream<TcpStream>);

/// What came from the server.
#[derive(Debug, PartialEq)]
enum Heard {
    Message(Value),
    Closed(u16, String),
}

impl Client {
    async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[]).await.unwrap()
    }

    async fn open_with(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        Self::open_at(address, "/graphql", headers).await
    }

    async fn open_at(
        address: SocketAddr,
        entrance: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut request = format!("ws://{address}{entrance}")
            .into_client_request()
            .unwrap();
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, HeaderValue::from_str(value).unwrap());
        }
        client_async(request, stream)
            .await
            .map(|(socket, _)| Self(socket))
    }

    async fn ready(address: SocketAddr, ttl: Duration) -> Self {
        let mut client = Self::open(address).await;
        let payload = json!({ "Authorization": format!("Bearer {}", token("ann", ttl)) });
        client
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(
            client.hear().await,
            Heard::Message(json!({ "type": "connection_ack" }))
        );
        client
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        let payload = json!({ "query": query });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    async fn hear(&mut self) -> Heard {
        loop {
            let next = timeout(Duration::from_secs(10), self.0.next())
                .await
                .unwrap();
            match next {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Message(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return Heard::Closed(code.into(), reason.to_string());
                }
                Some(Ok(_)) => {}
                ended => panic!("{ended:?}"),
            }
        }
    }

    async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            Heard::Closed(code, reason) => panic!("closed: {code} {reason}"),
        }
    }

    async fn code(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code, _) = self.hear().await {
                return code;
            }
        }
    }
}

const LONG: Duration = Duration::from_mins(10);

#[tokio::test]
async fn an_operation_has_results_and_an_end() {
    let mut client = Client::ready(listen(HttpConfig::default()).await, LONG).await;
    client
        .subscribe("a", "subscription { numbers(to: 2) }")
        .await;
    for number in 1..=2 {
        let message = client.message().await;
        assert_eq!(message["type"], "next");
        assert_eq!(message["payload"]["data"], json!({ "numbers": number }));
    }
    assert_eq!(
        client.message().await,
        json!({ "type": "complete", "id": "a" })
    );
    client.subscribe("a", "mutation { count }").await;
    assert_eq!(
        client.message().await["payload"],
        json!({ "data": { "count": 1 } })
    );
    assert_eq!(client.message().await["type"], "complete");
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.message().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn a_request_error_is_an_error_and_ends_it() {
    let mut client = Client::ready(listen(HttpConfig::default()).await, LONG).await;
    for query in ["{", "{ unknown }", "subscription { unknown }"] {
        client.subscribe("a", query).await;
        let message = client.message().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!("a"))
        );
        assert!(
            message["payload"][0]["extensions"]["code"].is_string(),
            "{message}"
        );
    }
    client.subscribe("a", "{ boom }").await;
    assert_eq!(client.message().await["type"], "next");
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_the_socket() {
    let address = listen(HttpConfig::default()).await;
    let query = json!({ "query": "{ tenant }" });
    let forged = json!({ "authorization": "Bearer a.b.c" });
    for (messages, code) in [
        (
            vec![json!({ "type": "subscribe", "id": "a", "payload": query })],
            4401,
        ),
        (vec![json!({ "type": "connection_init" })], 4403),
        (
            vec![json!({ "type": "connection_init", "payload": forged })],
            4403,
        ),
        (vec![json!({ "type": "start" })], 4400),
        (vec![json!("connection_init")], 4400),
    ] {
        let mut client = Client::open(address).await;
        for message in messages {
            client.say(message).await;
        }
        assert_eq!(client.code().await, code);
    }
    let mut client = Client::ready(address, LONG).await;
    client.say(json!({ "type": "connection_init" })).await;
    assert_eq!(client.code().await, 4429);
    let mut client = Client::ready(address, LONG).await;
    client.subscribe("a", "subscription { silence }").await;
    client.subscribe("a", "subscription { silence }").await;
    let duplicate = Heard::Closed(4409, "Subscriber for a already exists".to_owned());
    assert_eq!(client.hear().await, duplicate);
    let mut client = Client::ready(address, LONG).await;
    client
        .say(json!({ "type": "ping", "payload": { "filler": "x".repeat(70_000) } }))
        .await;
    assert_eq!(client.code().await, 1009);
}

#[tokio::test]
async fn a_token_in_the_upgrade_is_enough_and_must_be_sound() {
    let address = listen(HttpConfig::default()).await;
    let bearer = format!("Bearer {}", token("ann", LONG));
    let mut client = Client::open_with(address, &[("authorization", &bearer)])
        .await
        .unwrap();
    client.say(json!({ "type": "connection_init" })).await;
    assert_eq!(client.message().await, json!({ "type": "connection_ack" }));
    for (headers, status) in [
        ([("authorization", "Bearer a.b.c")], 401),
        ([("origin", "https://evil.example")], 403),
    ] {
        match Client::open_with(address, &headers).await.err() {
            Some(tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), status),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn time_closes_a_socket() {
    let mut config = HttpConfig::default();
    config.limits.socket.init_timeout = Duration::from_millis(100);
    let address = listen(config).await;
    assert_eq!(Client::open(address).await.code().await, 4408);
    let mut client = Client::ready(address, Duration::from_secs(2)).await;
    client.subscribe("a", "subscription { silence }").await;
    let expired = Heard::Closed(4403, "token expired".to_owned());
    assert_eq!(client.hear().await, expired);
}

#[tokio::test]
async fn a_stopping_server_closes_its_sockets() {
    let config = HttpConfig::default();
    let shutdown = config.shutdown.clone();
    let mut client = Client::ready(listen(config).await, LONG).await;
    client.subscribe("a", "subscription { silence }").await;
    shutdown.cancel();
    assert_eq!(client.code().await, 1001);
}

#[tokio::test]
async fn nothing_follows_the_clients_complete() {
    let mut client = Client::ready(listen(HttpConfig::default()).await, LONG).await;
    client.subscribe("flood", "subscription { flood }").await;
    client.message().await;
    client
        .say(json!({ "type": "complete", "id": "flood" }))
        .await;
    client.say(json!({ "type": "ping" })).await;
    // What was on the wire before the complete was read still comes; behind the pong, nothing.
    while client.message().await["type"] != "pong" {}
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.message().await["type"], "pong");
}

#[tokio::test]
async fn operations_are_bounded() {
    let mut config = HttpConfig::default();
    config.limits.socket.operations_max = 2;
    let mut client = Client::ready(listen(config).await, LONG).await;
    for id in ["a", "b", "c"] {
        client.subscribe(id, "subscription { silence }").await;
    }
    let message = client.message().await;
    assert_eq!(
        (&message["type"], &message["id"]),
        (&json!("error"), &json!("c"))
    );
    assert_eq!(
        message["payload"][0]["extensions"]["code"],
        "SUBSCRIPTION_LIMIT"
    );
    client.say(json!({ "type": "complete", "id": "a" })).await;
    client.subscribe("c", "{ tenant }").await;
    assert_eq!(client.message().await["type"], "next");
}

#[tokio::test]
async fn each_entrance_keeps_to_its_own() {
    const CREDENTIAL: &str = "the credential of a router, long enough";
    let address = listen(HttpConfig {
        router_secret: Some(CREDENTIAL.to_owned()),
        ..HttpConfig::default()
    })
    .await;
    let bearer = format!("Bearer {}", token("ann", LONG));
    let (caller, router) = (
        ("authorization", bearer.as_str()),
        ("entrepot-router", CREDENTIAL),
    );
    for (entrance, headers, refused) in [
        ("/federation", vec![caller], Some(401)),
        (
            "/federation",
            vec![caller, ("entrepot-router", "forged")],
            Some(401),
        ),
        ("/federation/finance", vec![caller, router], Some(403)),
        ("/graphql/finance", vec![caller], Some(403)),
        ("/federation", vec![caller, router], None),
        ("/federation/commerce", vec![caller, router], None),
        ("/graphql/commerce", vec![caller], None),
    ] {
        match (Client::open_at(address, entrance, &headers).await, refused) {
            (Ok(mut client), None) => {
                client.say(json!({ "type": "connection_init" })).await;
                assert_eq!(client.message().await["type"], "connection_ack");
                client.subscribe("1", "{ tenant }").await;
                assert_eq!(client.message().await["type"], "next", "{entrance}");
            }
            (Err(tungstenite::Error::Http(answer)), Some(status)) => {
                assert_eq!(answer.status(), status, "{entrance}");
            }
            (opened, _) => panic!("{entrance}: {:?}", opened.err()),
        }
    }
    // A router by itself, and a token of another role that comes later, get no further.
    let mut alone = Client::open_at(address, "/federation", &[router])
        .await
        .unwrap();
    alone.say(json!({ "type": "connection_init" })).await;
    assert_eq!(alone.code().await, 4403);
    let mut other = Client::open_at(address, "/federation/finance", &[router])
        .await
        .unwrap();
    let payload = json!({ "Authorization": bearer });
    other
        .say(json!({ "type": "connection_init", "payload": payload }))
        .await;
    assert_eq!(other.code().await, 4403);
}
