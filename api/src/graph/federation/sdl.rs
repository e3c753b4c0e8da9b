//! The subgraph's schema: a contract with the directives that composers and routers read. They say
//! what the tables of the policy say; a router may act on them, this server never relies on it.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType, Name};
use apollo_compiler::{Node, Schema};

use super::entities::KEYS;
use crate::auth::{Role, Roles};
use crate::graph::cost::{PAGE, SIZED, SLICING, Size, size_of, weight_of};
use crate::graph::policy::Audience;

/// The specification that the directives are of.
const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: \
    [\"@authenticated\", \"@cost\", \"@key\", \"@listSize\", \"@requiresScopes\", \"@shareable\", \"@tag\"])\n\n";

/// Types that mean the same in every subgraph.
const SHAREABLE: &[&str] = &["Money", "PageInfo"];

/// Writes a schema as that of a subgraph.
pub(in crate::graph) fn subgraph(schema: &Schema) -> String {
    let audiences = audiences(schema);
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
        let tags = || {
            let roles = audiences.get(name).copied().unwrap_or_default();
            tags(roles).map(Component::new)
        };
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
                    directives.extend(self::tags(open_to).map(Node::new));
                    directives.extend(costs(name, field).map(Node::new));
                }
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                interface.directives.extend(tags());
                for (field, definition) in &mut interface.fields {
                    let tags = self::tags(open_to(name, field)).map(Node::new);
                    definition.make_mut().directives.extend(tags);
                }
            }
            ExtendedType::Scalar(kind) => kind.make_mut().directives.extend(tags()),
            ExtendedType::Union(kind) => kind.make_mut().directives.extend(tags()),
            ExtendedType::Enum(kind) => kind.make_mut().directives.extend(tags()),
            ExtendedType::InputObject(kind) => kind.make_mut().directives.extend(tags()),
        }
    }
    LINK.to_owned() + &schema.serialize().to_string()
}

/// To whom each type is of use: a type of values or of input, to whoever may use a field that it
/// stands in. Contracts that include by tag would lose it otherwise.
fn audiences(schema: &Schema) -> IndexMap<Name, Roles> {
    let mut audiences = IndexMap::<Name, Roles>::default();
    let mut next: Vec<(&Name, Roles)> = Vec::new();
    for (of, kind) in &schema.types {
        let fields = match kind {
            _ if kind.is_built_in() => continue,
            ExtendedType::Object(kind) => &kind.fields,
            ExtendedType::Interface(kind) => &kind.fields,
            _ => continue,
        };
        for (name, field) in fields {
            let roles = open_to(of, name);
            next.push((field.ty.inner_named_type(), roles));
            let arguments = field.arguments.iter();
            next.extend(arguments.map(|argument| (argument.ty.inner_named_type(), roles)));
        }
    }
    while let Some((name, roles)) = next.pop() {
        let known = audiences.entry(name.clone()).or_default();
        let all: Roles = known.iter().chain(roles.iter()).collect();
        if all == *known {
            continue;
        }
        *known = all;
        if let Some(ExtendedType::InputObject(input)) = schema.types.get(name) {
            let fields = input.fields.values();
            next.extend(fields.map(|field| (field.ty.inner_named_type(), all)));
        }
    }
    audiences
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

/// What a field weighs and how long its list is, where that is not what routers assume.
fn costs(of: &str, field: &str) -> impl Iterator<Item = Directive> {
    let weight = weight_of(of, field).map(|weight| with("cost", "weight", number(weight)));
    let size = size_of(of, field).and_then(|size| match size {
        Size::Page => {
            let mut size = with("listSize", "assumedSize", number(PAGE));
            size.arguments.extend([
                named("slicingArguments", names(&SLICING)),
                named("sizedFields", names(&SIZED)),
            ]);
            let either = Value::Boolean(false);
            size.arguments
                .push(named("requireOneSlicingArgument", either));
            Some(size)
        }
        Size::Given(_, members) | Size::About(members) => {
            Some(with("listSize", "assumedSize", number(members)))
        }
        // The field that gives the connection says it.
        Size::OfPage => None,
    });
    weight.into_iter().chain(size)
}

fn number(number: u64) -> Value {
    Value::Int(i32::try_from(number).unwrap_or(i32::MAX).into())
}

fn names(names: &[&str]) -> Value {
    let names = names.iter().map(|name| Value::String((*name).to_owned()));
    Value::List(names.map(Node::new).collect())
}

fn named(argument: &'static str, value: Value) -> Node<Argument> {
    Node::new(Argument {
        name: Name::new_static_unchecked(argument),
        value: Node::new(value),
    })
}

fn bare(name: &'static str) -> Directive {
    Directive {
        name: Name::new_static_unchecked(name),
        arguments: Vec::new(),
    }
}

fn with(directive: &'static str, argument: &'static str, value: Value) -> Directive {
    Directive {
        arguments: vec![named(argument, value)],
        ..bare(directive)
    }
}
