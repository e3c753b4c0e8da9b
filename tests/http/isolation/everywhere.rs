//! The same by every way in: each root field, each argument that names something, each role, each
//! transport, and routers. What belongs to another tenant answers, byte for byte, as what never was;
//! and no byte of the other tenant comes along: bodies, headers, frames, errors, logs.
//!
//! One line of defense is enough: on PostgreSQL it is tried with and without row-level security. That
//! the test would notice if none were left is tried by hand: take the filter out of
//! `entity/src/scope.rs::of`, build, and run it: with row-level security it passes, without it (and on
//! SQLite, which has none) it fails.

use std::collections::BTreeMap;

use entrepot_api::auth::Role;
use entrepot_tests::TestDb;
use serde_json::{Value as Json, json};

use super::super::client::{Client, mutation};
use super::super::figures;
use super::super::schema::{Field, Path, Schema, set};
use super::super::server::{Server, token};
use super::super::shopfront::{Ids, head, nobodys, story, tenants};
use super::super::socket::{Heard, Socket};
use super::{DEEP, commands, kinds};

/// The credential of a router.
const ROUTER: &str = "a router's secret that is long enough";
/// What all texts of the other tenant hold; nothing else does.
const MARK: &str = "southern";
/// As long as the mark, and nobody's.
const NOBODYS: &str = "nobodies";

/// The ways to ask a query.
const WAYS: [Way; 5] = [
    Way::Post,
    Way::Get,
    Way::Events,
    Way::Multipart,
    Way::Socket,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Post,
    Get,
    Events,
    Multipart,
    Socket,
}

/// Everything that came back, as it came: headers and body, or frames.
async fn ask(way: Way, client: &Client, query: &str, variables: &Json) -> String {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let json = ("content-type", "application/json");
    let answer = match way {
        Way::Socket => return ask_socket(client, query, variables).await,
        Way::Get => {
            let path = format!(
                "/graphql?query={}&variables={}",
                escaped(query),
                escaped(&variables.to_string())
            );
            client
                .send(
                    "GET",
                    &path,
                    &[("accept", "application/graphql-response+json")],
                    b"",
                )
                .await
        }
        Way::Post => {
            client
                .send(
                    "POST",
                    "/graphql",
                    &[json, ("accept", "application/json")],
                    body.as_bytes(),
                )
                .await
        }
        Way::Events => {
            client
                .send(
                    "POST",
                    "/graphql",
                    &[json, ("accept", "text/event-stream")],
                    body.as_bytes(),
                )
                .await
        }
        Way::Multipart => {
            let accept = ("accept", "multipart/mixed;subscriptionSpec=1.0");
            client
                .send("POST", "/graphql", &[json, accept], body.as_bytes())
                .await
        }
    };
    let answer = answer.unwrap();
    assert!(answer.status < 500, "{}: {query}", answer.status);
    format!(
        "{}\n{:?}\n{}",
        answer.status,
        answer.own_headers(),
        answer.text()
    )
}

async fn ask_socket(client: &Client, query: &str, variables: &Json) -> String {
    let mut socket = Socket::open(client).await;
    socket
        .subscribe("1", query, variables.clone(), json!({}))
        .await;
    let mut heard = String::new();
    while let Heard::Message(message) = socket.hear().await {
        heard += &message.to_string();
        if message["type"] != "next" {
            break;
        }
    }
    heard
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The served tenants, the same but for their marks; the other one has things that only it calls so.
struct Two {
    server: Server,
    ids: Ids,
    foreign: Ids,
    tried: BTreeMap<String, usize>,
}

impl Two {
    async fn new(db: &TestDb) -> Self {
        tenants(db, &["north", "south"]).await;
        let server = Server::start_with(db, &["--router-secret", ROUTER]).await;
        let (north, south) = (server.boss("north"), server.boss("south"));
        let ids = story(&north, "northern").await;
        let mut foreign = story(&south, MARK).await;
        let sku = json!({ "sku": MARK, "title": MARK, "taxClass": "standard", "category": MARK });
        let product = south.give("skuCreate", sku, "product { id }").await;
        foreign.insert(
            "Product",
            product["product"]["id"].as_str().unwrap().to_owned(),
        );
        let price = json!({ "sku": MARK, "currency": "USD", "amountMinor": "100" });
        south.give("priceSet", price, "").await;
        let stock =
            json!({ "sku": MARK, "warehouse": "east", "quantity": "50", "unitCostMinor": "1" });
        let stock = south
            .give("stockReceive", stock, "stockPositions { id }")
            .await;
        foreign.insert(
            "StockPosition",
            stock["stockPositions"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        let person = json!({ "email": format!("{MARK}@example.org"), "name": MARK });
        south.give("customerRegister", person, "").await;
        let order = json!({ "channel": "web", "externalId": MARK, "lines": [{ "sku": MARK, "quantity": "1" }] });
        south.give("orderPlace", order, "").await;
        Self {
            server,
            ids,
            foreign,
            tried: BTreeMap::new(),
        }
    }

    fn client(&self, role: Role) -> Client {
        let channels: &[&str] = if role == Role::Partner {
            &["web", "till"]
        } else {
            &[]
        };
        self.server.bearer(&token("north", role, channels))
    }

    /// Fails if a byte of the other tenant stands in a text, what was sent left out.
    fn assert_clean(&self, text: &str, sent: &str, what: &str) {
        let text = text.replace(sent, "");
        let ids = self.foreign.values().map(|id| &id[id.len() - 36..]);
        for taint in ids.chain([MARK]) {
            assert!(!text.contains(taint), "{taint} leaked by {what}: {text}");
        }
    }

    /// Asks for something of the other tenant's and for something that never was: the same comes back.
    async fn told_apart(
        &mut self,
        way: Way,
        client: &Client,
        query: &str,
        theirs: (&str, Json),
        nobodys: (&str, Json),
    ) {
        let mut said = Vec::new();
        for (value, variables) in [theirs, nobodys] {
            let answer = ask(way, client, query, &variables).await;
            self.assert_clean(&answer, value, query);
            let bare = value.strip_prefix("gid://entrepot/").unwrap_or(value);
            said.push(unplaced(
                &answer.replace(value, "<it>").replace(bare, "<it>"),
            ));
        }
        assert_eq!(said[0], said[1], "{way:?}: {query}");
        *self.tried.entry(format!("{way:?}")).or_default() += 1;
    }
}

/// An answer without what grows or drains with time: where it was read, and what it cost.
fn unplaced(answer: &str) -> String {
    let mut kept = answer.to_owned();
    for name in ["consistency", "cost"] {
        while let Some(start) = kept.find(&format!("\"{name}\":{{")) {
            let mut depth = 0;
            let end = kept[start..].find(|c| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                c == '}' && depth == 0
            });
            let end = end.map_or(kept.len(), |end| start + end + 1);
            kept.replace_range(start..end, "");
        }
    }
    // The sizes of chunks tell how long that was.
    let size = |line: &&str| !line.is_empty() && line.chars().all(|c| c.is_ascii_hexdigit());
    let lines = kept.lines().filter(|line| !size(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Values of a text argument: the other tenant's and nobody's.
fn texts(name: &str) -> Vec<(String, String)> {
    match name {
        "email" => vec![(
            format!("{MARK}@example.org"),
            format!("{NOBODYS}@example.org"),
        )],
        // Cursors are bound to their tenant and tried apart.
        "after" | "before" => Vec::new(),
        _ => vec![(MARK.to_owned(), NOBODYS.to_owned())],
    }
}

fn foreign_of(two: &Two, field: &Field<'_>, path: &Path) -> Vec<(String, String)> {
    let found = kinds(field.name, path)
        .iter()
        .map(|kind| two.foreign[*kind].clone());
    let also = ["Product", "StockPosition"].map(|kind| two.foreign[kind].clone());
    let more = field
        .name
        .starts_with("node")
        .then_some(also)
        .into_iter()
        .flatten();
    found
        .chain(more)
        .map(|id| (id.clone(), nobodys(&id)))
        .collect()
}

/// Arguments right in form, with a value at a place.
fn arguments(schema: &Schema, field: &Field<'_>, path: &Path, value: &str) -> Json {
    let mut variables = schema.sample(field);
    if field.takes("warehouse") && variables["warehouse"].is_string() {
        variables["warehouse"] = json!("east");
    }
    let listed = schema.takes_list(field, path);
    set(
        &mut variables,
        path,
        if listed { json!([value]) } else { json!(value) },
    );
    variables
}

/// Every query with every argument that names something, in every role, by every way.
async fn queries(two: &mut Two) {
    let boss = two.server.boss("north");
    let schema = Schema::of(&boss).await;
    let mut contracts = BTreeMap::new();
    for role in Role::ALL {
        let client = two.client(role);
        contracts.insert(role, (Schema::of(&client).await, client));
    }
    for field in schema.roots("Query") {
        let mut places: Vec<(Path, String, String)> = Vec::new();
        for path in schema.ids(&field) {
            let ids = foreign_of(two, &field, &path).into_iter();
            places.extend(ids.map(|(theirs, nobodys)| (path.clone(), theirs, nobodys)));
        }
        for path in schema.texts(&field) {
            let values = texts(path.last().map_or("", String::as_str)).into_iter();
            places.extend(values.map(|(theirs, nobodys)| (path.clone(), theirs, nobodys)));
        }
        let whole = schema.document("query", &field, DEEP);
        for (path, theirs, nobodys) in &places {
            let of = |value: &str| arguments(&schema, &field, path, value);
            two.told_apart(
                Way::Post,
                &boss,
                &whole,
                (theirs, of(theirs)),
                (nobodys, of(nobodys)),
            )
            .await;
            for (own, client) in contracts.values() {
                let Some(field) = own
                    .roots("Query")
                    .into_iter()
                    .find(|own| own.name == field.name)
                else {
                    continue;
                };
                let document = own.document("query", &field, 1);
                for way in WAYS {
                    two.told_apart(
                        way,
                        client,
                        &document,
                        (theirs, of(theirs)),
                        (nobodys, of(nobodys)),
                    )
                    .await;
                }
            }
        }
        // Without naming anything.
        if field.needs_nothing() {
            for way in WAYS {
                let answer = ask(way, &boss, &whole, &json!({})).await;
                two.assert_clean(&answer, "\u{0}", &whole);
            }
        }
    }
}

/// Every command on the other tenant's object, by every way that takes commands.
async fn orders_given(two: &mut Two, db: &TestDb) {
    let position = head(db, "north").await;
    let schema = Schema::of(&two.server.boss("north")).await;
    for (command, input, own) in commands(&two.ids) {
        let fields = schema.roots("Mutation");
        let field = fields
            .iter()
            .find(|field| field.name == command)
            .expect("a command");
        for path in schema.ids(field) {
            if own.contains(&path[1].as_str()) {
                continue;
            }
            let kind = kinds(command, &path)[0];
            let mut input = input.clone();
            input
                .as_object_mut()
                .unwrap()
                .retain(|name, _| !own.contains(&name.as_str()));
            for way in [Way::Post, Way::Events, Way::Multipart, Way::Socket] {
                let mut said = Vec::new();
                for id in [two.foreign[kind].clone(), nobodys(&two.foreign[kind])] {
                    input[&path[1]] = json!(id);
                    let (query, variables) = mutation(command, &input, "");
                    let answer = ask(way, &two.server.boss("north"), &query, &variables).await;
                    two.assert_clean(&answer, &id, command);
                    assert!(answer.contains("NOT_FOUND"), "{command} {path:?}: {answer}");
                    said.push(unplaced(&answer.replace(&id, "<it>")));
                }
                assert_eq!(said[0], said[1], "{way:?} {command} {path:?}");
                *two.tried.entry(format!("{way:?}")).or_default() += 1;
            }
        }
    }
    assert_eq!(head(db, "north").await, position, "nothing happened");
}

/// What a router asks for the caller.
async fn entities(two: &mut Two) {
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { __typename ... on Order { id }
        ... on Customer { id } ... on Product { id } ... on StockPosition { id } ... on SubscriptionContract { id } } }";
    let like = |id: &str| nobodys(id);
    let mut pairs: Vec<(Json, Json)> = Vec::new();
    for (kind, of) in [
        ("Order", "Order"),
        ("Customer", "Customer"),
        ("Subscription", "SubscriptionContract"),
        ("Product", "Product"),
        ("StockPosition", "StockPosition"),
    ] {
        let id = &two.foreign[kind];
        pairs.push((
            json!({ "__typename": of, "id": id }),
            json!({ "__typename": of, "id": like(id) }),
        ));
    }
    let of = |sku: &str| {
        [
            json!({ "__typename": "Product", "sku": sku }),
            json!({ "__typename": "StockPosition", "sku": sku, "warehouse": "east" }),
        ]
    };
    pairs.extend(of(MARK).into_iter().zip(of(NOBODYS)));
    let router = two.server.boss("north").with("entrepot-router", ROUTER);
    for (theirs, nobodys) in pairs {
        let mut said = Vec::new();
        for one in [theirs, nobodys] {
            let body = json!({ "query": query, "variables": { "of": [one] } }).to_string();
            let answer = router
                .send(
                    "POST",
                    "/federation",
                    &[("content-type", "application/json")],
                    body.as_bytes(),
                )
                .await
                .unwrap();
            let answer = answer.text();
            two.assert_clean(&answer, "\u{0}", "_entities");
            assert!(answer.contains("\"_entities\":[null]"), "{answer}");
            said.push(unplaced(&answer));
        }
        assert_eq!(said[0], said[1]);
        *two.tried.entry("Router".to_owned()).or_default() += 1;
    }
}

async fn neither_can_find_out_about_the_other(db: &TestDb, security: &str) {
    let mut two = Two::new(db).await;
    queries(&mut two).await;
    orders_given(&mut two, db).await;
    entities(&mut two).await;
    // Nor does the log of the program say what people wrote.
    two.assert_clean(&two.server.log_text(), "\u{0}", "the log");
    let tried: usize = two.tried.values().sum();
    assert!(tried >= 500, "{tried}");
    figures::say(
        &json!({ "suite": "isolation", "database": security, "tried": tried, "by": two.tried, "leaks": 0 }),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    neither_can_find_out_about_the_other(&TestDb::sqlite().await, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    neither_can_find_out_about_the_other(&TestDb::postgres().await, "postgres").await;
}

/// The program's own filter alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_without_row_security() {
    let db = TestDb::postgres().await;
    db.disable_row_security().await;
    neither_can_find_out_about_the_other(&db, "postgres without row security").await;
}
