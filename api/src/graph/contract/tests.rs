use std::collections::BTreeSet;

use apollo_compiler::schema::ExtendedType;

use super::*;
use crate::graph::policy::{FIELDS, allows, area_of};

fn contracts() -> Contracts {
    Contracts::new(&crate::graph::sdl_of(&crate::graph::graph())).expect("the graph has a schema")
}

fn all_fields(schema: &Schema) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (of, kind) in &schema.types {
        let fields = match kind {
            _ if kind.is_built_in() => continue,
            ExtendedType::Object(kind) => &kind.fields,
            ExtendedType::Interface(kind) => &kind.fields,
            _ => continue,
        };
        names.extend(fields.keys().map(|field| format!("{of}.{field}")));
    }
    names
}

#[test]
fn every_field_belongs_to_one_area_and_the_table_names_no_others() {
    let known = all_fields(&contracts().whole);
    let mut named = BTreeSet::new();
    for (of, _, fields) in FIELDS {
        for field in fields.split_ascii_whitespace() {
            assert!(
                named.insert(format!("{of}.{field}")),
                "{of}.{field} stands twice"
            );
        }
    }
    let nobodys: Vec<_> = known.difference(&named).collect();
    assert!(
        nobodys.is_empty(),
        "say in the policy what these belong to: {nobodys:?}"
    );
    let gone: Vec<_> = named.difference(&known).collect();
    assert!(gone.is_empty(), "the graph has no such fields: {gone:?}");
}

#[test]
fn every_set_of_roles_has_a_contract_with_what_is_open_to_it_and_nothing_else() {
    let contracts = contracts();
    let whole = all_fields(&contracts.whole);
    for bits in 1..Roles::SETS {
        let roles: Roles = Role::ALL
            .into_iter()
            .filter(|role| bits & (1 << *role as usize) != 0)
            .collect();
        assert_eq!(roles.index(), bits);
        let contract = contracts.of(of_roles(roles.iter())).expect("a schema");
        let within = all_fields(&contract.schema);
        for coordinate in &whole {
            let (of, field) = coordinate.split_once('.').expect("a coordinate");
            let area = area_of(of, field).expect("an area");
            let open = allows(roles, area);
            assert!(
                open || !within.contains(coordinate),
                "{coordinate} for {roles:?}"
            );
            // What is open and cannot be reached is there for nobody.
            let root = ["Query", "Mutation", "Subscription"].contains(&of);
            assert!(
                !root || within.contains(coordinate) == open,
                "{coordinate} for {roles:?}"
            );
        }
    }
}

#[test]
fn what_a_contract_lacks_is_unknown_and_is_not_told() {
    let contracts = contracts();
    let of = |role: Role| contracts.of(of_roles([role])).expect("a schema");
    let message = |role: Role, text: &str| {
        let refused = of(role).check(text).expect_err("it is refused");
        refused[0].message.clone()
    };
    let (closed, unknown) = (
        message(Role::Support, "{ margins { totalCount } }"),
        message(Role::Support, "{ nothing { totalCount } }"),
    );
    assert_eq!(closed.replace("margins", "nothing"), unknown);
    assert!(
        of(Role::Finance)
            .check("{ margins { totalCount } }")
            .is_ok()
    );
    for hidden in [
        "query($f: MarginFilter) { orders { totalCount } margins(filter: $f) { totalCount } }",
        "{ node(id: \"1\") { ... on Customer { id } } }",
        "{ orders { nodes { payments { fee { amount } } } } }",
    ] {
        assert!(of(Role::Partner).check(hidden).is_err(), "{hidden}");
    }

    let text =
        "{ __typename __schema { types { name } } hidden: __type(name: \"MarginLine\") { name } }";
    let names = |role: Role| {
        let contract = of(role);
        let checked = contract.check(text).expect("it is valid");
        match contract.introspect(&checked, &async_graphql::Request::new(text)) {
            Told::All(response) => response.data.into_json().expect("JSON"),
            Told::Nothing | Told::Part(_) => panic!("all of it is about the schema"),
        }
    };
    let (support, finance) = (names(Role::Support), names(Role::Finance));
    assert!(support["hidden"].is_null() && finance["hidden"]["name"] == "MarginLine");
    assert!(!support["__schema"].to_string().contains("Margin"));
    assert_eq!(support["__typename"], "Query");
}
