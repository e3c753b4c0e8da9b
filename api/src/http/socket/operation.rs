//! The operations of one socket.

use std::{
    collections::{HashMap, hash_map::Entry},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use async_graphql::{Response, parser::types::OperationType};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::AbortHandle;

use super::{
    outbound::{Outbound, Silenced},
    protocol,
};
use crate::http::{
    document::Prepared,
    endpoint::Endpoint,
    executor::{Caller, GraphExecutor},
    refusal::Refusal,
    run,
    update::Update,
};

/// What runs on a socket, by the client's id. Dropping it ends everything but mutations, which
/// finish unheard.
#[derive(Clone, Default)]
pub(super) struct Operations(Arc<Mutex<HashMap<String, Running>>>);

struct Running {
    silenced: Silenced,
    abort: AbortHandle,
}

/// Whether an operation may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Started,
    Duplicate,
    TooMany,
}

/// One operation of one socket.
pub(super) struct Operation<E> {
    pub endpoint: Arc<Endpoint<E>>,
    pub outbound: Outbound,
    pub caller: Caller,
    pub id: String,
}

impl Operations {
    /// Starts an operation on a task of its own.
    pub(super) fn start<E: GraphExecutor>(
        &self,
        operation: Operation<E>,
        prepared: Result<Prepared, Refusal>,
        operations_max: usize,
    ) -> Start {
        let mut running = self.lock();
        let count = running.len();
        let Entry::Vacant(place) = running.entry(operation.id.clone()) else {
            return Start::Duplicate;
        };
        if count >= operations_max {
            return Start::TooMany;
        }
        let silenced = Silenced::default();
        let task = operation.run(prepared, self.clone(), Arc::clone(&silenced));
        // The task cannot remove itself before it is put in: the lock is still held.
        let abort = tokio::spawn(task).abort_handle();
        place.insert(Running { silenced, abort });
        Start::Started
    }

    /// The client has completed an operation: nothing more of it is sent.
    pub(super) fn stop(&self, id: &str) {
        if let Some(running) = self.lock().remove(id) {
            running.stop();
        }
    }

    /// The socket is closing.
    pub(super) fn stop_all(&self) {
        for (_, running) in self.lock().drain() {
            running.stop();
        }
    }

    /// Frees the id, unless the client has taken it for another operation meanwhile.
    fn finish(&self, id: &str, silenced: &Silenced) {
        let mut running = self.lock();
        if running
            .get(id)
            .is_some_and(|it| Arc::ptr_eq(&it.silenced, silenced))
        {
            running.remove(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// A mutation goes on: it runs on a task of its own, which this one only waits for.
    fn stop(self) {
        self.silenced.store(true, Ordering::Release);
        self.abort.abort();
    }
}

impl<E: GraphExecutor> Operation<E> {
    async fn run(
        self,
        prepared: Result<Prepared, Refusal>,
        operations: Operations,
        silenced: Silenced,
    ) {
        let finished = AssertUnwindSafe(self.results(prepared, &silenced))
            .catch_unwind()
            .await;
        let last = match finished {
            Ok(Some(last)) => last,
            // The socket is gone.
            Ok(None) => return,
            Err(_) => self.errors(&run::broken().into_response()),
        };
        // The id is free before the client can know it is.
        operations.finish(&self.id, &silenced);
        self.outbound.send_for(&silenced, last).await;
    }

    /// Sends the results; gives the message that ends the operation.
    async fn results(
        &self,
        prepared: Result<Prepared, Refusal>,
        silenced: &Silenced,
    ) -> Option<String> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(refusal) => return Some(self.errors(&refusal.into_response())),
        };
        let caller = self.caller.clone();
        if prepared.kind == OperationType::Subscription {
            // In a box of its own, which an operation that stays does not have.
            let mut updates = Box::pin(self.endpoint.subscribe(prepared, caller)).await;
            while let Some(result) = updates.next().await {
                if let Some(last) = self.result(result, silenced).await? {
                    return Some(last);
                }
            }
        } else {
            let result = Box::pin(run::run(&self.endpoint, prepared, caller)).await;
            if let Some(last) = self.result(result.into(), silenced).await? {
                return Some(last);
            }
        }
        Some(protocol::complete(&self.id))
    }

    /// Sends a result, or gives the message that ends the operation with it. The outer `None`:
    /// the socket is gone.
    async fn result(&self, update: Update, silenced: &Silenced) -> Option<Option<String>> {
        if let Some(last) = &update.last {
            return Some(Some(protocol::error(&self.id, &last.errors)));
        }
        let message = protocol::next(&self.id, &update.payload);
        self.outbound
            .send_for(silenced, message)
            .await
            .then_some(None)
    }

    fn errors(&self, response: &Response) -> String {
        // Only strings, numbers and lists of them: there is nothing that does not serialize.
        let errors = serde_json::to_string(&response.errors).unwrap_or_else(|_| "[]".to_owned());
        protocol::error(&self.id, &errors)
    }
}
