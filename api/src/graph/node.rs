//! Relay's `node`: any object by its global id, under the same rules as by its own query.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Interface, Object, PathSegment, Result};
use entrepot_domain::catalog::CatalogEvent;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{StreamId, StreamKind};
use entrepot_event_store::load;
use entrepot_projections::inventory::{Inventory, StockKey};
use entrepot_projections::model::Fold as _;
use uuid::Uuid;

use super::catalog::{Product, ProductLoader};
use super::customers::{Customer, CustomerLoader};
use super::error::{self, bad_input};
use super::inventory::{StockLoader, StockPosition};
use super::loader::Batched;
use super::orders::{Order, OrderLoader};
use super::session::{Session, session};
use super::subscriptions::{SubscriptionContract, SubscriptionLoader};
use super::{gid, loader};

/// The most ids of one `nodes`.
const NODES_MAX: usize = 100;

/// Any object, by its global id.
#[derive(Debug, Default)]
pub struct NodeQuery;

/// An object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id."))]
pub enum Node {
    /// An order.
    Order(Order),
    /// A customer.
    Customer(Customer),
    /// A product.
    Product(Product),
    /// A subscription.
    SubscriptionContract(SubscriptionContract),
    /// Stock of a SKU in a warehouse.
    StockPosition(StockPosition),
}

#[Object]
impl NodeQuery {
    /// An object by its global id. Null if there is none that the caller may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The object's `id`.")] id: ID,
    ) -> Result<Option<Node>> {
        let mut found = find(ctx, vec![Ok(Key::of_id(&id))]).await;
        found.pop().unwrap_or(Ok(None))
    }

    /// Objects by their global ids, in the same order, at most 100. Null in the place of each that
    /// does not exist or that the caller may not see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The objects' `id`s.")] ids: Vec<ID>,
    ) -> Result<Option<Vec<Option<Node>>>> {
        if ids.len() > NODES_MAX {
            return Err(bad_input("ids", "must be at most 100"));
        }
        let keys = ids.iter().map(|id| Ok(Key::of_id(id))).collect();
        Ok(Some(in_place(ctx, find(ctx, keys).await)))
    }
}

/// What a look-up finds: null for what does not exist, an error for what may not be seen.
pub(super) type Found = Result<Option<Node>>;

/// What several look-ups found, as a list. One that failed is null in its place, with its error.
pub(super) fn in_place(ctx: &Context<'_>, found: Vec<Found>) -> Vec<Option<Node>> {
    let found = found.into_iter().enumerate();
    let place = |(index, found): (usize, Found)| {
        found.unwrap_or_else(|error| {
            let mut error = ctx.set_error_path(error.into_server_error(ctx.item.pos));
            error.path.push(PathSegment::Index(index));
            ctx.add_error(error);
            None
        })
    };
    found.map(place).collect()
}

/// A key by which an object is found.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Order(Uuid),
    Customer(Uuid),
    Subscription(Uuid),
    Product(String),
    ProductId(Uuid),
    Stock(StockKey),
    StockId(Uuid),
}

impl Key {
    /// What a global id stands for.
    pub(super) fn of_id(id: &ID) -> Option<Self> {
        let (kind, id) = gid::parse(id)?;
        match kind {
            "Order" => Some(Self::Order(id)),
            "Customer" => Some(Self::Customer(id)),
            "Subscription" => Some(Self::Subscription(id)),
            "Product" => Some(Self::ProductId(id)),
            "StockPosition" => Some(Self::StockId(id)),
            _ => None,
        }
    }

    /// The type of the object.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "Order",
            Self::Customer(_) => "Customer",
            Self::Subscription(_) => "SubscriptionContract",
            Self::Product(_) | Self::ProductId(_) => "Product",
            Self::Stock(_) | Self::StockId(_) => "StockPosition",
        }
    }
}

/// Keys of one kind, each with the place of what it finds.
type Keys<K> = Vec<(usize, K)>;

/// What is looked up, by kind: each kind is loaded at once.
#[derive(Default)]
struct Wanted {
    orders: Keys<Uuid>,
    customers: Keys<Uuid>,
    subscriptions: Keys<Uuid>,
    products: Keys<String>,
    stock: Keys<StockKey>,
    /// Of products and of stock, by the ids that are digests of their keys.
    digests: Keys<StreamId>,
}

impl Wanted {
    fn add(&mut self, place: usize, key: Key) {
        let stream = |kind, id| StreamId { kind, id };
        match key {
            Key::Order(id) => self.orders.push((place, id)),
            Key::Customer(id) => self.customers.push((place, id)),
            Key::Subscription(id) => self.subscriptions.push((place, id)),
            Key::Product(sku) => self.products.push((place, sku)),
            Key::Stock(key) => self.stock.push((place, key)),
            Key::ProductId(id) => self.digests.push((place, stream(StreamKind::Sku, id))),
            Key::StockId(id) => self.digests.push((place, stream(StreamKind::Stock, id))),
        }
    }

    /// Finds the keys that ids are digests of.
    async fn add_digested(&mut self, ctx: &Context<'_>, found: &mut [Found]) {
        let digests = std::mem::take(&mut self.digests);
        if digests.is_empty() {
            return;
        }
        let streams = digests.iter().map(|(_, stream)| *stream);
        let firsts = loader::load_many::<FirstLoader, _>(ctx, streams).await;
        for (place, stream) in digests {
            match &firsts {
                Ok(firsts) => {
                    if let Some(key) = firsts.get(&stream).and_then(|first| natural_key(first)) {
                        self.add(place, key);
                    }
                }
                Err(error) => found[place] = Err(error.clone()),
            }
        }
    }
}

/// The key of which the id of an event's stream is a digest.
fn natural_key(first: &Recorded) -> Option<Key> {
    match &first.event {
        Event::Catalog(CatalogEvent::SkuCreated(created)) => {
            Some(Key::Product(created.sku.0.clone()))
        }
        event => {
            let mut keys = Inventory::keys(event).into_iter();
            keys.find(|key| StreamId::stock(&key.sku, &key.warehouse) == first.stream)
                .map(Key::Stock)
        }
    }
}

/// Objects of a kind are looked for only for those to whom their ids are open: who may not see them
/// does not learn which there are.
fn allow(ctx: &Context<'_>, key: &Key) -> Result<()> {
    session(ctx)?.audience().check(key.kind(), "id")
}

/// Objects by their keys, in the same order, each if the caller may see objects of its kind. One
/// load for each kind, however many there are.
pub(super) async fn find(ctx: &Context<'_>, keys: Vec<Result<Option<Key>>>) -> Vec<Found> {
    let mut wanted = Wanted::default();
    let mut found = Vec::with_capacity(keys.len());
    for (place, key) in keys.into_iter().enumerate() {
        found.push(match key {
            Ok(Some(key)) => allow(ctx, &key).map(|()| {
                wanted.add(place, key);
                None
            }),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        });
    }
    wanted.add_digested(ctx, &mut found).await;
    let places = &mut found;
    fill::<OrderLoader, _>(ctx, wanted.orders, places, |it| Order::from(it).into()).await;
    fill::<CustomerLoader, _>(ctx, wanted.customers, places, |it| Customer(it).into()).await;
    fill::<ProductLoader, _>(ctx, wanted.products, places, |it| Product(it).into()).await;
    fill::<StockLoader, _>(ctx, wanted.stock, places, |it| StockPosition(it).into()).await;
    let node = |it| SubscriptionContract::from(it).into();
    fill::<SubscriptionLoader, _>(ctx, wanted.subscriptions, places, node).await;
    found
}

async fn fill<L, K>(
    ctx: &Context<'_>,
    keys: Keys<K>,
    found: &mut [Found],
    node: impl Fn(L::Value) -> Node,
) where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Batched + Loader<K, Error = async_graphql::Error>,
{
    if keys.is_empty() {
        return;
    }
    let loaded = loader::load_many::<L, K>(ctx, keys.iter().map(|(_, key)| key.clone())).await;
    for (place, key) in keys {
        found[place] = match &loaded {
            Ok(rows) => Ok(rows.get(&key).cloned().map(&node)),
            Err(error) => Err(error.clone()),
        };
    }
}

/// The first events of streams, batched within one request. A global id of something with a
/// natural key is a digest of that key; only the stream's first event tells the key itself.
pub(super) struct FirstLoader(pub(super) Arc<Session>);

impl Loader<StreamId> for FirstLoader {
    type Value = Arc<Recorded>;
    type Error = async_graphql::Error;

    async fn load(&self, streams: &[StreamId]) -> Result<HashMap<StreamId, Arc<Recorded>>> {
        // In the request's own transaction: one that waited for a second connection while it holds
        // one could wait for itself.
        let snapshot = self.0.read().await?;
        let firsts = load::firsts(snapshot.tx().await?, self.0.tenant()?, streams)
            .await
            .map_err(error::store)?;
        Ok(firsts
            .into_iter()
            .map(|first| (first.stream, first))
            .collect())
    }
}
