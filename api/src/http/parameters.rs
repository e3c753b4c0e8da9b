//! The parameters of a GraphQL request, from a body, a query string or a socket's message.

use std::{collections::HashMap, time::Duration};

use async_graphql::{Extensions, Request, Value, Variables};
use axum::{
    body::{Body, Bytes},
    extract::Query,
    http::{StatusCode, Uri},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::{Deserialize, de::DeserializeOwned};

use super::{persisted::Asked, refusal::Refusal};

/// Apollo's extension that names a document.
const PERSISTED_QUERY: &str = "persistedQuery";

/// What a client sends. An unknown name is ignored, a name that stands twice is refused.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Variables>,
    extensions: Option<HashMap<String, Value>>,
}

impl Parameters {
    /// Reads a JSON body.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'[') {
            let message = "several requests in one body are not supported";
            let refusal = Refusal::malformed(message);
            return Err(Refusal {
                code: "BATCHING_NOT_SUPPORTED",
                ..refusal
            });
        }
        json(body, "the body")
    }

    /// Reads the query string of a GET, in which variables and extensions are JSON.
    pub(super) fn from_uri(uri: &Uri) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Texts {
            query: Option<String>,
            document_id: Option<String>,
            operation_name: Option<String>,
            variables: Option<String>,
            extensions: Option<String>,
        }

        let Query(texts) = Query::<Texts>::try_from_uri(uri)
            .map_err(|_| Refusal::malformed("the query string is malformed"))?;
        let variables = texts.variables.as_deref().filter(|text| !text.is_empty());
        let extensions = texts.extensions.as_deref().filter(|text| !text.is_empty());
        let variables = variables
            .map(|text| json(text.as_bytes(), "variables"))
            .transpose()?;
        let extensions = extensions
            .map(|text| json(text.as_bytes(), "extensions"))
            .transpose()?;
        Ok(Self {
            query: texts.query,
            document_id: texts.document_id,
            operation_name: texts.operation_name,
            variables: variables.flatten(),
            extensions: extensions.flatten(),
        })
    }

    /// A string among the extensions.
    pub(super) fn extension(&self, name: &str) -> Option<&str> {
        match self.extensions.as_ref()?.get(name)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// What is said of the document. What it is is for others to find out.
    pub(super) fn asked(&mut self) -> Asked {
        let extensions = self.extensions.as_ref();
        let persisted = extensions.and_then(|all| all.get(PERSISTED_QUERY));
        Asked {
            persisted: persisted.filter(|it| **it != Value::Null).cloned(),
            text: self.query.take(),
            id: self.document_id.take(),
        }
    }

    /// The request with its document.
    pub(super) fn into_request(self, query: String) -> Request {
        let mut request = Request::new(query).variables(self.variables.unwrap_or_default());
        request.operation_name = self.operation_name.filter(|name| !name.is_empty());
        request.extensions = Extensions(self.extensions.unwrap_or_default());
        request
    }

    /// Whether a document is given or named.
    pub(super) fn has_document(&self) -> bool {
        let extensions = self.extensions.as_ref();
        self.query.is_some()
            || self.document_id.is_some()
            || extensions.is_some_and(|all| all.contains_key(PERSISTED_QUERY))
    }
}

/// Reads a body of bounded size in bounded time.
pub(super) async fn read_body(
    body: Body,
    bytes_max: usize,
    timeout: Duration,
) -> Result<Bytes, Refusal> {
    let reading = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(timeout, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("the body is larger than {bytes_max} bytes");
            Err(Refusal::transport(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                message,
            ))
        }
        Ok(Err(_)) => Err(Refusal::malformed("the body ended early")),
        Err(_) => {
            let message = "the body did not come in time";
            Err(Refusal::transport(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
                message,
            ))
        }
    }
}

fn json<T: DeserializeOwned>(text: &[u8], what: &str) -> Result<T, Refusal> {
    serde_json::from_slice(text).map_err(|error| {
        let wrong = if error.is_data() {
            "has a parameter of the wrong type"
        } else {
            "is not JSON"
        };
        let (line, column) = (error.line(), error.column());
        Refusal::malformed(format!("{what} {wrong} (line {line}, column {column})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_object_of_the_right_types() {
        for (body, code) in [
            ("", "BAD_REQUEST"),
            ("{", "BAD_REQUEST"),
            (r#" [{"query":"{a}"}]"#, "BATCHING_NOT_SUPPORTED"),
            (r#"{"query":1}"#, "BAD_REQUEST"),
            (r#"{"query":"{a}","variables":[]}"#, "BAD_REQUEST"),
            (r#"{"query":"{a}","variables":"{}"}"#, "BAD_REQUEST"),
            (r#"{"query":"{a}","query":"{b}"}"#, "BAD_REQUEST"),
            (
                r#"{"query":"{a}","variables":{"a":"\ud800"}}"#,
                "BAD_REQUEST",
            ),
            (r#""{a}""#, "BAD_REQUEST"),
        ] {
            assert_eq!(
                Parameters::from_json(body.as_bytes()).unwrap_err().code,
                code,
                "{body}"
            );
        }
        let nulls = r#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#;
        assert!(
            Parameters::from_json(nulls.as_bytes())
                .unwrap()
                .has_document()
        );
        assert!(!Parameters::from_json(b"{}").unwrap().has_document());
    }

    #[test]
    fn a_query_string_carries_json() {
        let uri = "/graphql?query=%7Ba%7D&operationName=A&variables=%7B%22n%22%3A1%7D";
        let mut parameters = Parameters::from_uri(&uri.parse().unwrap()).unwrap();
        let text = parameters.asked().text.unwrap();
        let request = parameters.into_request(text);
        assert_eq!(request.query, "{a}");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.get("n"), Some(&Value::from(1)));
        let uri = "/graphql?query=%7Ba%7D&variables=1".parse().unwrap();
        assert!(Parameters::from_uri(&uri).is_err());
    }
}
