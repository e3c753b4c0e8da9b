//! Relay's `node`: any object by its global id, under the same rules as by its own query.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Interface, Object, PathSegment, Result};
use entrepot_domain::catalog::CatalogEvent;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{StreamId, StreamKind};
use entrepot_projections::inventory::{Inventory, StockKey};
use entrepot_projections::model::Fold as _;
use futures_util::future::join_all;
use uuid::Uuid;

use super::catalog::{Product, ProductLoader};
use super::customers::{Customer, CustomerLoader};
use super::error::{self, bad_input};
use super::inventory::{StockLoader, StockPosition};
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
        find(ctx, &id).await
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
        Ok(Some(each(ctx, ids.iter().map(|id| find(ctx, id))).await))
    }
}

/// What several look-ups find, together. One that fails is null in its place, with its error.
pub(super) async fn each<T>(
    ctx: &Context<'_>,
    finds: impl Iterator<Item = impl Future<Output = Result<Option<T>>>>,
) -> Vec<Option<T>> {
    let found = join_all(finds).await.into_iter().enumerate();
    let place = |(index, found): (usize, Result<Option<T>>)| {
        found.unwrap_or_else(|error| {
            let mut error = ctx.set_error_path(error.into_server_error(ctx.item.pos));
            error.path.push(PathSegment::Index(index));
            ctx.add_error(error);
            None
        })
    };
    found.map(place).collect()
}

/// Any object by its global id, if the caller may see objects of its kind.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some((kind, id)) = gid::parse(id) else {
        return Ok(None);
    };
    let of = match kind {
        "Order" | "Customer" | "Product" | "StockPosition" => kind,
        "Subscription" => "SubscriptionContract",
        _ => return Ok(None),
    };
    allow(ctx, of)?;
    match kind {
        "Order" => Ok(loader::load::<OrderLoader, _>(ctx, id)
            .await?
            .map(|order| Order(order).into())),
        "Customer" => Ok(loader::load::<CustomerLoader, _>(ctx, id)
            .await?
            .map(|customer| Customer(customer).into())),
        "Subscription" => {
            let found = loader::load::<SubscriptionLoader, _>(ctx, id).await?;
            Ok(found.map(|subscription| SubscriptionContract(subscription).into()))
        }
        "Product" => product_by_id(ctx, id).await,
        "StockPosition" => stock_by_id(ctx, id).await,
        _ => Ok(None),
    }
}

/// Objects of a kind are looked for only for those to whom their ids are open: who may not see them
/// does not learn which there are.
fn allow(ctx: &Context<'_>, of: &str) -> Result<()> {
    session(ctx)?.audience().check(of, "id")
}

/// A product by its SKU.
pub(super) async fn product(ctx: &Context<'_>, sku: String) -> Result<Option<Node>> {
    allow(ctx, "Product")?;
    let found = loader::load::<ProductLoader, _>(ctx, sku).await?;
    Ok(found.map(|product| Product(product).into()))
}

/// Stock by its SKU and warehouse.
pub(super) async fn stock_position(
    ctx: &Context<'_>,
    sku: &str,
    warehouse: &str,
) -> Result<Option<Node>> {
    allow(ctx, "StockPosition")?;
    let key = StockKey {
        sku: sku.into(),
        warehouse: warehouse.into(),
    };
    let found = loader::load::<StockLoader, _>(ctx, key).await?;
    Ok(found.map(|position| StockPosition(position).into()))
}

async fn product_by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Node>> {
    let stream = StreamId {
        kind: StreamKind::Sku,
        id,
    };
    let Some(first) = loader::load::<FirstLoader, _>(ctx, stream).await? else {
        return Ok(None);
    };
    let Event::Catalog(CatalogEvent::SkuCreated(created)) = &first.event else {
        return Ok(None);
    };
    product(ctx, created.sku.0.clone()).await
}

async fn stock_by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Node>> {
    let stream = StreamId {
        kind: StreamKind::Stock,
        id,
    };
    let Some(first) = loader::load::<FirstLoader, _>(ctx, stream).await? else {
        return Ok(None);
    };
    let mut keys = Inventory::keys(&first.event).into_iter();
    let Some(key) = keys.find(|key| StreamId::stock(&key.sku, &key.warehouse) == stream) else {
        return Ok(None);
    };
    let found = loader::load::<StockLoader, _>(ctx, key).await?;
    Ok(found.map(|position| StockPosition(position).into()))
}

/// The first events of streams, batched within one request. A global id of something with a
/// natural key is a digest of that key; only the stream's first event tells the key itself.
pub(super) struct FirstLoader(pub(super) Arc<Session>);

impl Loader<StreamId> for FirstLoader {
    type Value = Arc<Recorded>;
    type Error = async_graphql::Error;

    async fn load(&self, streams: &[StreamId]) -> Result<HashMap<StreamId, Arc<Recorded>>> {
        let firsts = self
            .0
            .app
            .store
            .firsts(self.0.tenant()?, streams)
            .await
            .map_err(error::store)?;
        Ok(firsts
            .into_iter()
            .map(|first| (first.stream, first))
            .collect())
    }
}
