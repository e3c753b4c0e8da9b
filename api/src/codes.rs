//! Every code of `errors[].extensions.code`, in one place: what it means, and whether the same request
//! may pass later. A code never changes its meaning. `docs/errors.md` is printed from here.
//!
//! Codes of user errors, which are data and no errors, stand with the rules
//! (`domain/src/kernel/refusal.rs`).

use std::fmt::Write as _;

use entrepot_domain::kernel::code;

use crate::import;

/// A code.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// As it goes out.
    pub name: &'static str,
    /// Whether the same request may pass when it is sent again.
    pub retryable: bool,
    /// When to send it again at the earliest, where nothing better is known.
    pub retry_after_ms: Option<u64>,
    /// What happened, for people.
    pub meaning: &'static str,
}

const fn no(name: &'static str, meaning: &'static str) -> Code {
    Code {
        name,
        retryable: false,
        retry_after_ms: None,
        meaning,
    }
}

const fn again(name: &'static str, retry_after_ms: Option<u64>, meaning: &'static str) -> Code {
    Code {
        name,
        retryable: true,
        retry_after_ms,
        meaning,
    }
}

/// Every code, by name.
pub const CODES: &[Code] = &[
    no(
        "BAD_REQUEST",
        "The HTTP request is no GraphQL request: its body or its parameters do not read.",
    ),
    no(
        "BAD_USER_INPUT",
        "A value is malformed or out of bounds; `extensions.field` or the message names it.",
    ),
    no("BATCHING_NOT_SUPPORTED", "Several requests in one body."),
    no(
        "CANNOT_SEND_PQ_ID_AND_BODY",
        "A document's id and a document's text in one request.",
    ),
    no(
        "COST_ESTIMATED_TOO_EXPENSIVE",
        "The operation may cost more than one operation is allowed.",
    ),
    no(
        "CURSOR_EXPIRED",
        "The log behind a cursor is gone; `extensions.earliestCursor` says where to begin.",
    ),
    no(
        "FORBIDDEN",
        "The token is sound and does not reach this tenant, endpoint, field or kind of object.",
    ),
    no("GRAPHQL_PARSE_FAILED", "The document is no GraphQL."),
    no(
        "GRAPHQL_VALIDATION_FAILED",
        "The document does not keep to the caller's contract.",
    ),
    no(
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
        "The key was used before with another command or input.",
    ),
    no(
        "INTERNAL_SERVER_ERROR",
        "An accident of ours, logged under the request's id.",
    ),
    no(
        "METHOD_NOT_ALLOWED",
        "The HTTP method does not go with the request.",
    ),
    no(
        "NOT_ACCEPTABLE",
        "Nothing that the client accepts can carry the answer.",
    ),
    no("NOT_FOUND", "There is nothing of that name."),
    no(
        "OPERATION_RESOLUTION_FAILURE",
        "Which operation of the document is meant cannot be told.",
    ),
    again(
        "OVERLOADED",
        Some(1_000),
        "The tenant, or the server, has as much to do as it takes on.",
    ),
    no(
        "PAYLOAD_TOO_LARGE",
        "The body, or the answer, is larger than its limit.",
    ),
    no(
        "PERSISTED_QUERY_HASH_MISMATCH",
        "The text is not the document whose digest came with it.",
    ),
    no(
        "PERSISTED_QUERY_NOT_FOUND",
        "No document of that digest is kept; send it with its text.",
    ),
    no(
        "PERSISTED_QUERY_NOT_IN_LIST",
        "The client may use listed documents only, and this is none.",
    ),
    no(
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "Documents by their digest are not taken here.",
    ),
    again(
        "QUERY_TIMEOUT",
        None,
        "The query took too long and was stopped.",
    ),
    no(
        "QUERY_TOO_DEEP",
        "The document is nested deeper than its limit.",
    ),
    no(
        "QUERY_TOO_LARGE",
        "The document has more tokens or fields than its limit.",
    ),
    again(
        "READ_NOT_YET_CONSISTENT",
        Some(500),
        "The read models have not reached the wanted state in time; `extensions.position` and `lagMs` say where they are.",
    ),
    again(
        "REQUEST_TIMEOUT",
        None,
        "The request did not come whole in time.",
    ),
    again(
        "SERVICE_UNAVAILABLE",
        Some(1_000),
        "The server has no room for another connection or subscription.",
    ),
    again(
        "SUBSCRIPTION_LAGGED",
        None,
        "The reader was too slow; resume after `extensions.lastCursor`.",
    ),
    no(
        "SUBSCRIPTION_LIMIT",
        "More operations than one socket runs at a time, or more subscriptions than a tenant has open on one server.",
    ),
    no(
        "TENANT_SUSPENDED",
        "The tenant is closed to everybody but operators.",
    ),
    again(
        "THROTTLED",
        Some(1_000),
        "More than the tenant or the client may ask for at a time.",
    ),
    no(
        "TOO_MANY_ALIASES",
        "The document has more aliases than its limit.",
    ),
    no(
        "TOO_MANY_DIRECTIVES",
        "The document has more directives than its limit.",
    ),
    no(
        "TOO_MANY_ROOT_FIELDS",
        "The operation has more fields at its root than its limit.",
    ),
    no(
        "UNAUTHENTICATED",
        "No token, or one that proves nothing, has expired or was revoked.",
    ),
    again(
        "UNAVAILABLE",
        Some(1_000),
        "A part of the server does not answer, or it is stopping; of a command, whether it happened is not known: send it again with its key.",
    ),
    no(
        "UNSUPPORTED_MEDIA_TYPE",
        "The body is not of a type that is taken here.",
    ),
];

/// The entry of a code. One that stands nowhere is a bug of ours, which a test finds.
pub fn of(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.name == name)
}

/// Whether the same request may pass when it is sent again.
pub fn retryable(name: &str) -> bool {
    of(name).is_some_and(|code| code.retryable)
}

/// The table as a page.
pub fn page() -> String {
    let mut page = String::from(
        "# Errors\n\n\
         Printed by `entrepot schema errors`; a test holds this page to the code.\n\n\
         An error says in `extensions.code` what happened, for programs, and in `extensions.retryable` whether the\n\
         same request may pass when it is sent again; `extensions.retryAfterMs` says when, where that is known. The\n\
         codes are the same on every transport and never change their meaning.\n\n\
         | code | retryable | after ms | meaning |\n|---|---|---|---|\n",
    );
    for code in CODES {
        let retryable = if code.retryable { "yes" } else { "no" };
        let after = code
            .retry_after_ms
            .map(|ms| ms.to_string())
            .unwrap_or_default();
        let _written = writeln!(
            page,
            "| `{}` | {retryable} | {after} | {} |",
            code.name, code.meaning
        );
    }
    page.push_str(
        "\n## User errors\n\n\
         A command that a rule refuses is no error: its payload says why in `userErrors`, with one of these codes,\n\
         the path of the input field and a sentence. Nothing has happened.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    meanings(&mut page, code::MEANINGS);
    page.push_str(
        "\n## Records of files\n\n\
         `entrepot import` refuses a record with one of the codes above, or with one of these.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    meanings(&mut page, import::code::MEANINGS);
    page
}

fn meanings(page: &mut String, codes: &[(&str, &str)]) {
    for (name, meaning) in codes {
        let _written = writeln!(page, "| `{name}` | {} |", meaning.trim());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_order_and_once() {
        assert!(CODES.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(
            CODES
                .iter()
                .all(|code| code.retryable || code.retry_after_ms.is_none())
        );
    }
}
