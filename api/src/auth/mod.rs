//! Who is asking: bearer tokens in, a [`Requester`] out.
//!
//! The only way to a `Requester` from outside is a verified token. This module decides nothing
//! about what a requester may see; that is the graph's policy. It keeps no session and asks no
//! identity provider per request: keys are cached, and everything else stands in the token.

mod claims;
mod embedded;
mod error;
mod issuer;
mod jose;
mod jwks;
mod requester;
mod role;
mod verified;
mod verifier;

pub use claims::ClaimNames;
pub use embedded::{EMBEDDED_ISSUER, IssueRequest, issue_embedded};
pub use error::{AuthError, IssuerError};
pub use issuer::{Algorithm, IssuerConfig, JwksSource};
pub use requester::Requester;
pub use role::{Role, Roles};
pub use verifier::Verifier;
