//! Reads orders: what the caller may not see is not there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Result};
use entrepot_domain::kernel::OrderId;
use entrepot_entity::order_docs;
use entrepot_projections::orders::{self as model, OrderDoc};
use sea_orm::QueryFilter as _;
use uuid::Uuid;

use super::types::{Order, Relation};
use crate::graph::among::among;
use crate::graph::connection::{Edge, Listed};
use crate::graph::customers::{Customer, CustomerLoader};
use crate::graph::documents::documents;
use crate::graph::policy::{all_rows, visible};
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;
use crate::graph::{error, loader, margins};

/// An order's document.
pub(super) fn document(row: &order_docs::Model) -> Result<OrderDoc> {
    serde_json::from_str(&row.doc).map_err(|why| error::corrupt("an order", (row.order_id, why)))
}

/// Orders by id.
type Orders = HashMap<Uuid, Arc<OrderDoc>>;

/// Orders by id, in one state, whatever the row rules say.
async fn by_ids(session: &Session, snapshot: &Snapshot, ids: &[Uuid]) -> Result<Orders> {
    let keys: Vec<OrderId> = ids.iter().copied().map(OrderId).collect();
    let found = documents::<model::Orders>(session, snapshot, &keys).await?;
    let orders = found.into_iter();
    Ok(orders
        .filter_map(|(id, order)| Some((id.0, Arc::clone(order.as_ref().as_ref()?))))
        .collect())
}

/// Orders by id, batched within one request.
pub struct OrderLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for OrderLoader {
    type Value = Arc<OrderDoc>;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<Orders> {
        let Self(session) = self;
        let snapshot = session.read().await?;
        if all_rows::<order_docs::Entity>(session) {
            return by_ids(session, &snapshot, ids).await;
        }
        let rows = visible::<order_docs::Entity>(session)?
            .filter(among(order_docs::Column::OrderId, ids.iter().copied()));
        let rows = rows.all(snapshot.tx().await?).await.map_err(error::db)?;
        let rows = rows.iter();
        rows.map(|row| Ok((row.order_id, Arc::new(document(row)?))))
            .collect()
    }
}

/// The orders of a page of ids, which the caller may see.
pub(super) async fn orders_of(session: &Session, page: Listed<Uuid>) -> Result<Listed<Order>> {
    let snapshot = session.read().await?;
    let keys = page.edges.iter().map(|edge| OrderId(edge.node));
    let keys: Vec<OrderId> = keys.collect();
    let orders = documents::<model::Orders>(session, &snapshot, &keys).await?;
    page.try_map(|id| {
        let order = orders
            .get(&OrderId(id))
            .and_then(|order| order.as_ref().as_ref());
        let order = order.map(|order| Order::from(Arc::clone(order)));
        order.ok_or_else(|| {
            tracing::error!(order = %id, "an order is in a list and has no row in the same state");
            error::broken()
        })
    })
}

/// Loads what is asked for with each order of a page, at once. What cannot be loaded now is left to
/// the fields that ask for it: they have a place to say why.
pub(super) async fn with_relations(ctx: &Context<'_>, page: &mut Listed<Order>) {
    let look = ctx.look_ahead();
    let is_asked = |name| {
        let nodes = [look.field("nodes"), look.field("edges").field("node")];
        nodes.iter().any(|node| node.field(name).exists())
    };
    if is_asked("customer") {
        let ids = page.edges.iter();
        let ids = ids.filter_map(|edge| Some(edge.node.doc.customer_id?.0));
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        if let Ok(customers) = loader::load_all::<CustomerLoader, _>(ctx, &ids).await {
            for Edge { node, .. } in &mut page.edges {
                let customer = node.doc.customer_id.and_then(|id| customers.get(&id.0));
                node.customer = Relation::Loaded(customer.cloned().map(Customer).map(Box::new));
            }
        }
    }
    if is_asked("margins") {
        let ids = page.edges.iter();
        let ids: Vec<Uuid> = ids.map(|edge| edge.node.doc.order_id.0).collect();
        if let Ok(mut margins) = margins::of_orders(ctx, &ids).await {
            for Edge { node, .. } in &mut page.edges {
                node.margins = Relation::Loaded(margins.remove(&node.doc.order_id.0));
            }
        }
    }
}
