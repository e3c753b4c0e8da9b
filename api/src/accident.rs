//! What a caller is told of an accident in the log or its database; the server's own log is told the
//! rest, once.

use entrepot_event_store::StoreError;

/// Of everything that is ours to mend, callers learn no more than this.
pub(crate) const MASKED: &str = "something went wrong on our side";

/// A code of [`codes`](crate::codes), and a message.
pub(crate) fn told(error: &StoreError) -> (&'static str, &'static str) {
    match error {
        StoreError::NoTenant => ("FORBIDDEN", "no such tenant"),
        StoreError::Db(error) if error.nul_in_text() => {
            ("BAD_USER_INPUT", "text must not hold U+0000")
        }
        StoreError::Db(error) if error.passing() => {
            tracing::error!(%error, "the database does not answer");
            ("UNAVAILABLE", "the database does not answer")
        }
        error => masked(error),
    }
}

/// An accident of another kind.
pub(crate) fn masked(error: &(dyn std::error::Error + 'static)) -> (&'static str, &'static str) {
    tracing::error!(error, "a request met an accident");
    ("INTERNAL_SERVER_ERROR", MASKED)
}
