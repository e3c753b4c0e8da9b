//! Documents that were parsed before: clients send the same few again and again.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use async_graphql::ServerError;
use async_graphql::parser::{parse_query, types::ExecutableDocument};
use lru::LruCache;

use super::{DocumentLimits, measure, scan};
use crate::http::refusal::Refusal;

/// Documents at hand.
const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// Longer documents, in bytes, are parsed each time: a thousand of them would be too much to keep.
const KEPT: usize = 8 * 1024;

/// Documents by their text. Exact: parsing and measuring depend on the text and on limits that do
/// not change while the process lives, and on nothing of the caller.
#[derive(Debug)]
pub(in crate::http) struct Parsed {
    limits: DocumentLimits,
    recent: Mutex<LruCache<String, ExecutableDocument>>,
}

impl Parsed {
    /// Nothing parsed yet.
    pub(in crate::http) fn new(limits: DocumentLimits) -> Self {
        Self {
            limits,
            recent: Mutex::new(LruCache::new(DOCUMENTS)),
        }
    }

    /// The document of a text, within bounds.
    pub(super) fn document(&self, text: &str) -> Result<ExecutableDocument, Refusal> {
        if let Some(document) = self.lock().get(text) {
            return Ok(document.clone());
        }
        scan::check(text, &self.limits)?;
        let document = parse_query(text).map_err(|error| {
            let error = ServerError::from(error);
            let refusal = Refusal::request("GRAPHQL_PARSE_FAILED", error.message);
            Refusal {
                locations: error.locations,
                ..refusal
            }
        })?;
        measure::check(&document, &self.limits)?;
        if text.len() <= KEPT {
            self.lock().put(text.to_owned(), document.clone());
        }
        Ok(document)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<String, ExecutableDocument>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Parsed {
    fn default() -> Self {
        Self::new(DocumentLimits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_the_same_the_second_time() {
        let parsed = Parsed::default();
        let first = format!("{:?}", parsed.document("{ a(b: 1) { c } }").unwrap());
        let second = format!("{:?}", parsed.document("{ a(b: 1) { c } }").unwrap());
        assert_eq!(first, second);
        assert_eq!(parsed.lock().len(), 1);
    }

    #[test]
    fn what_is_refused_or_long_is_not_kept() {
        let parsed = Parsed::default();
        assert!(parsed.document("{ a").is_err());
        assert!(parsed.document("{ a").is_err());
        let long = format!("{{ {} }}", "a ".repeat(10));
        assert!(
            parsed
                .document(&format!("{long}#{}", "x".repeat(KEPT)))
                .is_ok()
        );
        assert_eq!(parsed.lock().len(), 0);
    }
}
