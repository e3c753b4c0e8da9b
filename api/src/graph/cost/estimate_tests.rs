use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::*;

fn graph() -> Valid<Schema> {
    let sdl = crate::graph::sdl_of(&crate::graph::graph());
    Schema::parse_and_validate(sdl, "schema.graphql").unwrap()
}

fn estimated(text: &str, variables: serde_json::Value) -> Estimate {
    let document = ExecutableDocument::parse_and_validate(&graph(), text, "document");
    let document = document.unwrap_or_else(|invalid| {
        let first = invalid
            .errors
            .iter()
            .next()
            .map(|error| error.error.to_string());
        panic!("{first:?}")
    });
    let operation = document.operations.get(None).unwrap();
    estimate(&document, operation, &Variables::from_json(variables))
}

fn cost(text: &str) -> u64 {
    estimated(text, serde_json::json!({})).cost
}

#[test]
fn objects_weigh_one_and_lists_multiply() {
    // Scalars are free.
    assert_eq!(cost("{ order(id: \"1\") { id status } }"), 1);
    assert_eq!(cost("{ order(id: \"1\") { customer { id } } }"), 2);
    // Five lines assumed, each with a sum.
    assert_eq!(
        cost("{ order(id: \"1\") { lines { sku gross { amount } } } }"),
        1 + 5 * 2
    );
    assert_eq!(cost("{ orders { nodes { id } } }"), 1 + 50);
    assert_eq!(cost("{ orders(first: 7) { nodes { id } } }"), 1 + 7);
    assert_eq!(
        cost("{ orders(last: 7) { edges { cursor node { id } } } }"),
        1 + 7 * 2
    );
    assert_eq!(cost("{ orders(first: 7) { totalCount } }"), 1 + 10);
    assert_eq!(cost("{ __typename }"), 0);
    assert_eq!(
        cost("{ a: order(id: \"1\") { id } b: order(id: \"1\") { id } }"),
        2
    );
    // A page in a page.
    let nested = "{ customers(first: 4) { nodes { id orders(first: 3) { nodes { id } } } } }";
    assert_eq!(cost(nested), 1 + 4 * (1 + 1 + 3));
}

#[test]
fn the_page_is_that_of_the_connection_also_through_fragments() {
    let text = "{ orders(first: 7) { ...C } more: orders(first: 9) { ...C } } \
                fragment C on OrderConnection { ... { nodes { ...N } } } \
                fragment N on Order { id customer { id } }";
    assert_eq!(cost(text), 1 + 7 * 2 + 1 + 9 * 2);
}

#[test]
fn lengths_come_from_literals_and_variables_and_are_held_within_what_a_field_takes() {
    let page = "query($n: Int) { orders(first: $n) { nodes { id } } }";
    for (n, members) in [
        (Some(9), 9),
        (None, 50),
        (Some(-4), 0),
        (Some(99_999_999), 250),
    ] {
        let estimate = estimated(page, serde_json::json!({ "n": n }));
        // A list is looked for also if it has no members.
        assert_eq!(estimate.cost, 1 + u64::max(members, 1), "{n:?}");
        assert!(estimate.by_variables);
    }
    assert_eq!(cost("{ orders(first: null) { nodes { id } } }"), 51);
    assert_eq!(cost("{ nodes(ids: [\"1\", \"2\", \"3\"]) { id } }"), 3);
    let by_ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(
        estimated(by_ids, serde_json::json!({ "ids": ["1", "2"] })).cost,
        2
    );
    let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Order { customer { id } } } }";
    let representations = vec![serde_json::json!({ "__typename": "Order", "id": "1" }); 40];
    assert_eq!(
        estimated(entities, serde_json::json!({ "r": representations })).cost,
        40 * 2
    );
}

#[test]
fn what_is_skipped_costs_nothing() {
    assert_eq!(
        cost("{ __typename order(id: \"1\") @skip(if: true) { id } }"),
        0
    );
    let text = "query($no: Boolean!) { order(id: \"1\") { id customer @include(if: $no) { id } } }";
    assert_eq!(estimated(text, serde_json::json!({ "no": false })).cost, 1);
    assert_eq!(estimated(text, serde_json::json!({ "no": true })).cost, 2);
}

#[test]
fn commands_and_aggregates_weigh_more() {
    let command = "mutation { orderHold(input: { orderId: \"1\", reason: \"x\" }) { position order { id } } }";
    assert_eq!(cost(command), 10 + 1);
    assert_eq!(cost("{ orderSums { currency } }"), 2 * 20);
    assert_eq!(cost("{ __schema { types { name } } }"), 100);
}

#[test]
fn a_fragment_is_looked_at_once_however_often_it_is_spread() {
    let levels = 40;
    let mut bomb = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let next = level + 1;
        write!(
            bomb,
            " fragment F{level} on Query {{ ...F{next} ...F{next} }}"
        )
        .unwrap();
    }
    write!(
        bomb,
        " fragment F{levels} on Query {{ orders(first: 250) {{ nodes {{ id }} }} }}"
    )
    .unwrap();
    let estimate = estimated(&bomb, serde_json::json!({}));
    assert_eq!(estimate.cost, (1 << levels) * 251);
    // The spread in the operation, two in each fragment, and three fields in the last.
    assert_eq!(estimate.looked_at, 1 + 2 * levels + 3);
}

#[test]
fn an_estimate_saturates() {
    let mut text = "query { orders(first: 250) { nodes { ...A0 } } }".to_owned();
    for level in 0..10 {
        let inner = (0..10).fold(String::new(), |mut all, n| {
            write!(all, "a{n}: totals {{ currency: gross {{ currency }} }} c{n}: customer {{ orders(first: 250) {{ nodes {{ ...A{} }} }} }} ", level + 1).unwrap();
            all
        });
        write!(text, " fragment A{level} on Order {{ {inner} }}").unwrap();
    }
    text.push_str(" fragment A10 on Order { id }");
    assert_eq!(cost(&text), u64::MAX);
}

#[test]
fn an_estimate_without_variables_is_kept_for_the_document() {
    let text = "query A { orders(first: 7) { nodes { id } } } query B($n: Int) { orders(first: $n) { nodes { id } } }";
    let document = ExecutableDocument::parse_and_validate(&graph(), text, "document").unwrap();
    let estimates = Estimates::default();
    let variables = |n: i32| Variables::from_json(serde_json::json!({ "n": n }));
    assert_eq!(estimates.of(&document, Some("A"), &variables(1)), 8);
    assert_eq!(estimates.of(&document, Some("B"), &variables(2)), 3);
    assert_eq!(estimates.of(&document, Some("B"), &variables(4)), 5);
    assert_eq!(estimates.0.lock().unwrap().len(), 1);
}
