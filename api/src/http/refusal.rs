//! Errors of the transport itself, and the extensions that every error carries.
//!
//! A request error says that nothing was executed: it has no path, and the answer no `data`.

use async_graphql::{ErrorExtensionValues, PathSegment, Pos, Response, ServerError, Value};
use axum::http::{HeaderName, StatusCode};

use crate::codes;

/// Longest message that goes out. Parsers quote the whole offending line.
const MESSAGE_CHARS_MAX: usize = 200;

/// A request that is refused before anything runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Stable code for programs.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// Where in the document, if in the document.
    pub locations: Vec<Pos>,
    /// The HTTP status, where the media type allows to say it by status.
    pub status: StatusCode,
    /// Whether the request was well-formed GraphQL over HTTP. For `application/json` such a
    /// request is answered by 200 whatever became of it.
    pub well_formed: bool,
    /// Headers that the status asks for.
    pub headers: Vec<(HeaderName, &'static str)>,
}

impl Refusal {
    /// The HTTP request is wrong, or comes at the wrong time.
    pub(super) fn transport(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            locations: Vec::new(),
            status,
            well_formed: false,
            headers: Vec::new(),
        }
    }

    /// The request is not a GraphQL request: its body or parameters do not read.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::transport(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// A GraphQL request whose document or variables are refused.
    pub(super) fn request(code: &'static str, message: impl Into<String>) -> Self {
        let refusal = Self::transport(StatusCode::BAD_REQUEST, code, message);
        Self {
            well_formed: true,
            ..refusal
        }
    }

    pub(super) fn at(mut self, position: Pos) -> Self {
        self.locations.push(position);
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The refusal as a GraphQL response without data.
    pub(super) fn into_response(self) -> Response {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code);
        extensions.set("retryable", codes::retryable(self.code));
        if let Some(wait_ms) = codes::of(self.code).and_then(|code| code.retry_after_ms) {
            extensions.set("retryAfterMs", wait_ms);
        }
        let mut error = ServerError::new(shortened(self.message), None);
        error.locations = self.locations;
        error.extensions = Some(extensions);
        Response::from_errors(vec![error])
    }
}

/// Whether the response says that nothing was executed.
pub(super) fn nothing_ran(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Gives each error the `code` and `retryable` that it lacks, and bounds the messages of request
/// errors. The executor masks what must not go out; this only completes.
pub(super) fn complete(response: &mut Response) {
    let request_error = nothing_ran(response);
    for error in &mut response.errors {
        let guess = code_guess(error, request_error);
        if request_error {
            error.message = shortened(std::mem::take(&mut error.message));
        }
        let extensions = error.extensions.get_or_insert_default();
        let code = if let Some(Value::String(code)) = extensions.get("code") {
            code.clone()
        } else {
            extensions.set("code", guess);
            guess.to_owned()
        };
        if extensions.get("retryable").is_none() {
            extensions.set("retryable", codes::retryable(&code));
        }
    }
}

/// The code of the first error, if it has one.
pub(super) fn first_code(response: &Response) -> Option<&str> {
    match response.errors.first()?.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// The code of an error that came without: the GraphQL library's own. Values of custom scalars
/// are parsed only when a field runs, hence the look at the message.
fn code_guess(error: &ServerError, request_error: bool) -> &'static str {
    let about_input = error.message.starts_with("Failed to parse \"")
        || error.message.starts_with("Expected input type \"");
    match error.path.as_slice() {
        _ if about_input => "BAD_USER_INPUT",
        [] if request_error => "GRAPHQL_VALIDATION_FAILED",
        [] | [PathSegment::Field(_) | PathSegment::Index(_), ..] => "INTERNAL_SERVER_ERROR",
    }
}

fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS_MAX) {
        message.truncate(end);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_code_gets_the_code_of_its_stage() {
        let mut refused = Response::from_errors(vec![ServerError::new("Unknown field", None)]);
        complete(&mut refused);
        assert_eq!(first_code(&refused), Some("GRAPHQL_VALIDATION_FAILED"));

        let at_field = vec![PathSegment::Field("order".to_owned())];
        let failed = ServerError::new("broken", None).with_path(at_field.clone());
        let mut failed = Response::from_errors(vec![failed]);
        complete(&mut failed);
        assert_eq!(first_code(&failed), Some("INTERNAL_SERVER_ERROR"));

        let input = ServerError::new("Failed to parse \"BigInt\": x", None).with_path(at_field);
        let mut input = Response::from_errors(vec![input]);
        complete(&mut input);
        assert_eq!(first_code(&input), Some("BAD_USER_INPUT"));
    }

    #[test]
    fn a_long_message_is_cut() {
        let refusal = Refusal::request("GRAPHQL_PARSE_FAILED", "é".repeat(5_000));
        let message = &refusal.into_response().errors[0].message;
        assert_eq!(message.chars().count(), MESSAGE_CHARS_MAX + 1);
    }
}
