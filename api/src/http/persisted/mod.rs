//! Documents that are sent once and then named: trusted documents, which come from files at the
//! start, and automatic persisted queries, which clients register while they work.
//!
//! Which of them a client may use is said by its class ([`class`]). Whatever way a document came,
//! what follows is the same: it is bounded, checked against the caller's contract, and costs.

mod class;
mod manifest;
mod registered;

use std::sync::Arc;

use async_graphql::Value;
use sha2::{Digest as _, Sha256};

use class::{Class, Documents};
pub use class::{ClassError, Classes};
use registered::Registered;

use super::refusal::Refusal;
use crate::auth::Requester;

/// The longest id of a document.
const ID_BYTES_MAX: usize = 256;

/// The documents that clients may name.
#[derive(Debug)]
pub(super) struct Persisted {
    classes: Arc<Classes>,
    registered: Registered,
}

/// What a request says of its document.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The text itself.
    pub(super) text: Option<String>,
    /// `documentId` of GraphQL over HTTP, appendix A.
    pub(super) id: Option<String>,
    /// Apollo's `extensions.persistedQuery`.
    pub(super) persisted: Option<Value>,
}

/// The document of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its text.
    pub(super) text: String,
    /// Under what to keep it if it turns out to be valid.
    pub(super) register: Option<Registration>,
}

/// A document that wants to be registered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Registration {
    tenant: String,
    hash: String,
}

impl Persisted {
    pub(super) fn new(classes: Arc<Classes>) -> Self {
        Self {
            classes,
            registered: Registered::default(),
        }
    }

    /// Finds the document of a request of this requester.
    pub(super) fn find(&self, asked: Asked, requester: &Requester) -> Result<Found, Refusal> {
        let class = self.classes.of(requester);
        let hash = asked.persisted.as_ref().map(sha256_hash).transpose()?;
        match (asked.text, asked.id, hash) {
            (Some(_), Some(_), _) => Err(refused(
                "CANNOT_SEND_PQ_ID_AND_BODY",
                "give either documentId or query",
            )),
            (None, Some(_), Some(_)) => Err(Refusal::malformed(
                "give either documentId or extensions.persistedQuery",
            )),
            (None, None, None) => Err(Refusal::malformed("the parameter query is missing")),
            (Some(text), None, hash) => Self::given(class, text, hash, requester),
            (None, Some(id), None) => self.named(class, &id, requester),
            (None, None, Some(hash)) => self.named(class, &hash, requester),
        }
    }

    /// A text, which may want to be registered.
    fn given(
        class: &Class,
        text: String,
        hash: Option<String>,
        requester: &Requester,
    ) -> Result<Found, Refusal> {
        if class.documents == Documents::Trusted && !class.manifest.holds(&text) {
            let message = "this client may send documents of its list only";
            return Err(refused("PERSISTED_QUERY_NOT_IN_LIST", message));
        }
        let Some(hash) = hash else {
            return Ok(Found {
                text,
                register: None,
            });
        };
        if hash != digest(&text) {
            let message = "extensions.persistedQuery.sha256Hash is not the hash of the query";
            return Err(refused("PERSISTED_QUERY_HASH_MISMATCH", message));
        }
        let tenant = requester.tenant().unwrap_or_default().to_owned();
        let automatic = class.documents == Documents::Apq && class.manifest.text(&hash).is_none();
        let register = automatic.then_some(Registration { tenant, hash });
        Ok(Found { text, register })
    }

    /// A document by its name.
    fn named(&self, class: &Class, id: &str, requester: &Requester) -> Result<Found, Refusal> {
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            let message = format!("the id of a document has 1 to {ID_BYTES_MAX} bytes");
            return Err(Refusal::malformed(message));
        }
        let hash = id.strip_prefix("sha256:").unwrap_or(id);
        let listed = class
            .manifest
            .text(id)
            .or_else(|| class.manifest.text(hash));
        let known = listed.or_else(|| match class.documents {
            Documents::Apq => self
                .registered
                .text(requester.tenant().unwrap_or_default(), hash),
            Documents::Any | Documents::Trusted => None,
        });
        match known {
            Some(text) => Ok(Found {
                text: (*text).to_owned(),
                register: None,
            }),
            // Clients of Apollo know these words: the first has them send the text, the second
            // has them never try again.
            None if class.documents == Documents::Any && class.manifest.is_empty() => {
                let words = "PersistedQueryNotSupported";
                Err(refused("PERSISTED_QUERY_NOT_SUPPORTED", words))
            }
            None => Err(refused(
                "PERSISTED_QUERY_NOT_FOUND",
                "PersistedQueryNotFound",
            )),
        }
    }

    /// Keeps a document that is valid for who sent it.
    pub(super) fn register(&self, registration: &Registration, text: &str) {
        self.registered
            .keep(&registration.tenant, &registration.hash, text);
    }
}

fn refused(code: &'static str, message: &str) -> Refusal {
    Refusal::request(code, message)
}

/// The hash of `{"version": 1, "sha256Hash": "…"}`.
fn sha256_hash(extension: &Value) -> Result<String, Refusal> {
    let wrong = || {
        let message = "extensions.persistedQuery must be {version: 1, sha256Hash: 64 lower-case hexadecimal digits}";
        Refusal::malformed(message)
    };
    let Value::Object(fields) = extension else {
        return Err(wrong());
    };
    let first = matches!(fields.get("version"), Some(Value::Number(version)) if version.as_u64() == Some(1));
    match fields.get("sha256Hash") {
        Some(Value::String(hash)) if first && is_hash(hash) => Ok(hash.clone()),
        _ => Err(wrong()),
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests;
