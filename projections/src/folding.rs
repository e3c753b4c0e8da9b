//! Runs a [`Fold`] over a batch: which documents, from where, and what cannot be folded.

use std::any::Any;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrepot_domain::envelope::Recorded;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::parked;
use entrepot_event_store::Entry;
use entrepot_event_store::db::{DbError, View};

use crate::docs::Docs;
use crate::model::{Fold, FoldError, TenantFacts};
use crate::place::Place;
use crate::writes::Writes;

/// One batch of a tenant's log on its way into rows.
pub(crate) struct Batch<'a> {
    pub(crate) facts: &'a TenantFacts,
    /// Where the rows stand before it.
    pub(crate) place: Place,
    pub(crate) entries: &'a [Arc<Entry>],
    /// Keys that are parked already, by model.
    pub(crate) parked: &'a HashMap<String, HashSet<String>>,
    /// Whether documents that begin are taken to have no rows yet. If they have, the database refuses
    /// the batch, and it is written again without that belief.
    pub(crate) begin_anew: bool,
    /// Set when the database refused this batch of one event: its keys are parked without folding.
    pub(crate) refused: Option<&'a str>,
    /// Microseconds since 1970.
    pub(crate) now: i64,
}

/// A read model whatever its types.
#[async_trait::async_trait]
pub(crate) trait AnyModel: Any + Send + Sync {
    fn name(&self) -> &'static str;
    fn tables(&self) -> &'static [&'static str];
    /// Folds a batch into rows, and says what is parked.
    async fn fold(
        &self,
        view: View<'_>,
        batch: &Batch<'_>,
        out: &mut Writes,
    ) -> Result<Vec<parked::Model>, DbError>;
    /// What was folded since the last time is in the rows, which went from one place to another.
    fn settle(&self, tenant: TenantId, from: Place, to: Place);
    /// Forgets a tenant's documents: somebody else wrote its rows, or a write failed.
    fn forget(&self, tenant: TenantId);
    /// The same in the middle of a transaction that goes on: nothing is learned before it is over.
    fn unlearn(&self, tenant: TenantId);
}

/// A model with its documents in memory.
pub(crate) struct Model<F: Fold> {
    docs: Mutex<Docs<F>>,
}

impl<F: Fold> Model<F> {
    pub(crate) fn boxed() -> Box<dyn AnyModel> {
        Box::new(Self {
            docs: Mutex::default(),
        })
    }

    /// The documents of the keys that have any, from memory or from their rows.
    async fn documents(
        &self,
        view: View<'_>,
        batch: &Batch<'_>,
        by_key: &BTreeMap<F::Key, Vec<&Arc<Recorded>>>,
    ) -> Result<HashMap<F::Key, F::Doc>, DbError> {
        let (mut docs, mut absent) = (HashMap::with_capacity(by_key.len()), Vec::new());
        let tenant = batch.facts.tenant;
        {
            let mut known = self.docs();
            for (key, events) in by_key {
                match known.get(tenant, batch.place, key) {
                    Some(doc) => drop(docs.insert(key.clone(), F::Doc::clone(doc))),
                    None if events.first().is_some_and(|event| F::begins(event)) => {}
                    None => absent.push(key.clone()),
                }
            }
        }
        if !absent.is_empty() {
            docs.extend(F::load(view, tenant, &absent).await?);
        }
        Ok(docs)
    }

    /// The documents in memory.
    pub(crate) fn docs(&self) -> MutexGuard<'_, Docs<F>> {
        self.docs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl<F: Fold> AnyModel for Model<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn tables(&self) -> &'static [&'static str] {
        F::tables()
    }

    async fn fold(
        &self,
        view: View<'_>,
        batch: &Batch<'_>,
        out: &mut Writes,
    ) -> Result<Vec<parked::Model>, DbError> {
        let mut parking = Parking::new(F::NAME, batch);
        let mut by_key: BTreeMap<F::Key, Vec<&Arc<Recorded>>> = BTreeMap::new();
        for entry in batch.entries {
            let Some(recorded) = parking.readable(entry) else {
                continue;
            };
            for key in F::keys(&recorded.event) {
                by_key.entry(key).or_default().push(recorded);
            }
        }
        by_key.retain(|key, events| !parking.key_is_parked(&key.to_string(), events));

        let tenant = batch.facts.tenant;
        let mut docs = self.documents(view, batch, &by_key).await?;
        let mut folded = Vec::with_capacity(by_key.len());
        for (key, events) in by_key {
            let before = docs.remove(&key);
            let begins = before.is_none() && events.first().is_some_and(|event| F::begins(event));
            out.begins(begins && batch.begin_anew);
            let before = before.unwrap_or_default();
            let (after, taken, error) = fold_key::<F>(&before, &key, &events, batch.facts);
            if let Some(error) = error {
                parking.park(&key.to_string(), &events[taken..], &error.0);
            }
            if taken > 0 {
                F::write(batch.facts, &key, &before, &after, out);
                folded.push((key, after));
            }
        }
        self.docs().stage(tenant, folded);
        Ok(parking.rows)
    }

    fn settle(&self, tenant: TenantId, from: Place, to: Place) {
        self.docs().settle(tenant, from, to);
    }

    fn forget(&self, tenant: TenantId) {
        self.docs().forget(tenant);
    }

    fn unlearn(&self, tenant: TenantId) {
        self.docs().unlearn(tenant);
    }
}

/// Folds a key's events; how many were taken, and why the next one was not.
fn fold_key<F: Fold>(
    before: &F::Doc,
    key: &F::Key,
    events: &[&Arc<Recorded>],
    facts: &TenantFacts,
) -> (F::Doc, usize, Option<FoldError>) {
    let mut doc = before.clone();
    for (taken, event) in events.iter().enumerate() {
        if let Err(error) = apply::<F>(&mut doc, key, event, facts) {
            // The failed event may have left half a change: fold again what came before it.
            let mut doc = before.clone();
            let again = events[..taken]
                .iter()
                .try_for_each(|event| apply::<F>(&mut doc, key, event, facts));
            return (doc, taken, again.err().or(Some(error)));
        }
    }
    (doc, events.len(), None)
}

/// A fold that panics parks its key like one that says no; it must not take the projector down.
fn apply<F: Fold>(
    doc: &mut F::Doc,
    key: &F::Key,
    event: &Recorded,
    facts: &TenantFacts,
) -> Result<(), FoldError> {
    catch_unwind(AssertUnwindSafe(|| F::apply(doc, key, event, facts)))
        .unwrap_or_else(|_| Err(FoldError("the fold panicked".to_owned())))
}

/// A text as every database takes it: a key may be parked for the very NUL that PostgreSQL refuses.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{2400}").into()
    } else {
        text.into()
    }
}

/// What a batch parks in one model.
struct Parking<'a> {
    model: &'static str,
    batch: &'a Batch<'a>,
    there: Option<&'a HashSet<String>>,
    new: HashSet<String>,
    rows: Vec<parked::Model>,
}

impl<'a> Parking<'a> {
    fn new(model: &'static str, batch: &'a Batch<'a>) -> Self {
        Self {
            model,
            batch,
            there: batch.parked.get(model),
            new: HashSet::new(),
            rows: Vec::new(),
        }
    }

    /// The event, unless this release cannot read it or an earlier one of its stream.
    fn readable(&mut self, entry: &'a Entry) -> Option<&'a Arc<Recorded>> {
        let none_parked = self.there.is_none_or(HashSet::is_empty) && self.new.is_empty();
        if none_parked && let Ok(recorded) = &entry.event {
            return Some(recorded);
        }
        let stream = format!("stream:{}:{}", entry.stream_type, entry.stream_id);
        match &entry.event {
            Ok(recorded) if !self.is_parked(&stream) => Some(recorded),
            Ok(_) => {
                self.row(&stream, entry.position, None);
                None
            }
            Err(error) => {
                self.row(&stream, entry.position, Some(error.to_string()));
                None
            }
        }
    }

    /// Whether a key takes no events now; they are parked then.
    fn key_is_parked(&mut self, key: &str, events: &[&Arc<Recorded>]) -> bool {
        if let Some(error) = self.batch.refused {
            self.park(key, events, error);
            return true;
        }
        let parked = self.is_parked(key);
        if parked {
            for event in events {
                self.row(key, event.position, None);
            }
        }
        parked
    }

    /// Parks the first event for its error, the others because they follow it.
    fn park(&mut self, key: &str, events: &[&Arc<Recorded>], error: &str) {
        let mut error = Some(error.to_owned());
        for event in events {
            self.row(key, event.position, error.take());
        }
    }

    fn is_parked(&self, key: &str) -> bool {
        let key = &*storable(key);
        self.new.contains(key) || self.there.is_some_and(|there| there.contains(key))
    }

    fn row(&mut self, key: &str, position: i64, error: Option<String>) {
        let tenant_id = self.batch.facts.tenant.0;
        if let Some(error) = &error {
            tracing::error!(
                tenant = tenant_id,
                model = self.model,
                key,
                position,
                error,
                "an event was parked"
            );
            metrics::counter!("entrepot_projection_parked_total", "projection" => self.model)
                .increment(1);
        }
        let (model, row_key) = (self.model.to_owned(), storable(key).into_owned());
        self.new.insert(row_key.clone());
        let error = error.map(|error| storable(&error).into_owned());
        self.rows.push(parked::Model {
            tenant_id,
            model,
            row_key,
            position,
            error,
            parked_at: self.batch.now,
        });
    }
}
