//! Subscriptions by HTTP callback, against a router of few lines that takes, refuses, is slow or dies.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::client::{Answer, Client};
use super::server::{DEADLINE, Server, issue, token, until};
use super::shopfront::{order_of, place, receive, tenants};

const CREDENTIAL: &str = "the credential of a router, long enough";
const ORDERS: &str = "subscription($position: BigInt) { orderChanged(position: $position) { cursor order { id channel } } }";

/// How a router answers its next messages; 204 when nothing is said any more.
#[derive(Clone, Copy, Debug)]
enum Reply {
    Status(u16),
    /// After a while.
    Late(Duration),
    /// By closing the connection.
    Nothing,
    /// With more than anybody reads.
    Flood,
}

/// A router that is called back.
struct Router {
    address: SocketAddr,
    heard: mpsc::UnboundedReceiver<(Instant, Json)>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    serving: JoinHandle<()>,
}

impl Router {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (say, heard) = mpsc::unbounded_channel();
        let replies = Arc::<Mutex<VecDeque<Reply>>>::default();
        let script = Arc::clone(&replies);
        let serving = tokio::spawn(async move {
            // Connections end with the router.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, say.clone(), Arc::clone(&script)));
            }
        });
        Self {
            address,
            heard,
            replies,
            serving,
        }
    }

    /// What it will answer, message by message.
    fn will(&self, replies: &[Reply]) {
        self.replies.lock().unwrap().extend(replies);
    }

    fn url(&self) -> String {
        format!("http://{}/callback/1", self.address)
    }

    async fn message(&mut self) -> (Instant, Json) {
        timeout(DEADLINE, self.heard.recv())
            .await
            .expect("a message comes")
            .expect("the router listens")
    }

    /// The next message, which must be of a kind.
    async fn hears(&mut self, action: &str) -> Json {
        let (_, message) = self.message().await;
        assert_eq!(message["action"], action, "{message:#}");
        let envelope = json!([message["kind"], message["id"], message["verifier"]]);
        assert_eq!(envelope, json!(["subscription", "s-1", "secret"]));
        message
    }

    async fn silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.heard.recv()).await.is_err()
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    stream: TcpStream,
    say: mpsc::UnboundedSender<(Instant, Json)>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut protocol, mut line) = (0, String::new(), String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap();
                }
                Some((name, value)) if name.eq_ignore_ascii_case("subscription-protocol") => {
                    value.clone_into(&mut protocol);
                }
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        assert_eq!(protocol, "callback/1.0");
        let message = serde_json::from_slice(&body).expect("JSON");
        let reply = replies
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Reply::Status(204));
        drop(say.send((Instant::now(), message)));
        let answer = match reply {
            Reply::Nothing => return,
            Reply::Flood => {
                let flood = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n{}",
                    "x".repeat(1_000_000)
                );
                drop(stream.write_all(flood.as_bytes()).await);
                return;
            }
            Reply::Late(time) => {
                sleep(time).await;
                204
            }
            Reply::Status(status) => status,
        };
        let to = if (300..400).contains(&answer) {
            "location: http://127.0.0.1:9/\r\n"
        } else {
            ""
        };
        let head = format!(
            "HTTP/1.1 {answer} Said\r\n{to}content-length: 0\r\nsubscription-protocol: callback/1.0\r\n\r\n"
        );
        if stream
            .write_all(
                head.replace(
                    "content-length: 0\r\n",
                    if answer == 204 {
                        ""
                    } else {
                        "content-length: 0\r\n"
                    },
                )
                .as_bytes(),
            )
            .await
            .is_err()
        {
            return;
        }
    }
}

/// A server with an order in it that calls back this router, its seller, and the position before the
/// order.
async fn served(db: &TestDb, router: &Router) -> (Server, Client, Json) {
    tenants(db, &["north"]).await;
    let hosts = router.address.to_string();
    let server = Server::start_with(
        db,
        &["--router-secret", CREDENTIAL, "--callback-hosts", &hosts],
    )
    .await;
    let seller = server.client("north", Role::Commerce);
    let start = receive(&seller, "A", 100, 880).await["position"].clone();
    place(&seller, order_of("A", 1)).await;
    (server, seller, start)
}

fn routed(client: &Client) -> Client {
    client
        .through("/federation")
        .with("entrepot-router", CREDENTIAL)
}

fn wanted(url: &str, heartbeat: u64) -> Json {
    json!({ "callbackUrl": url, "subscriptionId": "s-1", "verifier": "secret", "heartbeatIntervalMs": heartbeat })
}

async fn begin(
    client: &Client,
    entrance: &str,
    query: &str,
    start: &Json,
    subscription: &Json,
) -> Answer {
    let body = json!({ "query": query, "variables": { "position": start }, "extensions": { "subscription": subscription } });
    let headers = [
        ("accept", "application/json;callbackSpec=1.0"),
        ("content-type", "application/json"),
    ];
    client
        .send("POST", entrance, &headers, body.to_string().as_bytes())
        .await
        .unwrap()
}

async fn follow(client: &Client, router: &Router, start: &Json, heartbeat: u64) -> Answer {
    begin(
        &routed(client),
        "/federation",
        ORDERS,
        start,
        &wanted(&router.url(), heartbeat),
    )
    .await
}

/// How many subscriptions are posted.
async fn open(server: &Server) -> String {
    let metrics = server
        .nobody()
        .send("GET", "/metrics", &[], b"")
        .await
        .unwrap()
        .text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("entrepot_callbacks "));
    line.unwrap_or("0").to_owned()
}

async fn ended(server: &Server) {
    until("no subscription is posted", async || {
        open(server).await == "0"
    })
    .await;
}

both! {
    async fn a_router_is_checked_first_and_then_told_everything_in_order(db: TestDb) {
        let mut router = Router::start().await;
        let (server, seller, start) = served(&db, &router).await;
        let answer = follow(&seller, &router, &start, 600).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"data\":null}"));
        assert_eq!(answer.header("subscription-protocol"), Some("callback/1.0"));
        router.hears("check").await;
        let first = router.hears("next").await;
        let second = place(&seller, order_of("A", 1)).await;
        let mut seen = vec![first["payload"]["data"]["orderChanged"]["order"]["id"].clone()];
        let mut beats = 0;
        while seen.len() < 2 || beats < 3 {
            let (_, message) = router.message().await;
            match message["action"].as_str() {
                Some("next") => seen.push(message["payload"]["data"]["orderChanged"]["order"]["id"].clone()),
                Some("check") => beats += 1,
                _ => panic!("{message:#}"),
            }
        }
        assert_eq!(seen[1], second);
        // 404: the router has no such subscription any more.
        router.will(&[Reply::Status(404)]);
        ended(&server).await;
        place(&seller, order_of("A", 1)).await;
        while router.heard.try_recv().is_ok() {}
        assert!(router.silent_for(Duration::from_secs(1)).await);
    }

    async fn only_named_hosts_are_called_and_only_for_routers(db: TestDb) {
        let mut router = Router::start().await;
        let mut inner = Router::start().await;
        let (server, seller, start) = served(&db, &router).await;
        // Whatever the router's credential asks for, nothing of the inner network is called.
        let port = inner.address.port();
        let good = router.url();
        for url in [
            inner.url(),
            format!("http://localhost:{port}/"),
            format!("http://localhost:{}/", router.address.port()),
            format!("http://{}@127.0.0.1:{port}/", router.address),
            format!("http://{}%40127.0.0.1:{port}/", router.address),
            format!("http://user@{}/", router.address),
            format!("http://[::ffff:127.0.0.1]:{}/", router.address.port()),
            format!("http://2130706433:{}/", router.address.port()),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "file:///etc/passwd".to_owned(),
            "gopher://127.0.0.1:70/".to_owned(),
        ] {
            let answer = begin(&routed(&seller), "/federation", ORDERS, &start, &wanted(&url, 0)).await;
            assert!([400, 403].contains(&answer.status) || answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", "{url}: {}", answer.text());
            assert!(answer.json().get("data").is_none(), "{url}: {}", answer.text());
        }
        // Without the credential nobody is called, at whatever entrance; with it, at either.
        for entrance in ["/graphql", "/graphql/commerce"] {
            let answer = begin(&seller, entrance, ORDERS, &start, &wanted(&good, 0)).await;
            assert_eq!(answer.status, 406, "{}", answer.text());
            let forged = seller.with("entrepot-router", "forged");
            assert_eq!(begin(&forged, entrance, ORDERS, &start, &wanted(&good, 0)).await.status, 406);
        }
        assert_eq!(begin(&seller, "/federation", ORDERS, &start, &wanted(&good, 0)).await.status, 401);
        assert!(router.silent_for(Duration::from_millis(300)).await && inner.silent_for(Duration::from_millis(300)).await);
        let credited = seller.with("entrepot-router", CREDENTIAL);
        assert_eq!(begin(&credited, "/graphql", ORDERS, &start, &wanted(&good, 0)).await.status, 200);
        router.hears("check").await;
        router.hears("next").await;
        // A redirection is not followed.
        for status in [301, 302, 307, 308] {
            router.will(&[Reply::Status(status)]);
            let answer = follow(&seller, &router, &start, 0).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
            router.hears("check").await;
        }
        assert_eq!(open(&server).await, "1");
        // Off, as it is without hosts.
        let off = Server::start_with(&db, &["--router-secret", CREDENTIAL]).await;
        let answer = follow(&off.client("north", Role::Commerce), &router, &start, 0).await;
        assert_eq!(answer.status, 406);
    }

    async fn a_partner_is_told_of_its_channels_only_and_nobody_of_nothing(db: TestDb) {
        let mut router = Router::start().await;
        let (server, seller, start) = served(&db, &router).await;
        let mut till = order_of("A", 1);
        till["channel"] = json!("till");
        let till = place(&seller, till).await;
        let partner = server.bearer(&token("north", Role::Partner, &["till"]));
        assert_eq!(follow(&partner, &router, &start, 0).await.status, 200);
        router.hears("check").await;
        assert_eq!(router.hears("next").await["payload"]["data"]["orderChanged"]["order"]["id"], till);
        assert!(router.silent_for(Duration::from_millis(500)).await);
        // A document outside the contract is refused before anything is called.
        let closed = "subscription { marginChanged { cursor } }";
        let answer = begin(&routed(&partner), "/federation", closed, &start, &wanted(&router.url(), 0)).await;
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{}", answer.text());
        let answer = follow(&server.nobody(), &router, &start, 0).await;
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{}", answer.text());
        assert!(router.silent_for(Duration::from_millis(300)).await);
    }

    async fn a_router_that_is_slow_or_stumbles_misses_nothing(db: TestDb) {
        let mut router = Router::start().await;
        let (_server, seller, start) = served(&db, &router).await;
        assert_eq!(follow(&seller, &router, &start, 0).await.status, 200);
        router.hears("check").await;
        router.hears("next").await;
        router.will(&[
            Reply::Late(Duration::from_millis(700)), Reply::Status(503), Reply::Nothing, Reply::Status(429), Reply::Status(204), Reply::Flood,
        ]);
        let mut placed = Vec::new();
        for _ in 0..6 {
            placed.push(json!(place(&seller, order_of("A", 1)).await));
        }
        let mut seen: Vec<Json> = Vec::new();
        while seen.len() < 6 {
            let message = router.hears("next").await;
            let id = message["payload"]["data"]["orderChanged"]["order"]["id"].clone();
            // What was not taken comes again, and nothing overtakes it.
            if seen.last() != Some(&id) {
                seen.push(id);
            }
        }
        assert_eq!(seen, placed);
    }

    async fn a_router_that_is_gone_ends_it(db: TestDb) {
        let mut router = Router::start().await;
        let (server, seller, start) = served(&db, &router).await;
        assert_eq!(follow(&seller, &router, &start, 500).await.status, 200);
        router.hears("check").await;
        router.hears("next").await;
        drop(router);
        ended(&server).await;
        // One that never was is not begun.
        let router = Router::start().await;
        let url = router.url();
        drop(router);
        let answer = begin(&routed(&seller), "/federation", ORDERS, &start, &wanted(&url, 0)).await;
        assert!([400, 403].contains(&answer.status), "{}", answer.text());
    }

    async fn it_ends_with_the_token_and_with_the_server(db: TestDb) {
        let mut router = Router::start().await;
        let (mut server, seller, start) = served(&db, &router).await;
        let short = server.bearer(&issue(Some("north"), &[Role::Commerce], &[], Duration::from_secs(3)));
        assert_eq!(follow(&short, &router, &start, 0).await.status, 200);
        router.hears("check").await;
        router.hears("next").await;
        let end = router.hears("complete").await;
        assert_eq!(end["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{end:#}");
        ended(&server).await;

        // Access that is taken away ends it, whoever is silent.
        assert_eq!(follow(&seller, &router, &start, 0).await.status, 200);
        router.hears("check").await;
        router.hears("next").await;
        let operator = server.client("north", Role::Operator);
        operator.give("accessRevoke", json!({ "subject": "test-commerce" }), "").await;
        let end = router.hears("complete").await;
        assert!(end["errors"][0]["extensions"]["code"].is_string(), "{end:#}");
        ended(&server).await;

        assert_eq!(follow(&operator, &router, &start, 0).await.status, 200);
        router.hears("check").await;
        router.hears("next").await;
        server.term().await;
        let end = router.hears("complete").await;
        let why = json!({ "code": "UNAVAILABLE", "retryable": true, "retryAfterMs": 1000 });
        assert_eq!(end["errors"][0]["extensions"], why, "{end:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_router_asks_for_must_be_whole() {
    let db = TestDb::sqlite().await;
    let mut router = Router::start().await;
    let (_server, seller, start) = served(&db, &router).await;
    let whole = wanted(&router.url(), 0);
    for (field, value) in [
        ("callbackUrl", json!("")),
        ("callbackUrl", json!(5)),
        (
            "callbackUrl",
            json!(format!("{}{}", router.url(), "x".repeat(3000))),
        ),
        ("subscriptionId", json!("")),
        ("subscriptionId", Json::Null),
        ("verifier", json!("v".repeat(3000))),
        ("heartbeatIntervalMs", json!(1)),
        ("heartbeatIntervalMs", json!(-1)),
        ("heartbeatIntervalMs", json!(99_999_999)),
    ] {
        let mut broken = whole.clone();
        broken[field] = value;
        let answer = begin(&routed(&seller), "/federation", ORDERS, &start, &broken).await;
        let error = &answer.json()["errors"][0];
        assert_eq!(
            error["extensions"]["code"], "BAD_USER_INPUT",
            "{field}: {error:#}"
        );
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .starts_with("extensions.subscription"),
            "{error:#}"
        );
    }
    let answer = begin(&routed(&seller), "/federation", ORDERS, &start, &Json::Null).await;
    assert_eq!(
        answer.json()["errors"][0]["extensions"]["code"],
        "BAD_USER_INPUT"
    );
    assert!(router.silent_for(Duration::from_millis(300)).await);
}
