//! The published contracts are what this release serves.

use std::path::Path;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{InterfaceType, ObjectType, TypeKind, TypeSystemDefinition};
use async_graphql::{Name, Positioned};
use entrepot_api::contracts::Contract;

#[tokio::test]
async fn schema_graphql_is_what_the_server_serves() {
    assert_published(Contract::Graphql, "schema.graphql").await;
}

#[tokio::test]
async fn the_contract_of_each_role_is_what_the_server_keeps_to() {
    for (contract, file) in [
        (Contract::Commerce, "contracts/commerce.graphql"),
        (Contract::Finance, "contracts/finance.graphql"),
        (Contract::Support, "contracts/support.graphql"),
        (Contract::Partner, "contracts/partner.graphql"),
        (Contract::Operator, "contracts/operator.graphql"),
    ] {
        assert_published(contract, file).await;
    }
}

#[tokio::test]
async fn schema_sql_is_what_migrations_make() {
    assert_published(Contract::Sql, "schema.sql").await;
}

#[tokio::test]
async fn events_json_is_what_the_log_may_hold() {
    assert_published(Contract::Events, "events.json").await;
}

#[tokio::test]
async fn docs_errors_md_is_every_code_that_goes_out() {
    assert_published(Contract::Errors, "docs/errors.md").await;
}

/// Who explores the graph reads what each part of it means.
#[tokio::test]
async fn every_type_field_argument_and_value_is_described() {
    let sdl = Contract::Graphql
        .text()
        .await
        .expect("the contract is printed");
    let document = parse_schema(&sdl).expect("the schema is GraphQL");
    let mut silent = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let definition = definition.node;
        let mut check = |place: &[&Name], description: &Option<Positioned<String>>| {
            if description
                .as_ref()
                .is_none_or(|text| text.node.trim().is_empty())
            {
                silent.push(
                    place
                        .iter()
                        .map(|name| name.as_str())
                        .collect::<Vec<_>>()
                        .join("."),
                );
            }
        };
        let name = &definition.name.node;
        if !definition.extend {
            check(&[name], &definition.description);
        }
        match definition.kind {
            TypeKind::Object(ObjectType { fields, .. })
            | TypeKind::Interface(InterfaceType { fields, .. }) => {
                for field in fields {
                    let field = field.node;
                    check(&[name, &field.name.node], &field.description);
                    for argument in field.arguments {
                        let place = [name, &field.name.node, &argument.node.name.node];
                        check(&place, &argument.node.description);
                    }
                }
            }
            TypeKind::Enum(values) => {
                for value in values.values {
                    check(&[name, &value.node.value.node], &value.node.description);
                }
            }
            TypeKind::InputObject(input) => {
                for field in input.fields {
                    check(&[name, &field.node.name.node], &field.node.description);
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(silent.is_empty(), "not described: {silent:#?}");
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
