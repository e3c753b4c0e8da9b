//! The input types of a schema, read from its SDL.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::{
    self, parse_schema,
    types::{InputObjectType, Type, TypeKind, TypeSystemDefinition},
};

/// Enums and input objects by name. What is neither is a scalar; the built-in ones are known,
/// the others accept anything here and parse their values themselves.
#[derive(Clone, Debug, Default)]
pub struct InputTypes {
    pub(super) enums: HashMap<String, HashSet<String>>,
    pub(super) objects: HashMap<String, InputObject>,
}

/// An input object: its fields, and whether exactly one must be given (`@oneOf`).
#[derive(Clone, Debug)]
pub(super) struct InputObject {
    pub fields: Vec<InputField>,
    pub one_of: bool,
}

/// One field of an input object.
#[derive(Clone, Debug)]
pub(super) struct InputField {
    pub name: String,
    pub ty: Type,
    pub has_default: bool,
}

impl InputTypes {
    /// Reads the types of a schema.
    pub fn from_sdl(sdl: &str) -> Result<Self, parser::Error> {
        let mut types = Self::default();
        for definition in parse_schema(sdl)?.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let definition = definition.node;
            let name = definition.name.node.to_string();
            match definition.kind {
                TypeKind::Enum(kind) => {
                    let values = kind
                        .values
                        .into_iter()
                        .map(|it| it.node.value.node.to_string());
                    types.enums.entry(name).or_default().extend(values);
                }
                TypeKind::InputObject(kind) => {
                    let one_of = definition
                        .directives
                        .iter()
                        .any(|it| it.node.name.node == "oneOf");
                    types.objects.insert(
                        name,
                        InputObject {
                            fields: fields(kind),
                            one_of,
                        },
                    );
                }
                TypeKind::Scalar
                | TypeKind::Object(_)
                | TypeKind::Interface(_)
                | TypeKind::Union(_) => {}
            }
        }
        Ok(types)
    }
}

fn fields(kind: InputObjectType) -> Vec<InputField> {
    let read = |field: parser::types::InputValueDefinition| InputField {
        name: field.name.node.to_string(),
        ty: field.ty.node,
        has_default: field.default_value.is_some(),
    };
    kind.fields
        .into_iter()
        .map(|field| read(field.node))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_federated_schema_reads_too() {
        let types = InputTypes::from_sdl(
            r#"
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
            "Money." scalar BigInt @specifiedBy(url: "https://example.com")
            type Order @key(fields: "id") { id: ID! }
            type Query { order(by: By!): Order }
            input By @oneOf { id: ID, state: State = OPEN }
            enum State { OPEN CLOSED @deprecated }
            directive @oneOf on INPUT_OBJECT
            "#,
        );
        let types = types.unwrap();
        assert!(types.enums["State"].contains("CLOSED"));
        assert!(types.objects["By"].one_of && types.objects["By"].fields[1].has_default);
    }
}
