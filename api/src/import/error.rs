//! What ends an import early.

use std::io;
use std::path::PathBuf;

use entrepot_domain::kernel::Refusal;
use entrepot_event_store::{StoreError, SubmitError};

/// Why an import did not reach its end. What was accepted before stays; run again, the import
/// passes over it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The request itself breaks a rule.
    #[error("{}: {}", .0.field.as_deref().unwrap_or("the request"), .0.message)]
    Request(Refusal),
    /// The file's name does not tell its format.
    #[error("the name does not tell the format: neither .ndjson, .jsonl nor .csv")]
    Format,
    /// The file does not open.
    #[error("{} does not open: {source}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading broke off.
    #[error("reading broke off: {0}")]
    Read(#[from] io::Error),
    /// The header of a CSV file does not fit; nothing was imported.
    #[error("the header: {0}")]
    Header(String),
    /// The log does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log did not take a command after several attempts.
    #[error("line {line}: {source}")]
    Submit {
        /// The record's first line.
        line: u64,
        /// Why.
        source: SubmitError,
    },
}
