//! Documents that were parsed before: clients send the same few again and again.

use std::num::NonZeroUsize;

use async_graphql::ServerError;
use async_graphql::parser::{parse_query, types::ExecutableDocument};

use super::{DocumentLimits, measure, scan};
use crate::http::refusal::Refusal;
use crate::recent::Recent;

/// Documents at hand.
const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// Documents by their text. Exact: parsing and measuring depend on the text and on limits that do
/// not change while the process lives, and on nothing of the caller.
#[derive(Debug)]
pub(in crate::http) struct Parsed {
    limits: DocumentLimits,
    recent: Recent<ExecutableDocument>,
}

impl Parsed {
    /// Nothing parsed yet.
    pub(in crate::http) fn new(limits: DocumentLimits) -> Self {
        Self {
            limits,
            recent: Recent::new(DOCUMENTS),
        }
    }

    /// The document of a text, within bounds.
    pub(super) fn document(&self, text: &str) -> Result<ExecutableDocument, Refusal> {
        let document = self.recent.of(text, || self.parse(text))?;
        Ok(ExecutableDocument::clone(&document))
    }

    fn parse(&self, text: &str) -> Result<ExecutableDocument, Refusal> {
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
        Ok(document)
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
    use crate::recent::KEPT;

    #[test]
    fn a_document_is_the_same_the_second_time() {
        let parsed = Parsed::default();
        let first = format!("{:?}", parsed.document("{ a(b: 1) { c } }").unwrap());
        let second = format!("{:?}", parsed.document("{ a(b: 1) { c } }").unwrap());
        assert_eq!(first, second);
        assert_eq!(parsed.recent.len(), 1);
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
        assert_eq!(parsed.recent.len(), 0);
    }
}
