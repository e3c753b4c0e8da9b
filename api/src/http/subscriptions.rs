//! How many subscriptions a tenant has open here, over all its sockets and streams.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts open subscriptions by tenant.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscriptions(Arc<Mutex<HashMap<String, usize>>>);

/// A subscription that is open. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    all: Subscriptions,
    tenant: String,
}

impl Subscriptions {
    /// Opens one more, if the tenant has fewer than so many.
    pub(super) fn open(&self, tenant: &str, most: usize) -> Option<Open> {
        let mut all = self.lock();
        let count = all.entry(tenant.to_owned()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Open {
            all: self.clone(),
            tenant: tenant.to_owned(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(count) = all.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_so_many_and_what_ends_makes_room() {
        let all = Subscriptions::default();
        let one = all.open("north", 2);
        let two = all.open("north", 2);
        assert!(one.is_some() && two.is_some());
        assert!(all.open("north", 2).is_none() && all.open("south", 2).is_some());
        drop(one);
        assert!(all.open("north", 2).is_some());
        drop(two);
        assert!(all.lock().is_empty());
    }
}
