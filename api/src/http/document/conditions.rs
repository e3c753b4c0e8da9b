//! `@skip` and `@include`, with the values of one request.

use std::collections::HashMap;

use async_graphql::{Positioned, Value, Variables, parser::types::Directive};

/// The directives of one selection.
pub(super) type Directives = Vec<Positioned<Directive>>;

/// The values of an operation's Boolean variables.
pub(super) struct Conditions(HashMap<String, bool>);

impl Conditions {
    /// Reads them from the variables of the request, defaults filled in.
    pub(super) fn of(variables: &Variables) -> Self {
        let values = variables.iter().filter_map(|(name, value)| match value {
            Value::Boolean(value) => Some((name.to_string(), *value)),
            _ => None,
        });
        Self(values.collect())
    }

    /// Whether a selection with these directives is known to run.
    pub(super) fn include(&self, directives: &Directives) -> bool {
        directives
            .iter()
            .all(|directive| match directive.node.name.node.as_str() {
                "include" => self.argument(&directive.node) == Some(true),
                "skip" => self.argument(&directive.node) == Some(false),
                _ => true,
            })
    }

    fn argument(&self, directive: &Directive) -> Option<bool> {
        let value = directive.get_argument("if")?.node.clone();
        let resolved = value.into_const_with(|name| {
            self.0
                .get(name.as_str())
                .map(|value| Value::Boolean(*value))
                .ok_or(())
        });
        match resolved {
            Ok(Value::Boolean(value)) => Some(value),
            Ok(_) | Err(()) => None,
        }
    }
}

/// Whether the directive is one of the two conditions.
pub(super) fn conditional(directive: &Positioned<Directive>) -> bool {
    matches!(directive.node.name.node.as_str(), "include" | "skip")
}
