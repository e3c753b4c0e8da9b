//! Manifests: files that name documents. Three forms are read: Apollo's
//! `apollo-persisted-query-manifest`, the map from id to text that relay-compiler and
//! graphql-codegen write, and the map from text to id that persistgraphql writes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use async_graphql::parser::parse_query;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ID_BYTES_MAX, digest};

/// Apollo's name of its form.
const APOLLO: &str = "apollo-persisted-query-manifest";

/// Documents by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    by_id: HashMap<String, Arc<str>>,
    /// By the hash of the text, whatever their id is.
    by_hash: HashMap<String, Arc<str>>,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

impl Manifest {
    /// Reads a file into the manifest. What is wrong is said with the entry.
    pub(super) fn read(&mut self, path: &Path) -> Result<(), String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        self.add(&text)
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        let file: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.contains_key("format") || file.contains_key("operations") {
            return self.add_apollo(file);
        }
        for (key, value) in file {
            let Value::String(value) = value else {
                return Err(format!("entry `{}`: not a text", short(&key)));
            };
            // A document has a brace, an id has none.
            let (id, document) = if key.contains('{') {
                (value, key)
            } else {
                (key, value)
            };
            self.put(&id, &document)?;
        }
        Ok(())
    }

    fn add_apollo(&mut self, mut file: Map<String, Value>) -> Result<(), String> {
        let (format, version) = (file.get("format"), file.get("version"));
        if format.and_then(Value::as_str) != Some(APOLLO) {
            return Err(format!("`format` is not `{APOLLO}`"));
        }
        if version.and_then(Value::as_u64) != Some(1) {
            return Err("`version` is not 1".to_owned());
        }
        let Some(Value::Array(operations)) = file.remove("operations") else {
            return Err("`operations` is not a list".to_owned());
        };
        for (index, operation) in operations.into_iter().enumerate() {
            let operation: Operation = serde_json::from_value(operation)
                .map_err(|error| format!("operations[{index}]: {error}"))?;
            self.put(&operation.id, &operation.body)?;
        }
        Ok(())
    }

    fn put(&mut self, id: &str, text: &str) -> Result<(), String> {
        let wrong = |why: &str| format!("entry `{}`: {why}", short(id));
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            return Err(wrong("the id is empty or too long"));
        }
        parse_query(text).map_err(|error| wrong(&error.to_string()))?;
        let text: Arc<str> = text.into();
        self.by_hash.insert(digest(&text), Arc::clone(&text));
        match self.by_id.insert(id.to_owned(), Arc::clone(&text)) {
            Some(other) if other != text => Err(wrong("the id stands for two documents")),
            _ => Ok(()),
        }
    }

    /// The text of an id, or of the hash of a text.
    pub(super) fn text(&self, id: &str) -> Option<Arc<str>> {
        self.by_id.get(id).or_else(|| self.by_hash.get(id)).cloned()
    }

    /// Whether the text is that of a document.
    pub(super) fn holds(&self, text: &str) -> bool {
        self.by_hash.contains_key(&digest(text))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(file: &Value) -> Result<Manifest, String> {
        let mut manifest = Manifest::default();
        manifest.add(&file.to_string())?;
        Ok(manifest)
    }

    #[test]
    fn three_forms_are_read() {
        let text = "query A { a }";
        let apollo = json!({ "format": APOLLO, "version": 1, "operations":
            [{ "id": "x1", "name": "A", "type": "query", "body": text }] });
        for file in [apollo, json!({ "x1": text }), json!({ text: "x1" })] {
            let manifest = read(&file).unwrap();
            assert_eq!(manifest.text("x1").as_deref(), Some(text), "{file}");
            assert_eq!(
                manifest.text(&digest(text)).as_deref(),
                Some(text),
                "{file}"
            );
            assert!(manifest.holds(text) && !manifest.holds("query A { b }"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_entry() {
        for (file, said) in [
            (json!({ "x1": 7 }), "entry `x1`: not a text"),
            (json!({ "x1": "query {" }), "entry `x1`: "),
            (json!({ "": "{ a }" }), "the id is empty"),
            (
                json!({ "{ a }": "x", "{ b }": "x" }),
                "entry `x`: the id stands for two documents",
            ),
            (json!({ "format": "other", "operations": [] }), "`format`"),
            (
                json!({ "format": APOLLO, "version": 2, "operations": [] }),
                "`version`",
            ),
            (
                json!({ "format": APOLLO, "version": 1, "operations": {} }),
                "`operations`",
            ),
            (
                json!({ "format": APOLLO, "version": 1, "operations": [{ "id": "1" }] }),
                "operations[0]: missing field `body`",
            ),
            (json!([]), "invalid type"),
        ] {
            let message = read(&file).expect_err("it is wrong");
            assert!(message.contains(said), "{message}");
        }
    }
}
