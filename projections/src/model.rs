//! What a read model is: a fold of the tenant's log into rows.
//!
//! Write a read model as a [`Fold`]: which keys an event touches, how a key's document changes, and
//! the rows that a document becomes. The runner does the rest: it reads, decodes, caches, writes
//! every table once a batch, parks what cannot be folded, and rebuilds.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Currency, TenantId, Zone};
use entrepot_event_store::db::{DbError, View};

use crate::writes::Writes;

/// What every fold may know of the tenant besides the events; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantFacts {
    /// Whose log.
    pub tenant: TenantId,
    /// The currency that the tenant reports in.
    pub base_currency: Currency,
    /// The zone of the tenant's civil dates.
    pub time_zone: Zone,
}

/// An event that does not fit the document that it touches. Its key is parked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FoldError(pub String);

/// Documents that have rows.
pub type Loaded<F> = Result<Vec<(<F as Fold>::Key, <F as Fold>::Doc)>, DbError>;

/// Documents of a read model by their keys, as rows have them.
pub type Documents<F> = HashMap<<F as Fold>::Key, Arc<<F as Fold>::Doc>>;

/// A read model.
///
/// Folds never decide and never read another model's rows. The same events give the same rows,
/// whatever the batches.
pub trait Fold: Sized + Send + Sync + 'static {
    /// `orders`: the name in `entrepot rebuild`, in metrics and in `parked`.
    const NAME: &'static str;

    /// What one document is about. Its text names it in `parked`.
    type Key: Clone + Ord + Hash + fmt::Display + Send + Sync + 'static;

    /// The document: everything that the fold must remember of a key. `Default` before any event.
    type Doc: Clone + Default + Send + Sync + 'static;

    /// The tables that the model owns, all of them with `tenant_id`.
    fn tables() -> &'static [&'static str];

    /// The keys that an event touches; none for events of no concern.
    fn keys(event: &Event) -> Vec<Self::Key>;

    /// How much room a document takes in memory, in units of about half a kilobyte.
    fn weight(_doc: &Self::Doc) -> usize {
        1
    }

    /// Whether the event is the first that its key can have: there are no rows to load then.
    fn begins(_event: &Recorded) -> bool {
        false
    }

    /// The documents of keys that have rows.
    fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[Self::Key],
    ) -> impl Future<Output = Loaded<Self>> + Send;

    /// Takes an event into account.
    fn apply(
        doc: &mut Self::Doc,
        key: &Self::Key,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError>;

    /// The rows that the document becomes. `before` is what the rows in the database stand for.
    fn write(
        facts: &TenantFacts,
        key: &Self::Key,
        before: &Self::Doc,
        after: &Self::Doc,
        out: &mut Writes,
    );
}
