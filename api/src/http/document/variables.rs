//! Variables against their declared types, section 6.1.2 of the specification.
//!
//! The GraphQL library coerces while fields run, so that a missing variable of the fifth field is
//! found after four commands were executed. Here it is found before the first. Defaults are filled
//! in, which the library forgets for `@skip` and `@include`. Given values are not changed, and
//! never quoted back.

use std::fmt::Write as _;

use async_graphql::{
    Name, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type},
};

use super::{InputTypes, input_types::InputObject};
use crate::http::refusal::Refusal;

/// The result of a check: what is wrong, and the path to it from the outside in.
type Checked = Result<(), Wrong>;

struct Wrong {
    path: Vec<Step>,
    why: String,
}

enum Step {
    Field(String),
    Index(usize),
}

pub(super) fn coerce(
    operation: &OperationDefinition,
    variables: &mut Variables,
    types: &InputTypes,
) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let node = &definition.node;
        let checked = match variables.get(&node.name.node) {
            Some(value) => check_value(value, &node.var_type.node, types),
            None => match &node.default_value {
                Some(default) => {
                    variables.insert(node.name.node.clone(), default.node.clone());
                    Ok(())
                }
                None if node.var_type.node.nullable => Ok(()),
                None => Err(Wrong::new("it is required")),
            },
        };
        if let Err(wrong) = checked {
            let message = wrong.message(&node.name.node);
            return Err(Refusal::request("BAD_USER_INPUT", message).at(definition.pos));
        }
    }
    Ok(())
}

fn check_value(value: &Value, ty: &Type, types: &InputTypes) -> Checked {
    match (value, &ty.base) {
        (Value::Null, _) if ty.nullable => Ok(()),
        (Value::Null, _) => Err(Wrong::new(format!("expected {ty}, found null"))),
        (Value::List(items), BaseType::List(item)) => {
            items.iter().enumerate().try_for_each(|(index, value)| {
                check_value(value, item, types).map_err(|wrong| wrong.under(Step::Index(index)))
            })
        }
        // One value stands for a list of it.
        (value, BaseType::List(item)) => check_value(value, item, types),
        (value, BaseType::Named(name)) => check_named(value, name, types),
    }
}

fn check_named(value: &Value, name: &Name, types: &InputTypes) -> Checked {
    if let Some(values) = types.enums.get(name.as_str()) {
        let known = match value {
            Value::String(text) => values.contains(text),
            Value::Enum(text) => values.contains(text.as_str()),
            _ => false,
        };
        return fits(known, name);
    }
    if let Some(object) = types.objects.get(name.as_str()) {
        return check_object(value, name, object, types);
    }
    let known = match name.as_str() {
        "Int" => matches!(value, Value::Number(number)
            if number.as_i64().is_some_and(|whole| i32::try_from(whole).is_ok())),
        "Float" => matches!(value, Value::Number(_)),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => match value {
            Value::String(_) => true,
            Value::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        },
        _ => true,
    };
    fits(known, name)
}

fn check_object(value: &Value, name: &Name, object: &InputObject, types: &InputTypes) -> Checked {
    let Value::Object(given) = value else {
        return fits(false, name);
    };
    if let Some(stray) = given
        .keys()
        .find(|key| !object.fields.iter().any(|field| field.name == key.as_str()))
    {
        let short: String = stray.chars().take(40).collect();
        return Err(Wrong::new(format!("{name} has no field {short:?}")));
    }
    if object.one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
        return Err(Wrong::new(format!("{name} takes exactly one field")));
    }
    object.fields.iter().try_for_each(|field| {
        let checked = match given.get(field.name.as_str()) {
            Some(value) => check_value(value, &field.ty, types),
            None if field.has_default || field.ty.nullable => Ok(()),
            None => Err(Wrong::new("it is required")),
        };
        checked.map_err(|wrong| wrong.under(Step::Field(field.name.clone())))
    })
}

fn fits(known: bool, name: &Name) -> Checked {
    if known {
        Ok(())
    } else {
        Err(Wrong::new(format!("expected {name}")))
    }
}

impl Wrong {
    fn new(why: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            why: why.into(),
        }
    }

    fn under(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    fn message(&self, variable: &Name) -> String {
        let mut text = format!("variable ${variable}");
        for step in self.path.iter().rev() {
            let written = match step {
                Step::Field(name) => write!(text, ".{name}"),
                Step::Index(index) => write!(text, "[{index}]"),
            };
            written.unwrap_or_default();
        }
        format!("{text}: {}", self.why)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Request;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::http::document::{Parsed, prepare};

    const SDL: &str = r"
        type Query { a: Int }
        enum Channel { WEB STORE }
        input Line { sku: String! quantity: Int! = 1 note: String }
        input Order { channel: Channel! lines: [Line!]! }
        input By @oneOf { id: ID number: String }
    ";

    fn wrong(declared: &str, value: Option<Json>) -> Option<String> {
        let query = format!("query ($v: {declared}) {{ a(v: $v) }}");
        let variables = value.map_or_else(|| json!({}), |value| json!({ "v": value }));
        let request = Request::new(query).variables(Variables::from_json(variables));
        let types = InputTypes::from_sdl(SDL).unwrap();
        let refusal = prepare(request, &Parsed::default(), &types).err()?;
        assert_eq!(refusal.code, "BAD_USER_INPUT");
        Some(refusal.message)
    }

    #[test]
    fn a_required_variable_must_be_there_and_not_null() {
        assert_eq!(wrong("ID!", None).unwrap(), "variable $v: it is required");
        assert_eq!(
            wrong("ID!", Some(Json::Null)).unwrap(),
            "variable $v: expected ID!, found null"
        );
        assert_eq!(wrong("ID", None), None);
        assert_eq!(wrong("Int! = 3", None), None);
        assert!(wrong("Int! = 3", Some(Json::Null)).is_some());
    }

    #[test]
    fn built_in_scalars_take_their_own_kind_of_value() {
        for (declared, good, bad) in [
            ("Int", json!(-1), json!(2_147_483_648_i64)),
            ("Int", json!(0), json!(1.5)),
            ("Float", json!(1), json!("1")),
            ("String", json!("x"), json!(1)),
            ("Boolean", json!(true), json!("true")),
            ("ID", json!(7), json!(7.5)),
            ("[Int!]", json!([1, 2]), json!([1, null])),
            ("[Int]", json!(1), json!("x")),
            ("Channel", json!("WEB"), json!("web")),
            ("Money", json!({"any": 1}), Json::Array(vec![])),
        ] {
            assert_eq!(wrong(declared, Some(good)), None, "{declared}");
            let scalar = declared == "Money";
            assert_eq!(wrong(declared, Some(bad)).is_none(), scalar, "{declared}");
        }
    }

    #[test]
    fn input_objects_are_checked_to_the_leaves() {
        let order = |lines: Json| Some(json!({ "channel": "WEB", "lines": lines }));
        assert_eq!(wrong("Order!", order(json!([{ "sku": "A" }]))), None);
        let message = wrong("Order!", order(json!([{ "sku": "A", "quantity": "2" }])));
        assert_eq!(
            message.unwrap(),
            "variable $v.lines[0].quantity: expected Int"
        );
        let message = wrong("Order!", order(json!([{ "sku": "A", "colour": 1 }])));
        assert_eq!(
            message.unwrap(),
            "variable $v.lines[0]: Line has no field \"colour\""
        );
        let message = wrong("Order!", Some(json!({ "lines": [] })));
        assert_eq!(message.unwrap(), "variable $v.channel: it is required");
        assert_eq!(wrong("By!", Some(json!({ "id": "1" }))), None);
        assert!(wrong("By!", Some(json!({ "id": "1", "number": "2" }))).is_some());
    }
}
