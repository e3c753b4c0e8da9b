//! What was made of the newest documents, by their text: clients send the same few again and again.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

/// Longer documents, in bytes, are not kept: a thousand of them would be too much.
pub(crate) const KEPT: usize = 8 * 1024;

/// Bounded. Exact as long as what is made depends on the text and on nothing that changes.
#[derive(Debug)]
pub(crate) struct Recent<T>(Mutex<LruCache<String, T>>);

impl<T: Clone> Recent<T> {
    /// Nothing yet, and never more than this many.
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(most)))
    }

    /// What was made of the text, or is made now. A failure is not kept.
    pub(crate) fn of<E>(&self, text: &str, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Some(known) = self.lock().get(text) {
            return Ok(known.clone());
        }
        let value = make()?;
        if text.len() <= KEPT {
            self.lock().put(text.to_owned(), value.clone());
        }
        Ok(value)
    }

    /// How many are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<String, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
