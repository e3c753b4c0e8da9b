//! Attempts to have the server work for nothing: each is refused by its code, on every way in that
//! can carry it, and the server goes on answering others.

use std::fmt::Write as _;
use std::time::Duration;

use entrepot_api::auth::Role;
use entrepot_tests::TestDb;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::Client;
use super::server::{DEADLINE, Server, token, until};
use super::shopfront::{north, tenants};
use super::socket::{Heard, Socket};

/// The code of the error that an operation of a socket ends with.
pub(super) async fn refused(socket: &mut Socket, payload: Json) -> Json {
    socket
        .say(json!({ "id": "1", "type": "subscribe", "payload": payload }))
        .await;
    let heard = message(socket).await;
    assert_eq!(heard["type"], "error", "{heard:#}");
    heard["payload"][0]["extensions"]["code"].clone()
}

/// The next message of a socket that is open.
pub(super) async fn message(socket: &mut Socket) -> Json {
    match socket.hear().await {
        Heard::Message(message) => message,
        Heard::Closed(code) => panic!("the socket was closed: {code}"),
    }
}

pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02X}").unwrap();
        all
    })
}

/// A document of fragments that each spread the next several times.
fn bomb(levels: usize, width: usize) -> String {
    let mut bomb = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let spreads = format!("...F{} ", level + 1).repeat(width);
        write!(bomb, " fragment F{level} on Query {{ {spreads} }}").unwrap();
    }
    write!(
        bomb,
        " fragment F{levels} on Query {{ orders {{ nodes {{ id }} }} }}"
    )
    .unwrap();
    bomb
}

fn attacks() -> Vec<(String, &'static str)> {
    let nested = |levels: usize| format!("{}{}", "{a".repeat(levels), "}".repeat(levels));
    let many = |count: usize, what: &dyn Fn(usize) -> String| {
        (0..count).fold(String::new(), |all, at| all + &what(at))
    };
    let customers = "{ customers(first: 250) { nodes { orders(first: 250) { nodes { id } } } } }";
    let mut attacks = vec![
        (nested(16), "QUERY_TOO_DEEP"),
        (nested(1000), "QUERY_TOO_DEEP"),
        // Few words that a schema of circles would answer with millions.
        (
            format!(
                r#"{{ __type(name: "Node") {{ {} name {} }} }}"#,
                "possibleTypes { interfaces { ".repeat(6),
                "} ".repeat(12)
            ),
            "QUERY_TOO_DEEP",
        ),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "{ ...A } fragment A on Query { ...A }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "{ __typename } fragment A on Query { ...A @skip(if: true) }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            format!("{{ {} }}", many(1000, &|at| format!("a{at}:__typename "))),
            "TOO_MANY_ALIASES",
        ),
        (
            format!(
                "{{ tenant {{ {} }} }}",
                many(101, &|at| format!("a{at}:slug "))
            ),
            "TOO_MANY_ALIASES",
        ),
        (
            format!(
                "mutation {{ {} }}",
                many(11, &|at| format!(
                    "a{at}:orderRelease(input:{{orderId:\"1\"}}){{position}} "
                ))
            ),
            "TOO_MANY_ROOT_FIELDS",
        ),
        (
            format!("{{ {} }}", many(21, &|at| format!("a{at}:__typename "))),
            "TOO_MANY_ROOT_FIELDS",
        ),
        (
            format!("{{ __typename {} }}", "@a ".repeat(1000)),
            "TOO_MANY_DIRECTIVES",
        ),
        (
            many(1000, &|at| format!("query Q{at}{{a}} ")),
            "QUERY_TOO_LARGE",
        ),
        (
            format!(
                "{{ __typename }} {}",
                many(300, &|at| format!("fragment F{at} on Query{{a}} "))
            ),
            "QUERY_TOO_LARGE",
        ),
        (
            format!("{{ a(b: {}{}) }}", "[".repeat(70), "]".repeat(70)),
            "QUERY_TOO_DEEP",
        ),
        (
            format!("query($a: {}Int{}) {{ a }}", "[".repeat(70), "]".repeat(70)),
            "QUERY_TOO_DEEP",
        ),
        (customers.to_owned(), "COST_ESTIMATED_TOO_EXPENSIVE"),
        (
            customers.replace("250", "99999999"),
            "COST_ESTIMATED_TOO_EXPENSIVE",
        ),
        ("{ order }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ _service { sdl } }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "{ _entities(representations: []) { __typename } }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ];
    for (levels, width) in [(10, 3), (22, 2), (40, 2), (60, 10)] {
        attacks.push((bomb(levels, width), "QUERY_TOO_LARGE"));
    }
    attacks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_ask_for_too_much_are_refused_on_every_way_in() {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north"]).await;
    let server = Server::start_with(&db, &["--cost-maximum", "50000"]).await;
    let seller = server.client("north", Role::Commerce);
    let mut socket = Socket::open(&seller).await;
    for (text, code) in attacks() {
        let shown: String = text.chars().take(120).collect();
        let said = |json: &Json| json["errors"][0]["extensions"]["code"].clone();
        let answer = seller.post(&text, json!({})).await.unwrap();
        assert_eq!(
            (answer.status, said(&answer.json())),
            (400, json!(code)),
            "POST {shown}"
        );
        let hash = hex(&text);
        let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        // By its hash: refused when it is registered, and so never registered.
        let body = json!({ "query": text, "extensions": persisted });
        let answer = post(&seller, &body).await;
        assert_eq!(said(&answer), json!(code), "APQ {shown}");
        // A document that is valid and too expensive may be kept; it costs the same each time.
        let kept = if code.starts_with("COST") {
            code
        } else {
            "PERSISTED_QUERY_NOT_FOUND"
        };
        let answer = post(&seller, &json!({ "extensions": persisted })).await;
        assert_eq!(said(&answer), json!(kept), "APQ again {shown}");
        if text.len() < 8_000 {
            let path = format!("/graphql?query={}", encoded(&text));
            let accept = [("accept", "application/graphql-response+json")];
            let answer = seller.send("GET", &path, &accept, b"").await.unwrap();
            let code = if text.starts_with("mutation") {
                "TOO_MANY_ROOT_FIELDS"
            } else {
                code
            };
            assert_eq!(said(&answer.json()), json!(code), "GET {shown}");
        }
        let mut events = seller.follow(&text, json!({})).await.unwrap();
        let event = events.next().await.unwrap().expect("a refusal");
        assert_eq!(said(&event.payload), json!(code), "SSE {shown}");
        assert_eq!(
            refused(&mut socket, json!({ "query": text })).await,
            json!(code),
            "socket {shown}"
        );
    }
    assert_eq!(
        seller.ask("{ __typename }", json!({})).await["__typename"],
        "Query"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_refusal_teaches_names() {
    let db = TestDb::sqlite().await;
    let (_server, seller) = north(&db).await;
    for query in [
        "{ ordr { id } }",
        "{ orders { nods { id } } }",
        "{ orders(frst: 1) { totalCount } }",
    ] {
        let answer = seller.answer(query, json!({})).await;
        let text = answer.to_string().to_lowercase();
        assert!(
            !text.contains("did you mean") && !text.contains("nodes"),
            "{answer:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_play_tricks_are_told_so() {
    let db = TestDb::sqlite().await;
    let (_server, seller) = north(&db).await;
    let page = "query($n: Int) { orders(first: $n) { totalCount } }";
    let ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let receive = "mutation($q: BigInt!) { stockReceive(input: { sku: \"A\", warehouse: \"east\", quantity: $q, unitCostMinor: \"1\" }) { position } }";
    for (query, variables) in [
        (page, json!({ "n": 2_147_483_648_u64 })),
        (page, json!({ "n": 1.5 })),
        (page, json!({ "n": "7" })),
        (page, json!({ "n": 1e300 })),
        (page, json!({ "n": [1] })),
        (page, json!({ "n": true })),
        (ids, json!({ "ids": [null] })),
        (ids, json!({ "ids": null })),
        (receive, json!({ "q": "99999999999999999999" })),
        (receive, json!({ "q": "1e3" })),
        (receive, json!({ "q": "NaN" })),
        (receive, json!({ "q": 1.5 })),
        (receive, json!({ "q": null })),
    ] {
        let answer = seller.answer(query, variables.clone()).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{variables} {answer:#}"
        );
    }
    for literal in ["2147483648", "1.5", "1e3", "-0.0", "1e999999"] {
        let answer = seller
            .answer(
                &format!("{{ orders(first: {literal}) {{ totalCount }} }}"),
                json!({}),
            )
            .await;
        let code = &answer["errors"][0]["extensions"]["code"];
        let codes = [
            "BAD_USER_INPUT",
            "GRAPHQL_PARSE_FAILED",
            "GRAPHQL_VALIDATION_FAILED",
        ];
        let known = codes.iter().any(|known| code == known);
        assert!(known, "{literal} {answer:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_keeps_to_its_forms() {
    let db = TestDb::sqlite().await;
    let (server, seller) = north(&db).await;
    let body = br#"{"query":"{ __typename }"}"#;
    let json = ("content-type", "application/json");
    let form = "multipart/form-data; boundary=x";
    for (method, headers, status) in [
        ("POST", vec![json], 200),
        ("POST", vec![("content-type", form)], 415),
        (
            "POST",
            vec![("content-type", "application/x-www-form-urlencoded")],
            415,
        ),
        ("POST", vec![], 415),
        ("POST", vec![json, ("content-encoding", "gzip")], 415),
        ("POST", vec![json, ("content-encoding", "br")], 415),
        ("TRACE", vec![], 405),
        (
            "OPTIONS",
            vec![
                ("origin", "https://evil.example"),
                ("access-control-request-method", "POST"),
            ],
            405,
        ),
        ("PROPFIND", vec![], 405),
        ("POST", vec![json, ("origin", "https://evil.example")], 200),
        ("POST", vec![json, ("origin", "null")], 200),
        (
            "POST",
            vec![
                json,
                ("x-forwarded-for", "127.0.0.1"),
                ("x-forwarded-user", "operator"),
            ],
            200,
        ),
    ] {
        let answer = seller
            .send(method, "/graphql", &headers, body)
            .await
            .unwrap();
        assert_eq!(
            answer.status,
            status,
            "{method} {headers:?} {}",
            answer.text()
        );
        // No page of another origin reads anything, and nothing tells what serves.
        for header in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "server",
            "x-powered-by",
        ] {
            assert_eq!(answer.header(header), None, "{method} {headers:?}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    // A socket that a page of another origin opens.
    let upgrade = format!(
        "GET /graphql HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\norigin: https://evil.example\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
        server.address()
    );
    assert!(
        said_to(&server, upgrade.as_bytes())
            .await
            .starts_with("HTTP/1.1 403")
    );
    // HTTP/2 without TLS is not spoken, and so neither are its floods.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let said = said_to(&server, preface).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    // A head that is too long.
    let long = format!(
        "GET /graphql HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    let said = said_to(&server, long.as_bytes()).await;
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 431"),
        "{said}"
    );
}

/// What the server says to some bytes before it closes.
async fn said_to(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut said = vec![0; 4096];
    let read = timeout(DEADLINE, stream.read(&mut said))
        .await
        .expect("it answers or closes");
    String::from_utf8_lossy(&said[..read.unwrap_or(0)]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_ends_its_request_is_cut_off_and_holds_up_nobody() {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north"]).await;
    let server = Server::start_with(&db, &["--header-timeout", "1s", "--body-timeout", "1s"]).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\n";
    let token = token("north", Role::Commerce, &[]);
    let whole = format!(
        "{head}authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let mut slow = Vec::new();
    for start in [head, whole.as_str()].repeat(50) {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let seller = server.client("north", Role::Commerce);
    assert_eq!(
        seller.ask("{ __typename }", json!({})).await["__typename"],
        "Query"
    );
    for mut stream in slow {
        let mut said = Vec::new();
        let ended = timeout(Duration::from_secs(15), stream.read_to_end(&mut said)).await;
        ended.expect("it is cut off").unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 408"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_asks_too_much_at_once_waits_for_itself() {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north", "south"]).await;
    let few = ["--tenant-queries", "1", "--tenant-queue", "1"];
    let server = Server::start_with(&db, &few).await;
    let seller = server.client("north", Role::Commerce);
    let stranger = server.client("south", Role::Commerce);
    until("the catalog is projected", async || {
        sold(&stranger).await > 0
    })
    .await;
    let aliases = (0..20).fold(String::new(), |all, at| {
        all + &format!(
            "a{at}: products(first: 250) {{ totalCount nodes {{ id prices {{ amount }} }} }} "
        )
    });
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let (seller, query) = (seller.clone(), format!("{{ {aliases} }}"));
        asked.spawn(async move { seller.post(&query, json!({})).await.unwrap() });
    }
    for _ in 0..20 {
        assert_eq!(sold(&stranger).await, 1);
    }
    let (mut answered, mut turned_away) = (0, 0);
    while let Some(answer) = asked.join_next().await {
        let answer = answer.unwrap();
        if answer.status == 200 {
            answered += 1;
            continue;
        }
        let error = &answer.json()["errors"][0]["extensions"];
        assert_eq!(
            (answer.status, &error["code"], &error["retryable"]),
            (429, &json!("THROTTLED"), &json!(true))
        );
        assert_eq!(
            (answer.header("retry-after"), &error["retryAfterMs"]),
            (Some("1"), &json!(1000))
        );
        turned_away += 1;
    }
    assert!(answered > 0 && turned_away > 0, "{answered} {turned_away}");
}

/// How many products a page of one has.
async fn sold(buyer: &Client) -> usize {
    let query = "{ products(first: 1) { nodes { id } } }";
    let found = buyer.ask(query, json!({})).await;
    found["products"]["nodes"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_are_bounded_for_a_tenant_over_all_its_sockets() {
    let db = TestDb::sqlite().await;
    tenants(&db, &["north", "south"]).await;
    let server = Server::start_with(&db, &["--tenant-subscriptions", "3"]).await;
    let seller = server.client("north", Role::Commerce);
    let stranger = server.client("south", Role::Commerce);
    let follow = json!({ "query": "subscription { orderChanged { cursor } }" });
    let mut one = Socket::open(&seller).await;
    let mut two = Socket::open(&seller).await;
    let start = |id: &str| json!({ "id": id, "type": "subscribe", "payload": follow });
    one.say(start("a")).await;
    one.say(start("b")).await;
    two.say(start("c")).await;
    // The server has heard all that was said before the answer to a ping.
    for socket in [&mut one, &mut two] {
        socket.say(json!({ "type": "ping" })).await;
        assert_eq!(message(socket).await["type"], "pong");
    }
    assert_eq!(
        refused(&mut two, follow.clone()).await,
        "SUBSCRIPTION_LIMIT"
    );
    let mut events = seller
        .follow("subscription { orderChanged { cursor } }", json!({}))
        .await
        .unwrap();
    let refused = events.next().await.unwrap().expect("a refusal").payload;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "SUBSCRIPTION_LIMIT",
        "{refused:#}"
    );
    // Another tenant has its own, and what ends makes room.
    let mut other = Socket::open(&stranger).await;
    other
        .say(json!({ "id": "1", "type": "subscribe", "payload": follow }))
        .await;
    other.say(json!({ "type": "ping" })).await;
    assert_eq!(message(&mut other).await["type"], "pong");
    drop(one);
    until("there is room again", async || {
        let mut events = seller
            .follow("subscription { orderChanged { cursor } }", json!({}))
            .await
            .unwrap();
        events.silent_for(Duration::from_millis(200)).await
    })
    .await;
}

pub(super) async fn post(client: &Client, body: &Json) -> Json {
    let headers = [
        ("accept", "application/graphql-response+json"),
        ("content-type", "application/json"),
    ];
    let answer = client
        .send("POST", "/graphql", &headers, body.to_string().as_bytes())
        .await;
    answer.unwrap().json()
}

pub(super) fn hex(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut all, byte| {
            write!(all, "{byte:02x}").unwrap();
            all
        })
}
