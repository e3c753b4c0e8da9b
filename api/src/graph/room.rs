//! How large one answer may become. What an operation may cost is known before it runs by what lists
//! usually hold; this is about what they do hold, and about the names that the caller gives.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Name, Value};

use super::error::fault;

/// Bytes of a member of an object beside its name and text.
const MEMBER: usize = 8;

/// What is left for one answer, in bytes.
pub(super) struct Room(AtomicUsize);

/// The answer would be larger than it may be.
pub(super) struct TooLarge;

impl Room {
    /// Of so many bytes.
    pub(super) const fn of(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// What is left.
    pub(super) fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes what some JSON needs.
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

    /// Takes what the members of an object need with their names. What is in objects and lists among
    /// them was taken for itself.
    pub(super) fn take_members(&self, value: &Value) -> Result<(), TooLarge> {
        let Value::Object(members) = value else {
            return Ok(());
        };
        let member = |(name, value): (&Name, &Value)| {
            let text = match value {
                Value::String(text) => text.len(),
                _ => 0,
            };
            MEMBER + name.len() + text
        };
        self.take(members.iter().map(member).sum())
    }
}

impl From<TooLarge> for async_graphql::Error {
    fn from(_: TooLarge) -> Self {
        let message = "the answer would be too large: ask for fewer rows, or for less of each";
        fault("PAYLOAD_TOO_LARGE", message)
    }
}
