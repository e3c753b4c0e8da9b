//! Lists that are written directly say, byte for byte, what the library's execution says, and cost
//! as much.

use std::fmt::Write as _;

use entrepot_tests::{Random, TestDb, both};
use serde_json::json;

use super::client::Client;
use super::federation::counted;
use super::schema::Schema;
use super::server::Server;
use super::shopfront::{order_of, place, receive, story, tenants, with};

/// Lists, and the types of their nodes.
const LISTS: [(&str, &str); 3] = [
    ("orders", "Order"),
    ("customers", "Customer"),
    ("margins", "MarginLine"),
];
/// Fields that are for the library: they have arguments, or need a look elsewhere.
const GENERAL: [(&str, &str); 8] = [
    ("Order", "shippingAddress"),
    ("Order", "payments"),
    ("Order", "shipments"),
    ("OrderLine", "product"),
    ("Customer", "personalData"),
    ("Customer", "orders"),
    ("MarginLine", "order"),
    ("MarginLine", "product"),
];
const SELECTIONS: u64 = 40;

/// A selection of some or all fields of a type, in all the forms that documents have.
struct Writer<'s> {
    schema: &'s Schema,
    random: Random,
    fragments: String,
}

impl Writer<'_> {
    fn chance(&mut self, one_in: u64) -> bool {
        self.random.below(one_in) == 0
    }

    fn selection(&mut self, of: &str, all: bool) -> String {
        let mut selection = String::new();
        let mut number = 0;
        for (field, leads) in self.schema.fields(of) {
            let general = GENERAL.contains(&(of, field.as_str()));
            if general || !all && self.chance(2) {
                continue;
            }
            let inner = match leads.first() {
                Some(of) => format!(" {{ {} }}", self.selection(of, all)),
                None => String::new(),
            };
            number += 1;
            let alias = if self.chance(12) {
                format!("as{number}: ")
            } else {
                String::new()
            };
            let asked = format!("{alias}{field}{inner}");
            let asked = match self.random.below(40) {
                0 => format!("... on {of} {{ {asked} }}"),
                1 => format!("... {{ {asked} }}"),
                2 => format!("{alias}{field} @include(if: $yes){inner}"),
                3 => format!("{alias}{field} @skip(if: $yes){inner}"),
                4 => format!("... @include(if: $yes) {{ {asked} }}"),
                5 => {
                    let name = format!("F{}", self.random.bits());
                    let _written = write!(self.fragments, " fragment {name} on {of} {{ {asked} }}");
                    format!("...{name}")
                }
                _ => asked,
            };
            let _written = write!(selection, "{asked} ");
        }
        // Something must be left, and it is told apart by nothing.
        selection + "__typename"
    }
}

/// The data of an answer as it came, and what it cost.
async fn answered(client: &Client, document: &str) -> (String, u64) {
    let answer = client
        .post(document, json!({ "yes": true }))
        .await
        .expect("an answer");
    let cost = answer.json()["extensions"]["cost"]["actualQueryCost"].as_u64();
    let text = answer.text();
    let data = text
        .split_once(",\"extensions\":")
        .map(|(data, _)| data.to_owned());
    let data = data.unwrap_or_else(|| panic!("{document}\n{text}"));
    assert!(!data.contains("\"errors\""), "{document}\n{data}");
    (data, cost.expect("a cost"))
}

async fn lists(server: &Server, way: &str) -> u64 {
    counted(server, &format!("entrepot_lists_total{{way=\"{way}\"}}")).await
}

both! {
    async fn what_is_written_directly_is_what_the_library_says(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start_with(&db, &["--cost", "measure"]).await;
        let boss = server.boss("north");
        story(&boss, "m\u{e4}rk \"\\\u{2028}\u{1f4e6}").await;
        let schema = Schema::of(&boss).await;
        for seed in 0..SELECTIONS {
            for (list, of) in LISTS {
                let mut writer = Writer {
                    schema: &schema,
                    random: Random::seeded(seed),
                    fragments: String::new(),
                };
                let nodes = writer.selection(of, seed == 0);
                let edges = writer.selection(of, seed == 0);
                // What stands in the selection and again in a fragment is merged by the library alone.
                let document = |again: &str| {
                    let fragment = if again.is_empty() {
                        String::new()
                    } else {
                        format!("fragment Again on {of} {{ __typename }}")
                    };
                    format!(
                        "query($yes: Boolean!) {{ __typename @skip(if: $yes)
                           {list} {{ nodes {{ {nodes} {again} }}
                             edges {{ cursor node {{ {edges} {again} }} __typename }} }} }}
                         {} {fragment}",
                        writer.fragments
                    )
                };
                let before = (lists(&server, "direct").await, lists(&server, "general").await);
                let direct = answered(&boss, &document("")).await;
                let between = (lists(&server, "direct").await, lists(&server, "general").await);
                let general = answered(&boss, &document("...Again")).await;
                let after = (lists(&server, "direct").await, lists(&server, "general").await);
                assert_eq!(direct, general, "{}", document(""));
                assert_eq!((between.0 - before.0, between.1 - before.1), (2, 0), "{}", document(""));
                assert_eq!((after.0 - between.0, after.1 - between.1), (0, 2), "{}", document("...Again"));
            }
        }
    }
}

both! {
    /// By fragments with a type, as each part of a page brings its own.
    async fn a_list_that_is_asked_for_twice_has_what_both_want(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let boss = server.boss("north");
        story(&boss, "mark").await;
        let whole = "{ orders(first: 3) { nodes { id channel } edges { cursor node { id } } }
            customers(first: 3) { nodes { id orders(first: 2) { nodes { id channel } } } } }";
        let parts = "{ orders(first: 3) { nodes { id } ...Channels edges { cursor } }
            customers(first: 3) { nodes { id orders(first: 2) { nodes { id } ...More } } } }
            fragment Channels on OrderConnection { nodes { channel } edges { node { id } } }
            fragment More on OrderConnection { nodes { ... on Order { channel } } }";
        // A subscription's cycle may add an order in between.
        let mut asked = (boss.ask(whole, json!({})).await, boss.ask(parts, json!({})).await);
        for _ in 0..20 {
            if asked.0 == asked.1 {
                break;
            }
            asked = (boss.ask(whole, json!({})).await, boss.ask(parts, json!({})).await);
        }
        let (whole, parts) = asked;
        assert!(whole["orders"]["nodes"][0]["channel"].is_string(), "{whole:#}");
        assert_eq!(whole, parts);
        // Also where a field around it is asked for twice.
        let order = &whole["orders"]["nodes"][0]["id"];
        let query = "query($id: ID!) { node(id: $id) { ...A ...B } }
            fragment A on Order { id lines { sku } } fragment B on Order { lines { quantity } }";
        let node = boss.ask(query, json!({ "id": order })).await;
        let line = &node["node"]["lines"][0];
        assert!(line["sku"].is_string() && line["quantity"].is_string(), "{node:#}");
    }

    async fn an_answer_is_no_larger_than_it_may_be(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start_with(&db, &["--answer-bytes", "200000", "--cost", "measure"]).await;
        let boss = server.boss("north");
        receive(&boss, "A", 1000, 880).await;
        let lines = vec![json!({ "sku": "A", "quantity": "1" }); 40];
        for _ in 0..10 {
            place(&boss, with(&order_of("A", 1), json!({ "lines": lines }))).await;
        }
        let names: String = ["a", "b", "c", "d", "e", "f"].map(|name| format!("{}: sku ", name.repeat(110))).concat();
        // Once as it is, and once by the library.
        for again in ["", "... on OrderConnection { nodes { __typename } }"] {
            let query = format!("query($first: Int) {{ orders(first: $first) {{ nodes {{ lines {{ {names} }} }} {again} }} }}");
            let few = boss.ask(&query, json!({ "first": 2 })).await;
            assert_eq!(few["orders"]["nodes"][1]["lines"].as_array().map(Vec::len), Some(40), "{few:#}");
            let many = boss.answer(&query, json!({ "first": 10 })).await;
            let codes: Vec<_> = many["errors"].as_array().into_iter().flatten().map(|it| &it["extensions"]["code"]).collect();
            assert_eq!(codes, ["PAYLOAD_TOO_LARGE"], "{many:#}");
            assert!(many["data"].is_null(), "{many:#}");
        }
    }
}
