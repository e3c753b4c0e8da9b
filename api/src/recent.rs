//! What was made of the newest documents, by their text: clients send the same few again and again.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

/// Longer documents, in bytes, are not kept.
pub(crate) const KEPT: usize = 8 * 1024;
/// Bytes of all texts. What is made of one is up to a hundred times as large.
const ALL: usize = 256 * 1024;

/// Bounded. Exact as long as what is made depends on the text and on nothing that changes.
#[derive(Debug)]
pub(crate) struct Recent<T>(Mutex<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    made: LruCache<String, Arc<T>>,
    bytes: usize,
}

impl<T> Recent<T> {
    /// Nothing yet, and never more than this many.
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self(Mutex::new(Kept {
            made: LruCache::new(most),
            bytes: 0,
        }))
    }

    /// What was made of the text, or is made now. A failure is not kept.
    pub(crate) fn of<E>(
        &self,
        text: &str,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(known) = self.lock().made.get(text) {
            return Ok(Arc::clone(known));
        }
        let value = Arc::new(make()?);
        if text.len() <= KEPT {
            self.lock().keep(text.to_owned(), Arc::clone(&value));
        }
        Ok(value)
    }

    /// How many are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().made.len()
    }

    fn lock(&self) -> MutexGuard<'_, Kept<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Kept<T> {
    fn keep(&mut self, text: String, value: Arc<T>) {
        self.bytes += text.len();
        if let Some((gone, _)) = self.made.push(text, value) {
            self.bytes -= gone.len();
        }
        while self.bytes > ALL
            && let Some((gone, _)) = self.made.pop_lru()
        {
            self.bytes -= gone.len();
        }
    }
}
