//! Automatic persisted queries: what clients of a tenant registered, bounded in bytes for each
//! tenant and in all. Another node does not know them; there the client sends the text again.

use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

/// Bytes that one tenant's documents may take.
pub(super) const TENANT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes that all documents may take.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What a document takes besides its text.
const OVERHEAD: usize = 200;

/// Documents by tenant and hash.
#[derive(Debug)]
pub(super) struct Registered(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    tenants: LruCache<String, Shelf>,
    bytes: usize,
}

/// One tenant's documents.
#[derive(Debug)]
struct Shelf {
    documents: LruCache<String, Arc<str>>,
    bytes: usize,
}

impl Default for Registered {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            tenants: LruCache::unbounded(),
            bytes: 0,
        }))
    }
}

impl Registered {
    /// The text that the tenant knows by this hash.
    pub(super) fn text(&self, tenant: &str, hash: &str) -> Option<Arc<str>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.tenants.get_mut(tenant)?.documents.get(hash).cloned()
    }

    /// Keeps a text. What the tenant, and then what anybody, used least recently makes room.
    pub(super) fn keep(&self, tenant: &str, hash: &str, text: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.tenants.contains(tenant) {
            let own = Shelf {
                documents: LruCache::unbounded(),
                bytes: 0,
            };
            kept.tenants.put(tenant.to_owned(), own);
        }
        let Some(own) = kept.tenants.get_mut(tenant) else {
            return;
        };
        let before = own.bytes;
        if own.documents.put(hash.to_owned(), text.into()).is_none() {
            own.bytes += size(text);
        }
        while own.bytes > TENANT_BYTES_MAX && own.drop_oldest() {}
        kept.bytes = kept.bytes + kept.tenants.peek(tenant).map_or(0, |it| it.bytes) - before;
        kept.make_room();
    }
}

impl Kept {
    fn make_room(&mut self) {
        while self.bytes > BYTES_MAX {
            let Some((_, own)) = self.tenants.pop_lru() else {
                return;
            };
            self.bytes -= own.bytes;
        }
    }
}

impl Shelf {
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.documents.pop_lru();
        self.bytes -= oldest.as_ref().map_or(0, |(_, text)| size(text));
        oldest.is_some()
    }
}

fn size(text: &str) -> usize {
    text.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(registered: &Registered) -> usize {
        let kept = registered.0.lock().unwrap();
        let sum = kept.tenants.iter().map(|(_, own)| own.bytes).sum();
        assert_eq!(kept.bytes, sum);
        sum
    }

    #[test]
    fn a_tenant_knows_its_own_and_no_other() {
        let registered = Registered::default();
        registered.keep("north", "1", "{ a }");
        assert_eq!(registered.text("north", "1").as_deref(), Some("{ a }"));
        assert_eq!(registered.text("south", "1"), None);
    }

    #[test]
    fn a_flood_of_one_tenant_pushes_out_nothing_of_another() {
        let registered = Registered::default();
        registered.keep("south", "mine", "{ a }");
        let long = "x".repeat(10_000);
        for number in 0..2_000 {
            registered.keep("north", &number.to_string(), &long);
        }
        assert!(bytes(&registered) <= TENANT_BYTES_MAX + size("{ a }"));
        assert!(registered.text("south", "mine").is_some());
        assert!(
            registered.text("north", "1999").is_some() && registered.text("north", "0").is_none()
        );
        // The same again takes no more.
        let before = bytes(&registered);
        registered.keep("north", "1999", &long);
        assert_eq!(bytes(&registered), before);
    }

    #[test]
    fn all_tenants_together_are_bounded() {
        let registered = Registered::default();
        let long = "x".repeat(TENANT_BYTES_MAX - OVERHEAD);
        for tenant in 0..100 {
            registered.keep(&tenant.to_string(), "1", &long);
        }
        assert!(bytes(&registered) <= BYTES_MAX);
        assert!(registered.text("99", "1").is_some() && registered.text("0", "1").is_none());
    }
}
