//! The published contracts are what this release serves.

use std::path::Path;

use entrepot_api::contracts::Contract;

#[tokio::test]
async fn schema_graphql_is_what_the_server_serves() {
    assert_published(Contract::Graphql, "schema.graphql").await;
}

#[tokio::test]
async fn schema_sql_is_what_migrations_make() {
    assert_published(Contract::Sql, "schema.sql").await;
}

#[tokio::test]
async fn events_json_is_what_the_log_may_hold() {
    assert_published(Contract::Events, "events.json").await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one switch of the tests: UPDATE=1"
)]
fn update() -> bool {
    std::env::var("UPDATE").is_ok_and(|update| update == "1")
}

async fn assert_published(contract: Contract, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = contract.text().await.expect("the contract is printed");
    if update() {
        std::fs::write(&path, &text).expect("the contract is written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = published
        .lines()
        .zip(text.lines())
        .position(|(left, right)| left != right);
    let line = differs.unwrap_or_else(|| published.lines().count().min(text.lines().count())) + 1;
    assert!(
        published == text,
        "{file} differs from line {line} on; review the change and run UPDATE=1 scripts/test"
    );
}
