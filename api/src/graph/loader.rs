//! Dataloaders: made anew for each request, so that nothing is shared between callers. Their keys
//! need no tenant: the session that they hold has one.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use async_graphql::{Context, Request, Result};

use super::orders::OrderLoader;
use super::session::Session;

/// A loader with the request's cache.
pub(crate) type Cached<L> = DataLoader<L, HashMapCache>;

/// How long a loader waits for more keys: what is resolved in one turn is loaded together.
const DELAY: Duration = Duration::from_micros(100);

fn cached<L: Send + Sync + 'static>(loader: L) -> Cached<L> {
    DataLoader::with_cache(loader, TokioSpawner::current(), TokioTimer::default(), HashMapCache::default()).delay(DELAY)
}

/// Gives a request its loaders.
pub(crate) fn attach(request: Request, session: &Arc<Session>) -> Request {
    request.data(cached(OrderLoader(Arc::clone(session))))
}

/// Loads one value through the request's loader `L`.
pub(crate) async fn load<L, K>(ctx: &Context<'_>, key: K) -> Result<Option<L::Value>>
where
    K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    L: Loader<K, Error = async_graphql::Error>,
{
    ctx.data::<Cached<L>>()?.load_one(key).await
}
