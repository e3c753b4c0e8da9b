//! What can go wrong with the log.

use std::sync::Arc;

use entrepot_domain::kernel::Refusal;

use crate::db::DbError;

/// An accident between the program and its log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database answered with an error, or not at all.
    #[error("the database did not answer: {0}")]
    Db(#[from] DbError),
    /// A stored event does not decode: a newer release wrote it.
    #[error("{0}")]
    Decode(#[from] entrepot_domain::kernel::DecodeError),
    /// A payload or state does not encode.
    #[error("a value does not encode as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// The log breaks its own rules: a gap, a hash that does not match.
    #[error("the log of tenant {tenant} is corrupt at position {position}: {what}")]
    Corrupt {
        /// Whose.
        tenant: i64,
        /// Where.
        position: i64,
        /// What is wrong.
        what: String,
    },
    /// No tenant has this slug or number.
    #[error("no such tenant")]
    NoTenant,
    /// Personal data does not open: the master key is another one.
    #[error("personal data does not open with this master key")]
    Sealed,
    /// Personal data cannot be sealed: the system gives no randomness.
    #[error("personal data cannot be sealed")]
    Unsealable,
    /// A rule panicked while it decided the command: a bug. Nothing was written.
    #[error("the rule that decides the command failed")]
    Panicked,
}

/// Why a command has no receipt.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A rule said no. Nothing was written.
    #[error("{0}")]
    Refused(Refusal),
    /// The idempotency key was used with other input. Nothing was written.
    #[error("the idempotency key was used before with other input")]
    KeyMismatch,
    /// Too many commands of the tenant wait. Nothing was written.
    #[error("too many commands of this tenant are waiting")]
    Overloaded,
    /// The connection broke while the command was committed, and the database has not said since
    /// whether it was. The same key gives the answer later.
    #[error("the outcome is not known yet; repeat the command with the same idempotency key")]
    OutcomeUnknown,
    /// The log did not work. Nothing was written. Shared by all commands of a group.
    #[error(transparent)]
    Store(Arc<StoreError>),
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
