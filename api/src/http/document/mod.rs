//! What is checked and done to a document before anything runs.
//!
//! In this order: a scan of the text bounds what the parser gets; the parsed document is measured
//! in linear time, fragments expanded; the operation is chosen; variables are checked against
//! their types; fields that would run twice are merged. Pure: no IO, no schema but the input
//! types. Validation against the schema is left to the executor.

mod collect;
mod conditions;
mod input_types;
mod measure;
mod merge;
mod parsed;
mod scan;
mod variables;

pub use input_types::InputTypes;
pub use measure::DocumentLimits;
pub(super) use parsed::Parsed;

use async_graphql::{
    Name, Positioned, Request, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};

use super::refusal::Refusal;

/// A request that may be handed to the executor: parsed, within bounds, normalized.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The request, its document parsed and set.
    pub request: Request,
    /// What the chosen operation is.
    pub kind: OperationType,
    /// How many fields of its root run.
    pub root_fields: usize,
}

/// What a request needs to be run once more. Made of one that is prepared, which it costs little.
pub(crate) struct Again {
    document: String,
    operation: Option<String>,
    variables: Variables,
}

impl Again {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            document: request.query.clone(),
            operation: request.operation_name.clone(),
            variables: request.variables.clone(),
        }
    }

    /// The same request, prepared anew; none if it cannot be, which it could before.
    pub(crate) fn request(self, types: &InputTypes) -> Option<Request> {
        let mut request = Request::new(self.document).variables(self.variables);
        request.operation_name = self.operation;
        let prepared = prepare(request, &Parsed::default(), types);
        prepared.ok().map(|prepared| prepared.request)
    }
}

/// Prepares a request, or says why nothing of it will run.
pub(super) fn prepare(
    mut request: Request,
    parsed: &Parsed,
    types: &InputTypes,
) -> Result<Prepared, Refusal> {
    let mut document = parsed.document(&request.query)?;
    let (name, operation) = choose(&document, request.operation_name.as_deref())?;
    let kind = operation.node.ty;
    let name = name.cloned();
    variables::coerce(&operation.node, &mut request.variables, types)?;
    let root_fields = merge::merge(&mut document, name.as_ref(), &request.variables);
    request.operation_name = name.map(|name| name.to_string());
    request.set_parsed_query(document);
    Ok(Prepared {
        request,
        kind,
        root_fields,
    })
}

/// GetOperation of the specification, section 6.1.
fn choose<'d>(
    document: &'d ExecutableDocument,
    wanted: Option<&str>,
) -> Result<(Option<&'d Name>, &'d Positioned<OperationDefinition>), Refusal> {
    let failed = |message: &str| Refusal::request("OPERATION_RESOLUTION_FAILURE", message);
    match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => Ok((None, operation)),
        (DocumentOperations::Multiple(operations), Some(wanted)) => operations
            .get_key_value(wanted)
            .map(|(name, operation)| (Some(name), operation))
            .ok_or_else(|| failed("the document has no operation of that name")),
        (DocumentOperations::Single(_), Some(_)) => {
            Err(failed("the document has no operation of that name"))
        }
        (DocumentOperations::Multiple(operations), None) => match operations.iter().next() {
            Some((name, operation)) if operations.len() == 1 => Ok((Some(name), operation)),
            _ => Err(failed(
                "the document has several operations: give operationName",
            )),
        },
    }
}

impl Prepared {
    pub(super) fn mutates(&self) -> bool {
        self.kind == OperationType::Mutation
    }

    /// A key that came with the request is of one command: under it, a second one would be taken
    /// for the first one changed.
    pub(super) fn check_key(&self, key: Option<&str>) -> Result<(), Refusal> {
        if key.is_none() || !self.mutates() || self.root_fields <= 1 {
            return Ok(());
        }
        let message = "an idempotency key of the request is of one command: give each of several \
                       its own by input.idempotencyKey";
        Err(Refusal::request("BAD_USER_INPUT", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(request: Request) -> &'static str {
        prepare(request, &Parsed::default(), &InputTypes::default())
            .unwrap_err()
            .code
    }

    fn prepared(request: Request) -> Prepared {
        prepare(request, &Parsed::default(), &InputTypes::default()).unwrap()
    }

    #[test]
    fn the_operation_is_chosen_by_name() {
        let two = "query A { a } mutation B { b }";
        assert_eq!(
            prepared(Request::new(two).operation_name("B")).kind,
            OperationType::Mutation
        );
        assert_eq!(
            prepared(Request::new("query A { a }")).kind,
            OperationType::Query
        );
        assert_eq!(refused(Request::new(two)), "OPERATION_RESOLUTION_FAILURE");
        for (text, name) in [(two, "C"), ("{ a }", "A")] {
            let request = Request::new(text).operation_name(name);
            assert_eq!(refused(request), "OPERATION_RESOLUTION_FAILURE");
        }
    }

    #[test]
    fn a_key_of_the_request_is_of_one_command() {
        let one = "mutation($no: Boolean!) { a: f ...on Mutation { a: f } b: f @skip(if: $no) }";
        let two = "mutation { a: f ...M } fragment M on Mutation { ...{ b: f } }";
        let variables = Variables::from_json(serde_json::json!({ "no": true }));
        let (one, two) = (
            prepared(Request::new(one).variables(variables)),
            prepared(Request::new(two)),
        );
        assert_eq!((one.root_fields, two.root_fields), (1, 2));
        assert!(one.check_key(Some("k")).is_ok() && two.check_key(None).is_ok());
        assert_eq!(two.check_key(Some("k")).unwrap_err().code, "BAD_USER_INPUT");
        let query = prepared(Request::new("{ a b }"));
        assert!(query.check_key(Some("k")).is_ok());
    }

    #[test]
    fn a_document_that_does_not_parse_is_told_where() {
        let request = Request::new("{ a ");
        let refusal = prepare(request, &Parsed::default(), &InputTypes::default()).unwrap_err();
        assert_eq!(refusal.code, "GRAPHQL_PARSE_FAILED");
        assert!(!refusal.locations.is_empty());
    }
}
