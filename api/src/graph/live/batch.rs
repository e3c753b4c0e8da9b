//! A stretch of the log, read once for all who want it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Result;
use entrepot_domain::customers::CustomerEvent;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{StreamKind, TenantId};
use entrepot_event_store::{Entry, Store, StoreError};

use super::Watched;
use super::rows::Rows;
use crate::graph::error;

/// Positions of a batch at most: an event has one, and there are no gaps.
pub(super) const POSITIONS: i64 = 200;

/// Events that follow each other.
pub(super) struct Batch {
    /// The position before the first.
    after: i64,
    entries: Vec<Arc<Entry>>,
    /// Size of the events' payloads.
    bytes: usize,
    /// What each kind of subscription makes of it, by name: `Rows` of that kind.
    kinds: Mutex<HashMap<&'static str, Arc<dyn Any + Send + Sync>>>,
}

impl Batch {
    /// The events after a position, up to what the read models have reached.
    pub(super) async fn read(
        store: &Store,
        tenant: TenantId,
        after: i64,
        reached: i64,
    ) -> Result<Option<Self>, StoreError> {
        let limit = usize::try_from(POSITIONS.min(reached - after)).unwrap_or_default();
        let entries = store.read(tenant, after, limit).await?;
        let batch = Self {
            after,
            bytes: entries.iter().map(|entry| entry.bytes).sum(),
            entries,
            kinds: Mutex::default(),
        };
        Ok((!batch.entries.is_empty()).then_some(batch))
    }

    pub(super) const fn after(&self) -> i64 {
        self.after
    }

    pub(super) fn to(&self) -> i64 {
        self.entries
            .last()
            .map_or(self.after, |entry| entry.position)
    }

    pub(super) fn events(&self) -> usize {
        self.entries.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one of the events is of a stream of this kind.
    pub(super) fn touches(&self, kind: StreamKind) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.stream_type == kind.as_str())
    }

    /// Whether personal data was erased.
    pub(super) fn erases(&self) -> bool {
        let mut events = self
            .entries
            .iter()
            .filter_map(|entry| entry.event.as_ref().ok());
        events.any(|event| matches!(&event.event, Event::Customer(CustomerEvent::Erased(_))))
    }

    /// The rows of one kind that the events touched.
    pub(super) fn rows<W: Watched>(&self) -> Result<Arc<Rows<W>>> {
        let rows = {
            let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
            let made = || Arc::new(Rows::<W>::of(&self.entries)) as Arc<dyn Any + Send + Sync>;
            Arc::clone(kinds.entry(W::NAME).or_insert_with(made))
        };
        rows.downcast().map_err(|_| error::broken())
    }
}
