//! Cuts a contract: the fields that are open to the roles, and the types that can be reached then.

use std::collections::HashSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ComponentName, ExtendedType, Name};
use apollo_compiler::validation::Valid;

use crate::graph::policy::Audience;

type Fields = IndexMap<Name, Component<FieldDefinition>>;

/// The part of the schema that is open to the audience. Refused if it is no schema: a field that
/// stays gives a type of which nothing stays.
pub(super) fn cut(whole: &Schema, audience: Audience) -> Result<Valid<Schema>, String> {
    let mut schema = whole.clone();
    for (of, kind) in &mut schema.types {
        let open = |field: &Name| audience.sees(of, field);
        match kind {
            _ if kind.is_built_in() => {}
            ExtendedType::Object(kind) => kind.make_mut().fields.retain(|field, _| open(field)),
            ExtendedType::Interface(kind) => kind.make_mut().fields.retain(|field, _| open(field)),
            _ => {}
        }
    }
    keep_unions(&mut schema);
    keep_roots(&mut schema);
    let reached = Reach::of(&schema);
    schema
        .types
        .retain(|name, kind| kind.is_built_in() || reached.contains(name));
    schema
        .validate()
        .map_err(|invalid| invalid.errors.to_string())
}

/// A union keeps the objects that still are what they were, and with none of them it goes, with the
/// fields that give it.
fn keep_unions(schema: &mut Schema) {
    let whole = schema.clone();
    let complete = |name: &Name| {
        let object = whole.get_object(name);
        object.is_some_and(|object| {
            let mut interfaces = object.implements_interfaces.iter();
            let has_all = |asked: &Fields| asked.keys().all(|it| object.fields.contains_key(it));
            !object.fields.is_empty()
                && interfaces.all(|it| fields(whole.types.get(&it.name)).is_none_or(has_all))
        })
    };
    let mut gone = HashSet::new();
    for (name, kind) in &mut schema.types {
        if let ExtendedType::Union(union) = kind {
            let union = union.make_mut();
            union.members.retain(|member| complete(&member.name));
            if union.members.is_empty() {
                gone.insert(name.clone());
            }
        }
    }
    for kind in schema.types.values_mut() {
        if let ExtendedType::Object(object) = kind {
            let fields = &mut object.make_mut().fields;
            fields.retain(|_, field| !gone.contains(field.ty.inner_named_type()));
        }
    }
}

/// A root without fields is none.
fn keep_roots(schema: &mut Schema) {
    let types = &schema.types;
    let empty = |root: &Option<ComponentName>| {
        let kind = root.as_ref().and_then(|root| types.get(&root.name));
        fields(kind).is_none_or(IndexMap::is_empty)
    };
    let definition = &schema.schema_definition;
    let (no_mutation, no_subscription) =
        (empty(&definition.mutation), empty(&definition.subscription));
    let definition = schema.schema_definition.make_mut();
    if no_mutation {
        definition.mutation = None;
    }
    if no_subscription {
        definition.subscription = None;
    }
}

fn fields(kind: Option<&ExtendedType>) -> Option<&Fields> {
    match kind? {
        ExtendedType::Object(kind) => Some(&kind.fields),
        ExtendedType::Interface(kind) => Some(&kind.fields),
        _ => None,
    }
}

/// Finds the types that lead on from the roots.
struct Reach<'s> {
    schema: &'s Schema,
    reached: HashSet<Name>,
    next: Vec<&'s Name>,
}

impl<'s> Reach<'s> {
    fn of(schema: &'s Schema) -> HashSet<Name> {
        let roots = &schema.schema_definition;
        let roots = [&roots.query, &roots.mutation, &roots.subscription];
        let next = roots.into_iter().flatten().map(|root| &root.name).collect();
        let mut reach = Self {
            schema,
            reached: HashSet::new(),
            next,
        };
        while let Some(name) = reach.next.pop() {
            if let Some(kind) = schema.types.get(name)
                && reach.reached.insert(name.clone())
            {
                reach.follow(name, kind);
            }
        }
        reach.reached
    }

    fn follow(&mut self, name: &Name, kind: &'s ExtendedType) {
        for field in fields(Some(kind)).into_iter().flat_map(IndexMap::values) {
            self.next.push(field.ty.inner_named_type());
            let arguments = field.arguments.iter();
            self.next
                .extend(arguments.map(|it| it.ty.inner_named_type()));
        }
        match kind {
            ExtendedType::Object(kind) => {
                self.next
                    .extend(kind.implements_interfaces.iter().map(|it| &it.name));
            }
            ExtendedType::Interface(kind) => {
                self.next.extend(self.implementers(name, &kind.fields));
            }
            ExtendedType::Union(kind) => self.next.extend(kind.members.iter().map(|it| &it.name)),
            ExtendedType::InputObject(kind) => {
                let fields = kind.fields.values();
                self.next
                    .extend(fields.map(|field| field.ty.inner_named_type()));
            }
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) => {}
        }
    }

    /// The objects of an interface that still have what it asks for. Another one may have fields
    /// that are open, but nothing leads to it.
    fn implementers(&self, interface: &Name, asked: &Fields) -> Vec<&'s Name> {
        let types = self.schema.types.iter();
        let objects = types.filter_map(|(name, kind)| Some((name, kind.as_object()?)));
        objects
            .filter(|(_, kind)| {
                let mut interfaces = kind.implements_interfaces.iter();
                interfaces.any(|it| it.name == *interface)
                    && asked.keys().all(|field| kind.fields.contains_key(field))
            })
            .map(|(name, _)| name)
            .collect()
    }
}
