//! Dataloaders: made anew for each request, so that nothing is shared between callers. Their keys
//! need no tenant: the session that they hold has one.
//!
//! They batch and do not cache: after a command, and at the next live update, a row is another.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};
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

/// A loader that counts what it is asked for, so that it can be seen whether batching works.
pub(crate) struct Counted<L> {
    loader: L,
    name: &'static str,
}

impl<K, L> Loader<K> for Counted<L>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K>,
{
    type Value = L::Value;
    type Error = L::Error;

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, L::Value>, L::Error> {
        metrics::counter!("entrepot_loads_total", "loader" => self.name).increment(1);
        metrics::counter!("entrepot_loaded_keys_total", "loader" => self.name)
            .increment(keys.len() as u64);
        self.loader.load(keys).await
    }
}

/// A loader of the request.
pub(crate) trait Batched: Sized + Send + Sync + 'static {
    /// Made when it is first asked for: most requests ask few of them.
    fn of(loaders: &Loaders) -> &DataLoader<Counted<Self>>;
}

/// States the loaders: what each is counted as, and what it is.
macro_rules! loaders {
    ($($name:ident: $loader:ident,)*) => {
        /// The loaders of a request.
        pub(crate) struct Loaders {
            session: Arc<Session>,
            $($name: OnceLock<DataLoader<Counted<$loader>>>,)*
        }

        impl Loaders {
            const fn new(session: Arc<Session>) -> Self {
                Self { session, $($name: OnceLock::new(),)* }
            }
        }

        $(impl Batched for $loader {
            fn of(loaders: &Loaders) -> &DataLoader<Counted<Self>> {
                loaders.$name.get_or_init(|| {
                    let loader = Counted {
                        loader: Self(Arc::clone(&loaders.session)),
                        name: stringify!($name),
                    };
                    DataLoader::new(loader, TokioSpawner::current(), TokioTimer::default()).delay(DELAY)
                })
            }
        })*
    };
}

loaders! {
    orders: OrderLoader,
    products: ProductLoader,
    first_events: FirstLoader,
    customers: CustomerLoader,
    personal: RecordLoader,
    subscriptions: SubscriptionLoader,
    stock: StockLoader,
    margins: MarginLoader,
}

/// Gives a request its loaders.
pub(crate) fn attach(request: Request, session: &Arc<Session>) -> Request {
    request.data(Loaders::new(Arc::clone(session)))
}

fn of<'a, L: Batched>(ctx: &'a Context<'_>) -> Result<&'a DataLoader<Counted<L>>> {
    ctx.data::<Loaders>().map(L::of)
}

/// Loads one value through the request's loader `L`.
pub(crate) async fn load<L, K>(ctx: &Context<'_>, key: K) -> Result<Option<L::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Batched + Loader<K, Error = async_graphql::Error>,
{
    of::<L>(ctx)?.load_one(key).await
}

/// Loads several values through the request's loader `L`, at once.
pub(crate) async fn load_many<L, K>(
    ctx: &Context<'_>,
    keys: impl Iterator<Item = K>,
) -> Result<HashMap<K, L::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Batched + Loader<K, Error = async_graphql::Error>,
{
    of::<L>(ctx)?.load_many(keys).await
}

/// Loads the values of all keys that there will be, without waiting for more.
pub(crate) async fn load_all<L, K>(ctx: &Context<'_>, keys: &[K]) -> Result<HashMap<K, L::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Batched + Loader<K, Error = async_graphql::Error>,
{
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    of::<L>(ctx)?.loader().load(keys).await
}
