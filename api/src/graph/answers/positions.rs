//! Where read models stand, read from the database for all who ask meanwhile by one statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::place::{self, Place};
use tokio::sync::oneshot;

use crate::graph::session::GROUP;

type Waiting = (TenantId, oneshot::Sender<Option<Place>>);

/// Reads places. Who asks is told of a state that was the newest after it had asked.
pub(super) struct Positions {
    store: Store,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// Whether somebody reads and will look again.
    served: bool,
}

impl Positions {
    pub(super) fn new(store: Store) -> Arc<Self> {
        let line = Mutex::default();
        Arc::new(Self { store, line })
    }

    /// Where a tenant's read models stand; none if the database does not say.
    pub(super) async fn of(self: &Arc<Self>, tenant: TenantId) -> Option<Place> {
        let (told, place) = oneshot::channel();
        if !self.line_up((tenant, told)) {
            let positions = Arc::clone(self);
            tokio::spawn(async move { positions.serve().await });
        }
        place.await.ok().flatten()
    }

    /// Whether somebody serves the line already.
    fn line_up(&self, waiting: Waiting) -> bool {
        let mut line = self.lock();
        line.waiting.push(waiting);
        std::mem::replace(&mut line.served, true)
    }

    async fn serve(&self) {
        let _serving = Serving(self);
        loop {
            let waiting = {
                let mut line = self.lock();
                line.served = !line.waiting.is_empty();
                std::mem::take(&mut line.waiting)
            };
            if waiting.is_empty() {
                return;
            }
            let places = self.read(&waiting).await;
            for (tenant, told) in waiting {
                // Who does not wait any more is not missed.
                let _ = told.send(places.get(&tenant).copied());
            }
        }
    }

    async fn read(&self, waiting: &[Waiting]) -> HashMap<TenantId, Place> {
        let mut tenants: Vec<TenantId> = waiting.iter().map(|(tenant, _)| *tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let places = place::places(self.store.db(), &tenants, GROUP).await;
        places.unwrap_or_else(|error| {
            // They are read again where the answers are.
            tracing::debug!(%error, "places were not read");
            HashMap::new()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Should reading ever panic, the next who asks is served anew, and who waits is let go.
struct Serving<'a>(&'a Positions);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.lock() = Line::default();
        }
    }
}
