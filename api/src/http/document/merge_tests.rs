use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{EmptySubscription, Object, Request, Schema, Variables};
use serde_json::{Value as Json, json};

use crate::http::document::{InputTypes, Parsed, prepare};

#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

struct Query;

#[Object]
impl Query {
    async fn ping(&self) -> &str {
        "pong"
    }
}

struct Mutation(Calls);

struct Bumped(usize);

#[Object]
impl Mutation {
    async fn bump(&self, by: Option<usize>) -> Bumped {
        let by = by.unwrap_or(1);
        Bumped(self.0.0.fetch_add(by, Ordering::SeqCst) + by)
    }

    async fn count(&self) -> usize {
        self.0.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[Object]
impl Bumped {
    async fn x(&self) -> usize {
        self.0
    }

    async fn y(&self) -> usize {
        self.0
    }

    async fn again(&self) -> Bumped {
        Bumped(self.0)
    }
}

/// Runs a mutation through `prepare`; gives the sum of all bumps and the answer.
async fn run(query: &str, variables: Json) -> (usize, Json) {
    let calls = Calls::default();
    let schema = Schema::new(Query, Mutation(calls.clone()), EmptySubscription);
    let request = Request::new(query).variables(Variables::from_json(variables));
    let prepared = prepare(request, &Parsed::default(), &InputTypes::default()).unwrap();
    let answer = serde_json::to_value(schema.execute(prepared.request).await).unwrap();
    (calls.0.load(Ordering::SeqCst), answer)
}

#[tokio::test]
async fn a_command_asked_twice_about_runs_once() {
    let once = json!({ "data": { "bump": { "x": 1, "y": 1 } } });
    for query in [
        "mutation { bump { x } bump { y } }",
        "mutation { bump { x } ... { bump { y } } }",
        "mutation { bump { x } ... on Mutation { bump { y } } }",
        "mutation { bump { x } ...F } fragment F on Mutation { bump { y } }",
        "mutation { ...F ...G } fragment F on Mutation { bump { x } }
         fragment G on Mutation { ...H } fragment H on Mutation { bump { y } }",
        "mutation { bump { x } bump @include(if: true) { y } }",
    ] {
        assert_eq!(run(query, json!({})).await, (1, once.clone()), "{query}");
    }
}

#[tokio::test]
async fn conditions_are_those_of_the_request() {
    let query = "mutation ($a: Boolean!, $b: Boolean = true) {
        bump @include(if: $a) { x } bump @skip(if: $b) { y } }";
    let both = json!({ "data": { "bump": { "x": 1, "y": 1 } } });
    assert_eq!(
        run(query, json!({ "a": true, "b": false })).await,
        (1, both)
    );
    let one = json!({ "data": { "bump": { "x": 1 } } });
    assert_eq!(run(query, json!({ "a": true })).await, (1, one));
    assert_eq!(
        run(query, json!({ "a": false })).await,
        (0, json!({ "data": {} }))
    );

    let nested = "mutation ($a: Boolean!, $b: Boolean!) {
        bump { x } ... @include(if: $a) { bump @include(if: $b) { y } } }";
    let both = json!({ "data": { "bump": { "x": 1, "y": 1 } } });
    assert_eq!(
        run(nested, json!({ "a": true, "b": true })).await,
        (1, both)
    );
}

#[tokio::test]
async fn what_is_not_one_command_stays_two() {
    let query = "mutation { bump { x } two: bump { x } bump3: bump(by: 3) { x } }";
    let answer = json!({ "data": { "bump": { "x": 1 }, "two": { "x": 2 }, "bump3": { "x": 5 } } });
    assert_eq!(run(query, json!({})).await, (5, answer));
}

#[tokio::test]
async fn leaves_and_inner_sets_are_merged_too() {
    assert_eq!(run("mutation { count count }", json!({})).await.0, 1);
    let query = "mutation { bump { again { x } again { y } ... { again { x } } } }";
    let answer = json!({ "data": { "bump": { "again": { "x": 1, "y": 1 } } } });
    assert_eq!(run(query, json!({})).await, (1, answer));
}

#[tokio::test]
async fn a_conflict_is_left_for_validation() {
    let (calls, answer) = run("mutation { bump { x } bump(by: 2) { x } }", json!({})).await;
    assert_eq!(calls, 0);
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("conflict"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_fragment_unused_from_the_start_is_still_refused() {
    let query = "mutation { bump { x } bump { y } } fragment F on Mutation { count }";
    let (calls, answer) = run(query, json!({})).await;
    assert_eq!(calls, 0);
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains('F'),
        "{answer}"
    );
}
