//! One result of a stream, as it goes out.

use std::sync::Arc;

use async_graphql::{Response, Value};

use super::{
    answer::payload,
    refusal::{complete, nothing_ran},
};

/// A result, written once for all who get the same.
#[derive(Clone, Debug)]
pub struct Update {
    /// The result as JSON.
    pub(super) payload: Arc<str>,
    /// `extensions.cursor`: where a client goes on behind this result.
    pub(super) cursor: Option<Arc<str>>,
    /// The stream ends with this result.
    pub(super) last: Option<Last>,
}

/// How a stream ends.
#[derive(Clone, Debug)]
pub(super) struct Last {
    /// The errors that end it, as JSON.
    pub(super) errors: Arc<str>,
    /// Whether the stream ran and may be gone on with; else it never began.
    pub(super) cut_off: bool,
}

impl Update {
    /// Of its JSON.
    pub(crate) fn bytes(&self) -> usize {
        self.payload.len()
    }

    /// The errors that end a stream that ran. What may be tried again may be gone on with.
    pub fn ending(mut response: Response) -> Self {
        complete(&mut response);
        let retryable = response.errors.iter().any(|error| {
            let extensions = error.extensions.as_ref();
            extensions.and_then(|extensions| extensions.get("retryable"))
                == Some(&Value::Boolean(true))
        });
        let mut update = Self::from(response);
        if let Some(last) = &mut update.last {
            last.cut_off = retryable;
        }
        update
    }
}

impl From<Response> for Update {
    /// A response with errors, without data and without a path ends the stream.
    fn from(mut response: Response) -> Self {
        complete(&mut response);
        let cursor = match response.extensions.get("cursor") {
            Some(Value::String(cursor)) => Some(cursor.as_str().into()),
            _ => None,
        };
        let last = nothing_ran(&response).then(|| Last {
            // Only strings, numbers and lists of them: there is nothing that does not serialize.
            errors: serde_json::to_string(&response.errors)
                .unwrap_or_else(|_| "[]".to_owned())
                .into(),
            cut_off: false,
        });
        Self {
            payload: payload(&response).into(),
            cursor,
            last,
        }
    }
}
