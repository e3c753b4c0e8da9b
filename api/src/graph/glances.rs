//! Which requests are answered from the rows of one list and from memory, so that a glance suffices
//! ([`snapshot`](super::snapshot)). A guess from the last time that costs a statement when it is wrong.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use entrepot_domain::kernel::TenantId;
use lru::LruCache;

/// Requests that are remembered.
const MOST: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// A request: whose, and the hash of its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Glance(TenantId, u64);

/// Those for which a glance would have sufficed the last time.
#[derive(Debug)]
pub(super) struct Glances(Mutex<LruCache<Glance, ()>>);

impl Glance {
    pub(super) fn of(tenant: TenantId, document: &str) -> Self {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        Self(tenant, hasher.hash_one(document))
    }
}

impl Glances {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }

    /// Whether a glance may suffice.
    pub(super) fn suffices(&self, glance: Glance) -> bool {
        self.lock().get(&glance).is_some()
    }

    /// Whether a glance did, or would have.
    pub(super) fn learn(&self, glance: Glance, suffices: bool) {
        if suffices {
            self.lock().put(glance, ());
        } else {
            self.lock().pop(&glance);
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Glance, ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
