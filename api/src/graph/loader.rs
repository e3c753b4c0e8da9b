//! Dataloaders: made anew for each request, so that nothing is shared between callers. Their keys
//! need no tenant: the session that they hold has one.
//!
//! They batch and do not cache: after a command, and at the next live update, a row is another.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use async_graphql::{Context, Request, Result};

use super::catalog::ProductLoader;
use super::customers::CustomerLoader;
use super::inventory::StockLoader;
use super::margins::MarginLoader;
use super::node::FirstLoader;
use super::orders::OrderLoader;
use super::personal::RecordLoader;
use super::session::Session;
use super::subscriptions::SubscriptionLoader;

/// How long a loader waits for more keys: what is resolved in one turn is loaded together.
const DELAY: Duration = Duration::from_micros(100);

fn batched<L: Send + Sync + 'static>(loader: L) -> DataLoader<L> {
    DataLoader::new(loader, TokioSpawner::current(), TokioTimer::default()).delay(DELAY)
}

/// Gives a request its loaders.
pub(crate) fn attach(request: Request, session: &Arc<Session>) -> Request {
    let session = || Arc::clone(session);
    request
        .data(batched(OrderLoader(session())))
        .data(batched(ProductLoader(session())))
        .data(batched(FirstLoader(session())))
        .data(batched(CustomerLoader(session())))
        .data(batched(RecordLoader(session())))
        .data(batched(SubscriptionLoader(session())))
        .data(batched(StockLoader(session())))
        .data(batched(MarginLoader(session())))
}

/// Loads one value through the request's loader `L`.
pub(crate) async fn load<L, K>(ctx: &Context<'_>, key: K) -> Result<Option<L::Value>>
where
    K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    L: Loader<K, Error = async_graphql::Error>,
{
    ctx.data::<DataLoader<L>>()?.load_one(key).await
}
