//! What an answer says of its cost, in the form that Shopify gave it.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value, value};

use super::Rates;
use super::bucket::Taken;
use crate::graph::error::later;

/// Where it stands among the extensions of an answer.
pub(super) const EXTENSION: &str = "cost";
/// One operation costs more than any may.
pub(super) const TOO_EXPENSIVE: &str = "COST_ESTIMATED_TOO_EXPENSIVE";
/// The client has spent what it had.
pub(super) const THROTTLED: &str = "THROTTLED";

/// The cost of an operation that ran.
pub(super) fn settled(requested: u64, actual: u64, left: u64, rates: &Rates) -> Value {
    cost(requested, Some(actual), left, rates)
}

/// Refuses an operation that no bucket will ever hold enough for.
pub(super) fn too_expensive(requested: u64, rates: &Rates) -> Response {
    let message = format!(
        "the operation may cost {requested}; one may cost {} at most: ask for shorter pages or fewer fields",
        rates.maximum
    );
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", TOO_EXPENSIVE);
    extensions.set("retryable", false);
    extensions.set("cost", requested);
    extensions.set("maximum", rates.maximum);
    error.extensions = Some(extensions);
    Response::from_errors(vec![error])
}

/// Refuses an operation that the bucket does not hold enough for now.
pub(super) fn throttled(requested: u64, taken: Taken, rates: &Rates) -> Response {
    let wait = taken.wait(requested, rates);
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let message = format!(
        "the operation may cost {requested} and {} is left: try again in {wait_ms} ms",
        taken.left
    );
    let mut response = later(THROTTLED, message, wait);
    let cost = cost(requested, None, taken.left, rates);
    response.extensions.insert(EXTENSION.to_owned(), cost);
    response
}

fn cost(requested: u64, actual: Option<u64>, left: u64, rates: &Rates) -> Value {
    value!({
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": rates.bucket,
            "currentlyAvailable": left,
            "restoreRate": rates.restore,
        },
    })
}
