//! The subgraph's schema: a contract with the directives that composers and routers read. They say
//! what the tables of the policy say; a router may act on them, this server never relies on it.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::schema::{Component, ExtendedType, Name, ObjectType};
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

/// Writes a schema as that of a subgraph. Each part is tagged with the roles in whose contracts it
/// stands, so that a contract which a composer cuts by a tag is the one that this server keeps to.
pub(in crate::graph) fn subgraph(schema: &Schema, contracts: &[(Role, &Schema)]) -> String {
    let mut schema = schema.clone();
    let definition = &schema.schema_definition;
    let roots = [
        &definition.query,
        &definition.mutation,
        &definition.subscription,
    ];
    let roots = roots.into_iter().flatten();
    let marks = Marks {
        contracts,
        roots: roots.map(|root| root.name.clone()).collect(),
    };
    for (name, kind) in &mut schema.types {
        let on_type = || tags(marks.roles_of(name)).map(Component::new);
        match kind {
            _ if kind.is_built_in() => {}
            ExtendedType::Object(object) => marks.mark(name, object.make_mut()),
            ExtendedType::Interface(kind) => kind.make_mut().directives.extend(on_type()),
            ExtendedType::Scalar(kind) => kind.make_mut().directives.extend(on_type()),
            ExtendedType::Union(kind) => kind.make_mut().directives.extend(on_type()),
            ExtendedType::Enum(kind) => kind.make_mut().directives.extend(on_type()),
            ExtendedType::InputObject(kind) => kind.make_mut().directives.extend(on_type()),
        }
    }
    LINK.to_owned() + &schema.serialize().to_string()
}

/// What is to be said of the schema's parts.
struct Marks<'s> {
    contracts: &'s [(Role, &'s Schema)],
    roots: BTreeSet<Name>,
}

impl Marks<'_> {
    /// In whose contracts a type stands.
    fn roles_of(&self, of: &Name) -> Roles {
        let with = self.contracts.iter();
        with.filter(|(_, contract)| contract.types.contains_key(of))
            .map(|(role, _)| *role)
            .collect()
    }

    /// In whose contracts a field stands.
    fn roles_of_field(&self, of: &Name, field: &Name) -> Roles {
        let with = self.contracts.iter();
        with.filter(|(_, contract)| contract.type_field(of, field).is_ok())
            .map(|(role, _)| *role)
            .collect()
    }

    fn mark(&self, name: &Name, object: &mut ObjectType) {
        object.directives.extend(keys(name).map(Component::new));
        if SHAREABLE.contains(&name.as_str()) {
            object.directives.push(Component::new(bare("shareable")));
        }
        // What holds of all fields is said of the type. Not where other subgraphs may add fields:
        // they say for themselves whose those are.
        let open = self.roots.contains(name) || keys(name).next().is_some();
        let fields = || object.fields.keys();
        let scopes_of_all = fields().map(|field| open_to(name, field));
        let scopes_of_all = same(scopes_of_all).filter(|_| !open);
        let tags_of_all = fields().map(|field| self.roles_of_field(name, field));
        let tags_of_all = same(tags_of_all).filter(|_| !open);
        for (field, definition) in &mut object.fields {
            let definition = definition.make_mut();
            if scopes_of_all.is_none() {
                let scopes = scopes(open_to(name, field)).map(Node::new);
                let authenticated = self.roots.contains(name) && scopes.is_none();
                let authenticated = authenticated.then(|| Node::new(bare("authenticated")));
                definition.directives.extend(scopes.or(authenticated));
            }
            if tags_of_all.is_none() {
                let roles = self.roles_of_field(name, field);
                for argument in &mut definition.arguments {
                    let argument = argument.make_mut();
                    argument.directives.extend(tags(roles).map(Node::new));
                }
                definition.directives.extend(tags(roles).map(Node::new));
            }
            definition
                .directives
                .extend(costs(name, field).map(Node::new));
        }
        let directives = &mut object.directives;
        directives.extend(scopes_of_all.and_then(scopes).map(Component::new));
        let roles = tags_of_all.unwrap_or_default();
        directives.extend(tags(roles).map(Component::new));
    }
}

/// What all are, if they are the same.
fn same(mut all: impl Iterator<Item = Roles>) -> Option<Roles> {
    let first = all.next()?;
    all.all(|roles| roles == first).then_some(first)
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

/// Any one of the roles is enough, and nothing is said of what is open to all. Routers find them in
/// the token's claim `scope`.
fn scopes(roles: Roles) -> Option<Directive> {
    let name = |role: Role| Node::new(Value::String(role.name().to_owned()));
    let any = roles
        .iter()
        .map(|role| Node::new(Value::List(vec![name(role)])));
    let open = Role::ALL.into_iter().all(|role| roles.contains(role));
    (!open).then(|| with("requiresScopes", "scopes", Value::List(any.collect())))
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
