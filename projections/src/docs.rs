//! Documents in memory: of each tenant, as its rows have them at one place. Whoever folds or reads at
//! that very place needs no rows; at any other, nothing here counts.

use std::collections::HashMap;
use std::sync::Arc;

use entrepot_domain::kernel::TenantId;
use lru::LruCache;

use crate::model::{Documents, Fold};
use crate::place::Place;

/// What the documents of one tenant weigh ([`Fold::weight`]): 20 MB.
const EACH_MAX: usize = 40_000;
/// What those of all tenants weigh; those of the tenant that was asked for least recently go first.
const ALL_MAX: usize = 200_000;

/// The documents of one model.
pub(crate) struct Docs<F: Fold> {
    settled: LruCache<TenantId, Settled<F>>,
    /// Of those that are settled, of all tenants.
    weight: usize,
    /// Those of batches that are not committed yet.
    staged: HashMap<TenantId, Documents<F>>,
    each_max: usize,
    all_max: usize,
}

/// One tenant's documents as the rows have them.
struct Settled<F: Fold> {
    place: Place,
    docs: LruCache<F::Key, Arc<F::Doc>>,
    weight: usize,
}

impl<F: Fold> Settled<F> {
    fn at(place: Place) -> Self {
        Self {
            place,
            docs: LruCache::unbounded(),
            weight: 0,
        }
    }

    fn put(&mut self, key: F::Key, doc: Arc<F::Doc>) {
        self.weight += F::weight(&doc);
        let before = self.docs.put(key, doc);
        self.weight -= before.map_or(0, |doc| F::weight(&doc));
    }

    /// Drops those that were asked for least recently, until they weigh no more than this.
    fn trim(&mut self, most: usize) {
        while self.weight > most
            && let Some((_, doc)) = self.docs.pop_lru()
        {
            self.weight -= F::weight(&doc);
        }
    }
}

impl<F: Fold> Default for Docs<F> {
    fn default() -> Self {
        Self::within(EACH_MAX, ALL_MAX)
    }
}

impl<F: Fold> Docs<F> {
    fn within(each_max: usize, all_max: usize) -> Self {
        Self {
            settled: LruCache::unbounded(),
            weight: 0,
            staged: HashMap::new(),
            each_max,
            all_max,
        }
    }

    /// Those of the keys that are in memory, as the rows have them at a place.
    pub(crate) fn at(&mut self, tenant: TenantId, place: Place, keys: &[F::Key]) -> Documents<F> {
        let Some(settled) = self.settled.get_mut(&tenant) else {
            return Documents::<F>::new();
        };
        if settled.place != place {
            return Documents::<F>::new();
        }
        let known = |key: &F::Key| Some((key.clone(), Arc::clone(settled.docs.get(key)?)));
        keys.iter().filter_map(known).collect()
    }

    /// The documents of all of these keys and the place at which the rows say the same, wherever that
    /// is; none if one of them is not in memory.
    pub(crate) fn settled(
        &mut self,
        tenant: TenantId,
        keys: &[F::Key],
    ) -> Option<(Place, Documents<F>)> {
        let place = self.settled.peek(&tenant)?.place;
        let docs = self.at(tenant, place, keys);
        keys.iter()
            .all(|key| docs.contains_key(key))
            .then_some((place, docs))
    }

    /// One as it stands for a batch on the rows of a place, after what was staged of it.
    pub(crate) fn get(
        &mut self,
        tenant: TenantId,
        place: Place,
        key: &F::Key,
    ) -> Option<&Arc<F::Doc>> {
        let staged = self.staged.get(&tenant).and_then(|staged| staged.get(key));
        staged.or_else(|| {
            let settled = self.settled.get_mut(&tenant)?;
            settled.docs.get(key).filter(|_| settled.place == place)
        })
    }

    /// What a batch made of them.
    pub(crate) fn stage(&mut self, tenant: TenantId, docs: Vec<(F::Key, F::Doc)>) {
        let docs = docs.into_iter().map(|(key, doc)| (key, Arc::new(doc)));
        self.staged.entry(tenant).or_default().extend(docs);
    }

    /// What was staged is in the rows now, which the batches took from one place to another.
    pub(crate) fn settle(&mut self, tenant: TenantId, from: Place, to: Place) {
        let staged = self.staged.remove(&tenant).unwrap_or_default();
        self.change(tenant, to, |settled| {
            if settled.place == from {
                settled.place = to;
            } else if settled.place != to {
                *settled = Settled::at(to);
            }
            for (key, doc) in staged {
                settled.put(key, doc);
            }
        });
    }

    /// Keeps what somebody read at a place, unless something newer is known or under way.
    pub(crate) fn keep(&mut self, tenant: TenantId, place: Place, docs: &Documents<F>) {
        if self.staged.contains_key(&tenant) {
            return;
        }
        self.change(tenant, place, |settled| {
            if place.is_after(settled.place) {
                *settled = Settled::at(place);
            }
            if settled.place == place {
                for (key, doc) in docs {
                    settled.put(key.clone(), Arc::clone(doc));
                }
            }
        });
    }

    /// Forgets a tenant's documents in the middle of a transaction that has written rows: what is read
    /// of them before it ends is old when it has, so nothing is kept until then.
    pub(crate) fn unlearn(&mut self, tenant: TenantId) {
        self.forget(tenant);
        self.staged.insert(tenant, Documents::<F>::new());
    }

    /// Forgets a tenant's documents.
    pub(crate) fn forget(&mut self, tenant: TenantId) {
        self.staged.remove(&tenant);
        if let Some(settled) = self.settled.pop(&tenant) {
            self.weight -= settled.weight;
        }
    }

    fn change(&mut self, tenant: TenantId, place: Place, change: impl FnOnce(&mut Settled<F>)) {
        let settled = self
            .settled
            .get_or_insert_mut(tenant, || Settled::at(place));
        self.weight -= settled.weight;
        change(settled);
        settled.trim(self.each_max);
        self.weight += settled.weight;
        while self.weight > self.all_max
            && let Some((_, settled)) = self.settled.pop_lru()
        {
            self.weight -= settled.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use entrepot_domain::kernel::CustomerId;
    use uuid::Uuid;

    use super::*;
    use crate::customers::Customers;

    const NORTH: TenantId = TenantId(1);
    const SOUTH: TenantId = TenantId(2);

    fn place(position: i64) -> Place {
        Place {
            position,
            rebuilt: 0,
        }
    }

    fn key(number: u128) -> CustomerId {
        CustomerId(Uuid::from_u128(number))
    }

    fn read(numbers: std::ops::Range<u128>) -> Documents<Customers> {
        numbers
            .map(|number| (key(number), Arc::default()))
            .collect()
    }

    fn count(docs: &mut Docs<Customers>, tenant: TenantId, at: Place) -> usize {
        let keys: Vec<_> = (0..100).map(key).collect();
        docs.at(tenant, at, &keys).len()
    }

    #[test]
    fn documents_count_at_their_place_only() {
        let mut docs = Docs::<Customers>::within(100, 100);
        docs.keep(NORTH, place(5), &read(0..2));
        assert_eq!(count(&mut docs, NORTH, place(5)), 2);
        for other in [
            place(4),
            place(6),
            Place {
                position: 5,
                rebuilt: 1,
            },
        ] {
            assert_eq!(count(&mut docs, NORTH, other), 0);
            assert!(docs.get(NORTH, other, &key(0)).is_none());
        }
        assert_eq!(count(&mut docs, SOUTH, place(5)), 0);
    }

    #[test]
    fn a_batch_takes_them_along() {
        let mut docs = Docs::<Customers>::within(100, 100);
        docs.keep(NORTH, place(5), &read(0..2));
        docs.stage(NORTH, vec![(key(2), None)]);
        assert!(
            docs.get(NORTH, place(5), &key(2)).is_some(),
            "for the next of its batches"
        );
        assert_eq!(count(&mut docs, NORTH, place(5)), 2, "for nobody else");
        docs.settle(NORTH, place(5), place(6));
        assert_eq!(count(&mut docs, NORTH, place(6)), 3);
        // Another process took the rows from 6 to 8, and a batch of this one from there to 9.
        docs.stage(NORTH, vec![(key(3), None)]);
        docs.settle(NORTH, place(8), place(9));
        assert_eq!(count(&mut docs, NORTH, place(9)), 1);
    }

    #[test]
    fn slow_readers_bring_nothing_old() {
        let mut docs = Docs::<Customers>::within(100, 100);
        docs.keep(NORTH, place(5), &read(0..2));
        docs.keep(NORTH, place(4), &read(2..9));
        assert_eq!(count(&mut docs, NORTH, place(5)), 2);
        docs.stage(NORTH, vec![(key(9), None)]);
        docs.keep(NORTH, place(6), &read(2..4));
        docs.settle(NORTH, place(5), place(6));
        assert_eq!(
            count(&mut docs, NORTH, place(6)),
            3,
            "none of who read between"
        );
        docs.keep(
            NORTH,
            Place {
                position: 2,
                rebuilt: 1,
            },
            &read(0..1),
        );
        assert_eq!(
            count(
                &mut docs,
                NORTH,
                Place {
                    position: 2,
                    rebuilt: 1
                }
            ),
            1
        );
    }

    #[test]
    fn nothing_is_kept_while_a_transaction_goes_on_after_a_refusal() {
        let mut docs = Docs::<Customers>::within(100, 100);
        docs.keep(NORTH, place(5), &read(0..2));
        docs.stage(NORTH, vec![(key(0), None)]);
        docs.unlearn(NORTH);
        docs.keep(NORTH, place(5), &read(0..2));
        docs.settle(NORTH, place(5), place(6));
        assert_eq!(count(&mut docs, NORTH, place(6)), 0);
        docs.keep(NORTH, place(6), &read(0..2));
        assert_eq!(count(&mut docs, NORTH, place(6)), 2, "it is over");
    }

    #[test]
    fn there_are_not_more_than_may_be() {
        let mut docs = Docs::<Customers>::within(4, 6);
        docs.keep(NORTH, place(1), &read(0..9));
        assert_eq!(count(&mut docs, NORTH, place(1)), 4);
        docs.keep(SOUTH, place(1), &read(0..2));
        assert_eq!(count(&mut docs, NORTH, place(1)), 4);
        docs.keep(SOUTH, place(1), &read(2..3));
        assert_eq!(
            (
                count(&mut docs, NORTH, place(1)),
                count(&mut docs, SOUTH, place(1))
            ),
            (0, 3)
        );
        docs.forget(SOUTH);
        assert_eq!(docs.weight, 0);
    }
}
