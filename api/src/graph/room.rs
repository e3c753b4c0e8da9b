//! How large one answer may become. What an operation may cost is known before it runs by what lists
//! usually hold; this is about what they do hold, and about the names that the caller gives.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::fault;

/// Bytes that a field takes while its answer is put together, beside its name and text.
const FIELD: usize = 64;

/// What is left for one answer.
pub(super) struct Room(AtomicUsize);

/// The answer would be larger than it may be.
pub(super) struct TooLarge;

impl Room {
    /// Of so many bytes.
    pub(super) const fn of(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// Takes what some written JSON needs.
    pub(super) fn take(&self, bytes: usize) -> Result<(), TooLarge> {
        let taken = |left: usize| Some(left.saturating_sub(bytes));
        let left = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        match left {
            Ok(left) if left > bytes => Ok(()),
            _ => Err(TooLarge),
        }
    }

    /// Takes what a field needs with a name and perhaps a text.
    pub(super) fn take_field(&self, name: &str, text: Option<&str>) -> Result<(), TooLarge> {
        self.take(FIELD + name.len() + text.map_or(0, str::len))
    }

    /// Whether nothing is left: there will be no answer.
    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

impl From<TooLarge> for async_graphql::Error {
    fn from(_: TooLarge) -> Self {
        let message = "the answer would be too large: ask for fewer rows, or for less of each";
        fault("PAYLOAD_TOO_LARGE", message)
    }
}
