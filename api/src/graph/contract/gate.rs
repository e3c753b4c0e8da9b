//! The gate: a document is checked against the caller's contract before anything runs, and
//! introspection is answered from it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::introspection::{check_max_depth, partial_execute};
use apollo_compiler::request::{RequestError, coerce_variable_values};
use apollo_compiler::response::{GraphQLError, JsonMap};
use apollo_compiler::validation::Valid;
use async_graphql::{ErrorExtensionValues, Pos, Request, Response, ServerError, Value};

use super::Contract;
use crate::graph::cost::Estimates;
use crate::graph::policy;

/// Documents at hand, for each contract.
pub(super) const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(500).unwrap();

/// A document that is valid within the contract.
#[derive(Debug)]
pub(in crate::graph) struct Checked {
    document: Valid<ExecutableDocument>,
    estimates: Estimates,
    repeats: bool,
}

impl Checked {
    /// What the request's operation may cost.
    pub(in crate::graph) fn cost(&self, request: &Request) -> u64 {
        let name = request.operation_name.as_deref();
        self.estimates.of(&self.document, name, &request.variables)
    }

    /// Whether an answer follows from the rows of the read models and from nothing else, and may be
    /// given again while they stay where they are.
    pub(in crate::graph) const fn repeats(&self) -> bool {
        self.repeats
    }

    /// Whether the request's operation is a query of data.
    pub(in crate::graph) fn reads(&self, request: &Request) -> bool {
        let name = request.operation_name.as_deref();
        let operation = self.document.operations.get(name);
        operation.is_ok_and(|operation| {
            let mut fields = operation.root_fields(&self.document);
            operation.is_query() && fields.any(|field| !field.name.starts_with("__"))
        })
    }
}

/// What introspection says to an operation.
pub(in crate::graph) enum Told {
    /// It asks nothing about the schema.
    Nothing,
    /// All that was asked for.
    All(Response),
    /// The fields about the schema; the others must be executed.
    Part(Value),
}

impl Contract {
    /// Checks a document. What the contract does not have is unknown, whether or not the graph has
    /// it.
    pub(in crate::graph) fn check(&self, text: &str) -> Result<Arc<Checked>, Vec<ServerError>> {
        self.recent.of(text, || {
            let document = ExecutableDocument::parse_and_validate(&self.schema, text, "document");
            match document {
                Ok(document) => {
                    circles(&document)?;
                    Ok(Arc::new(Checked {
                        repeats: repeats(&document),
                        document,
                        estimates: Estimates::default(),
                    }))
                }
                Err(invalid) => Err(invalid
                    .errors
                    .iter()
                    .map(|error| refusal(&error.to_json()))
                    .collect()),
            }
        })
    }

    /// Answers what an operation asks about the schema.
    pub(in crate::graph) fn introspect(&self, checked: &Checked, request: &Request) -> Told {
        let Ok(operation) = checked
            .document
            .operations
            .get(request.operation_name.as_deref())
        else {
            return Told::Nothing;
        };
        let (mut about_schema, mut others) = (false, false);
        for field in operation.root_fields(&checked.document) {
            match field.name.as_str() {
                "__schema" | "__type" => about_schema = true,
                "__typename" => {}
                _ => others = true,
            }
        }
        if !about_schema || !operation.is_query() {
            return Told::Nothing;
        }
        match self.tell(checked, operation, request) {
            Ok(data) if others => Told::Part(data),
            Ok(data) => Told::All(Response::new(data)),
            Err(errors) => Told::All(Response::from_errors(errors)),
        }
    }

    fn tell(
        &self,
        checked: &Checked,
        operation: &Operation,
        request: &Request,
    ) -> Result<Value, Vec<ServerError>> {
        let sources = &checked.document.sources;
        let refused = |error: RequestError| vec![refusal(&error.to_graphql_error(sources))];
        let failed = |error: serde_json::Error| vec![ServerError::new(error.to_string(), None)];
        let variables = serde_json::to_value(&request.variables);
        let variables = variables.and_then(serde_json::from_value::<JsonMap>);
        let variables = variables.map_err(failed)?;
        let variables =
            coerce_variable_values(&self.schema, operation, &variables).map_err(refused)?;
        let told = partial_execute(
            &self.schema,
            &self.implementers,
            &checked.document,
            operation,
            &variables,
        );
        let told = told.map_err(refused)?;
        if let Some(error) = told.errors.into_iter().next() {
            return Err(vec![refusal(&error)]);
        }
        let data = serde_json::to_value(told.data).and_then(serde_json::from_value);
        data.map_err(failed)
    }
}

/// The schema of schemas goes round in circles of lists, where few words ask for endless answers:
/// a document that does is refused.
fn circles(document: &Valid<ExecutableDocument>) -> Result<(), Vec<ServerError>> {
    for operation in document.operations.iter() {
        check_max_depth(document, operation).map_err(|error| {
            let mut refusal = refusal(&error.to_graphql_error(&document.sources));
            let extensions = refusal.extensions.get_or_insert_default();
            extensions.set("code", "QUERY_TOO_DEEP");
            vec![refusal]
        })?;
    }
    Ok(())
}

/// Whether all that a document asks for follows from rows.
fn repeats(document: &Valid<ExecutableDocument>) -> bool {
    fn all(set: &SelectionSet) -> bool {
        set.selections.iter().all(|selection| match selection {
            Selection::Field(field) => {
                let name = field.name.as_str();
                let from_rows = name == "__typename" || policy::follows_from_rows(&set.ty, name);
                from_rows && all(&field.selection_set)
            }
            Selection::InlineFragment(fragment) => all(&fragment.selection_set),
            // Looked at by itself.
            Selection::FragmentSpread(_) => true,
        })
    }
    let mut fragments = document.fragments.values();
    document
        .operations
        .iter()
        .all(|operation| operation.is_query() && all(&operation.selection_set))
        && fragments.all(|fragment| all(&fragment.selection_set))
}

fn refusal(error: &GraphQLError) -> ServerError {
    let place = |place: &apollo_compiler::parser::LineColumn| Pos {
        line: place.line,
        column: place.column,
    };
    let mut refusal = ServerError::new(error.message.clone(), None);
    refusal.locations = error.locations.iter().map(place).collect();
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", "GRAPHQL_VALIDATION_FAILED");
    refusal.extensions = Some(extensions);
    refusal
}
