//! The gate: a document is checked against the caller's contract before anything runs, and
//! introspection is answered from it.

use std::collections::HashSet;
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
    pub(in crate::graph) about: About,
}

/// What follows from the text of a document.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::graph) struct About {
    /// Whether an answer follows from the rows of the read models and from nothing else, and may be given
    /// again while they stay where they are.
    pub(in crate::graph) repeats: bool,
    /// Whether fields with fields of their own are asked for twice under one key, so that what comes of
    /// them must be merged.
    pub(in crate::graph) merges: bool,
    /// Whether personal data is asked for.
    pub(in crate::graph) personal: bool,
}

impl About {
    fn of(document: &Valid<ExecutableDocument>) -> Self {
        let impersonal =
            |of: &str, field: &str| policy::area_of(of, field) != Some(policy::Area::PersonalData);
        Self {
            repeats: repeats(document),
            merges: merges(document),
            personal: !every(document, impersonal),
        }
    }
}

impl Checked {
    /// What the request's operation may cost.
    pub(in crate::graph) fn cost(&self, request: &Request) -> u64 {
        let name = request.operation_name.as_deref();
        self.estimates.of(&self.document, name, &request.variables)
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
                    Ok(Checked {
                        about: About::of(&document),
                        document,
                        estimates: Estimates::default(),
                    })
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
    let mut operations = document.operations.iter();
    operations.all(|operation| operation.is_query()) && every(document, policy::follows_from_rows)
}

/// Whether every field of a document, of a type and by name, is one of these.
fn every(document: &ExecutableDocument, is: impl Fn(&str, &str) -> bool + Copy) -> bool {
    fn all(set: &SelectionSet, is: impl Fn(&str, &str) -> bool + Copy) -> bool {
        set.selections.iter().all(|selection| match selection {
            Selection::Field(field) => {
                let name = field.name.as_str();
                (name == "__typename" || is(&set.ty, name)) && all(&field.selection_set, is)
            }
            Selection::InlineFragment(fragment) => all(&fragment.selection_set, is),
            // Looked at by itself.
            Selection::FragmentSpread(_) => true,
        })
    }
    sets(document).all(|set| all(set, is))
}

/// The sets of all operations and fragments.
fn sets(document: &ExecutableDocument) -> impl Iterator<Item = &SelectionSet> {
    let operations = document.operations.iter().map(|it| &it.selection_set);
    operations.chain(document.fragments.values().map(|it| &it.selection_set))
}

/// Whether any set of a document, with what is spread in it, has a field with fields of its own twice.
/// Fragments count whatever they are about.
fn merges(document: &Valid<ExecutableDocument>) -> bool {
    /// Collects the keys of a set; whether one came twice.
    fn twice<'a>(
        document: &'a ExecutableDocument,
        set: &'a SelectionSet,
        keys: &mut HashSet<&'a str>,
        spread: &mut HashSet<&'a str>,
    ) -> bool {
        set.selections.iter().any(|selection| match selection {
            Selection::Field(field) => {
                !field.selection_set.is_empty() && !keys.insert(field.response_key().as_str())
            }
            Selection::InlineFragment(fragment) => {
                twice(document, &fragment.selection_set, keys, spread)
            }
            Selection::FragmentSpread(fragment) => {
                let known = document.fragments.get(&fragment.fragment_name);
                spread.insert(fragment.fragment_name.as_str())
                    && known
                        .is_some_and(|known| twice(document, &known.selection_set, keys, spread))
            }
        })
    }
    /// The same for a set and those in it. What is spread is looked at by itself.
    fn somewhere(document: &ExecutableDocument, set: &SelectionSet) -> bool {
        let inner = |selection: &Selection| match selection {
            Selection::Field(field) => somewhere(document, &field.selection_set),
            Selection::InlineFragment(fragment) => somewhere(document, &fragment.selection_set),
            Selection::FragmentSpread(_) => false,
        };
        twice(document, set, &mut HashSet::new(), &mut HashSet::new())
            || set.selections.iter().any(inner)
    }
    sets(document).any(|set| somewhere(document, set))
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
