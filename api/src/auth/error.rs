//! Why a token was refused, and why an issuer cannot be configured.

use std::path::PathBuf;

/// A refused token. Messages name the rule that failed, never the content of the token or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No token, or one that proves nothing.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A sound token that does not reach what it asks for.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The issuer's keys were never fetched; the same token may pass later.
    #[error("the issuer's signing keys are not available")]
    KeysUnavailable,
}

impl AuthError {
    /// The stable code: `UNAUTHENTICATED`, `FORBIDDEN` or `UNAVAILABLE`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::KeysUnavailable => "UNAVAILABLE",
        }
    }
}

/// An issuer, or a token to issue, that is configured in a way that cannot be safe.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Two issuers claim one `iss`.
    #[error("issuer {0} is configured twice")]
    Duplicate(String),
    /// The embedded issuer's name belongs to the embedded issuer alone, and it has no other.
    #[error("issuer name {0} does not go with its kind of key")]
    Name(String),
    /// A shared secret short enough to be guessed.
    #[error("the secret has {0} bytes, fewer than {min}", min = crate::secrets::SECRET_MIN)]
    SecretShort(usize),
    /// Keys by a way that others can write on.
    #[error("the key set's address {0} is neither https nor http on a loopback host")]
    Insecure(String),
    /// A key set that cannot be read.
    #[error("the key set at {path} cannot be read")]
    Read {
        /// Where the key set should be.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// A key set that could not be fetched.
    #[error("the key set cannot be fetched")]
    Fetch(#[source] Box<ureq::Error>),
    /// A key set above the limit.
    #[error("the key set is larger than {0} bytes")]
    Large(u64),
    /// A key set that is not one.
    #[error("the key set is malformed")]
    Malformed(#[source] serde_json::Error),
    /// A key set without a key that this issuer may sign with.
    #[error("the key set holds no key for the issuer's algorithm")]
    NoKey,
    /// A token that could not be signed.
    #[error("the token cannot be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// The thread that reads key sets is gone.
    #[error("the key set was not read: the process is stopping")]
    Stopping,
}
