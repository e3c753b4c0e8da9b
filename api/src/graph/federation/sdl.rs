//! The subgraph's schema: a contract with the directives that composers and routers read. They say
//! what the tables of the policy say; a router may act on them, this server never relies on it.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::schema::{Component, ExtendedType, Name};
use apollo_compiler::{Node, Schema};

use super::entities::KEYS;
use crate::auth::{Role, Roles};
use crate::graph::policy::Audience;

/// The specification that the directives are of.
const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: \
    [\"@authenticated\", \"@key\", \"@requiresScopes\", \"@shareable\", \"@tag\"])\n\n";

/// Types that mean the same in every subgraph.
const SHAREABLE: &[&str] = &["Money", "PageInfo"];

/// Writes a schema as that of a subgraph. Each part is tagged with the roles in whose contracts it
/// stands, so that a contract which a composer cuts by a tag is the one that this server keeps to.
pub(in crate::graph) fn subgraph(schema: &Schema, contracts: &[(Role, &Schema)]) -> String {
    let with_type = |name: &Name| -> Roles {
        let with = contracts.iter();
        with.filter(|(_, contract)| contract.types.contains_key(name))
            .map(|(role, _)| *role)
            .collect()
    };
    let with_field = |of: &Name, field: &Name| -> Roles {
        let with = contracts.iter();
        with.filter(|(_, contract)| contract.type_field(of, field).is_ok())
            .map(|(role, _)| *role)
            .collect()
    };
    let mut schema = schema.clone();
    let definition = &schema.schema_definition;
    let roots = [
        &definition.query,
        &definition.mutation,
        &definition.subscription,
    ];
    let roots: BTreeSet<Name> = roots
        .into_iter()
        .flatten()
        .map(|it| it.name.clone())
        .collect();
    for (name, kind) in &mut schema.types {
        if kind.is_built_in() {
            continue;
        }
        let of_type = || tags(with_type(name)).map(Component::new);
        match kind {
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                object.directives.extend(keys(name).map(Component::new));
                if SHAREABLE.contains(&name.as_str()) {
                    object.directives.push(Component::new(bare("shareable")));
                }
                for (field, definition) in &mut object.fields {
                    let directives = &mut definition.make_mut().directives;
                    let open_to = open_to(name, field);
                    if open_to != everybody() {
                        directives.push(Node::new(scopes(open_to)));
                    } else if roots.contains(name) {
                        directives.push(Node::new(bare("authenticated")));
                    }
                    directives.extend(tags(with_field(name, field)).map(Node::new));
                }
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                interface.directives.extend(of_type());
                for (field, definition) in &mut interface.fields {
                    let tags = tags(with_field(name, field)).map(Node::new);
                    definition.make_mut().directives.extend(tags);
                }
            }
            ExtendedType::Scalar(kind) => kind.make_mut().directives.extend(of_type()),
            ExtendedType::Union(kind) => kind.make_mut().directives.extend(of_type()),
            ExtendedType::Enum(kind) => kind.make_mut().directives.extend(of_type()),
            ExtendedType::InputObject(kind) => kind.make_mut().directives.extend(of_type()),
        }
    }
    LINK.to_owned() + &schema.serialize().to_string()
}

fn everybody() -> Roles {
    Role::ALL.into_iter().collect()
}

fn open_to(of: &str, field: &str) -> Roles {
    let may = |role: &Role| {
        let audience = Audience {
            roles: [*role].into_iter().collect(),
            router: false,
        };
        audience.sees(of, field)
    };
    Role::ALL.into_iter().filter(may).collect()
}

fn keys(of: &str) -> impl Iterator<Item = Directive> {
    let keys = KEYS.iter().filter(move |(known, _)| *known == of);
    let keys = keys.flat_map(|(_, keys)| keys.iter());
    keys.map(|key| with("key", "fields", Value::String((*key).to_owned())))
}

fn tags(roles: Roles) -> impl Iterator<Item = Directive> {
    let name = |role: Role| Value::String(role.name().to_owned());
    roles
        .iter()
        .map(move |role| with("tag", "name", name(role)))
}

/// Any one of the roles is enough. Routers find them in the token's claim `scope`.
fn scopes(roles: Roles) -> Directive {
    let name = |role: Role| Node::new(Value::String(role.name().to_owned()));
    let any = roles
        .iter()
        .map(|role| Node::new(Value::List(vec![name(role)])));
    with("requiresScopes", "scopes", Value::List(any.collect()))
}

fn bare(name: &'static str) -> Directive {
    Directive {
        name: Name::new_static_unchecked(name),
        arguments: Vec::new(),
    }
}

fn with(directive: &'static str, argument: &'static str, value: Value) -> Directive {
    let argument = Argument {
        name: Name::new_static_unchecked(argument),
        value: Node::new(value),
    };
    Directive {
        arguments: vec![Node::new(argument)],
        ..bare(directive)
    }
}
