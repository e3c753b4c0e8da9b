//! Tokens that were verified, so that the next request with one costs no signature and no parsing.
//!
//! Exact: kept is what the very same text came to, for the same tenant selected, with the key that
//! verified it and the time in which it is valid. Whoever finds it checks both again: a token is
//! forgotten with its key, and at the second at which it expires. Nothing here is a token: it is known by
//! its SHA-256.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonwebtoken::DecodingKey;
use lru::LruCache;
use sha2::{Digest as _, Sha256};

use super::Requester;

/// Tokens that are kept.
const TOKENS_MAX: usize = 10_000;

/// A token as it was sent: its digest and the tenant that was selected with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sent([u8; 32], Option<String>);

impl Sent {
    pub(super) fn new(token: &str, selected: Option<&str>) -> Self {
        Self(
            Sha256::digest(token.as_bytes()).into(),
            selected.map(str::to_owned),
        )
    }
}

/// Seconds since 1970 in which a token is valid: the first one, and the first one after.
pub(super) type Window = std::ops::Range<i64>;

/// What a token came to.
pub(super) struct Verified {
    pub(super) requester: Requester,
    pub(super) key_id: Option<String>,
    pub(super) key: Arc<DecodingKey>,
    pub(super) window: Window,
}

/// The tokens of late.
pub(super) struct VerifiedTokens(Mutex<LruCache<Sent, Arc<Verified>>>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Mutex::new(LruCache::unbounded()))
    }
}

impl VerifiedTokens {
    /// What a token came to, if it is valid still. Its key may be another by now.
    pub(super) fn find(&self, sent: &Sent, now: i64) -> Option<Arc<Verified>> {
        let found = self.lock().get(sent).map(Arc::clone);
        found.filter(|verified| verified.window.contains(&now))
    }

    pub(super) fn keep(&self, sent: Sent, verified: Verified) {
        let mut tokens = self.lock();
        tokens.put(sent, Arc::new(verified));
        while tokens.len() > TOKENS_MAX {
            tokens.pop_lru();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Sent, Arc<Verified>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
