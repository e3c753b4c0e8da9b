//! Reads orders: what the caller may not see is not there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Lookahead, Result};
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{order_docs, scope};
use entrepot_projections::orders::OrderDoc;
use sea_orm::{QueryFilter as _, Select};
use uuid::Uuid;

use super::types::{Order, Relation};
use crate::graph::among::among;
use crate::graph::connection::Listed;
use crate::graph::customers::{Customer, CustomerLoader};
use crate::graph::policy::visible;
use crate::graph::session::{Session, Snapshot};
use crate::graph::{error, loader, margins};

/// An order's document.
pub(super) fn document(row: &order_docs::Model) -> Result<OrderDoc> {
    serde_json::from_str(&row.doc).map_err(|error| {
        tracing::error!(%error, order = %row.order_id, "an order's document does not decode; rebuild the read model");
        error::fault("INTERNAL_SERVER_ERROR", "something went wrong on our side")
    })
}

/// Orders by id, in one state, whoever asks.
pub(super) async fn documents(
    tenant: TenantId,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, OrderDoc>> {
    read(scope::of::<order_docs::Entity>(tenant.0), snapshot, ids).await
}

/// Orders by id, in one state.
pub(super) async fn by_ids(
    session: &Session,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, OrderDoc>> {
    read(visible(session)?, snapshot, ids).await
}

async fn read(
    rows: Select<order_docs::Entity>,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, OrderDoc>> {
    let rows = rows.filter(among(order_docs::Column::OrderId, ids.iter().copied()));
    let rows = rows.all(&snapshot.tx).await.map_err(error::db)?;
    rows.iter()
        .map(|row| Ok((row.order_id, document(row)?)))
        .collect()
}

/// Orders by id, batched within one request.
pub struct OrderLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for OrderLoader {
    type Value = OrderDoc;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, OrderDoc>> {
        let snapshot = self.0.read().await?;
        by_ids(&self.0, &snapshot, ids).await
    }
}

/// Loads what is asked for with each order of a page, at once. What cannot be loaded now is left to
/// the fields that ask for it: they have a place to say why.
pub(super) async fn with_relations(ctx: &Context<'_>, page: &mut Listed<Order>) {
    let look = ctx.look_ahead();
    let selections = |name| {
        let nodes = [look.field("nodes"), look.field("edges").field("node")];
        let of: Vec<Lookahead<'_>> = nodes.into_iter().map(|node| node.field(name)).collect();
        of.iter().any(Lookahead::exists).then_some(of)
    };
    let orders = || page.edges.iter().map(|edge| &edge.node.doc);
    if selections("customer").is_some() {
        let mut ids: Vec<Uuid> = orders()
            .filter_map(|order| Some(order.customer_id?.0))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if let Ok(customers) = loader::load_all::<CustomerLoader, _>(ctx, &ids).await {
            for edge in &mut page.edges {
                let id = edge.node.doc.customer_id;
                let customer = id.and_then(|id| customers.get(&id.0));
                edge.node.customer =
                    Relation::Loaded(customer.cloned().map(Customer).map(Box::new));
            }
        }
    }
    if let Some(asked) = selections("margins") {
        let ids: Vec<Uuid> = page
            .edges
            .iter()
            .map(|edge| edge.node.doc.order_id.0)
            .collect();
        if let Ok(mut margins) = margins::of_orders(ctx, &ids, &asked).await {
            for edge in &mut page.edges {
                edge.node.margins = Relation::Loaded(margins.remove(&edge.node.doc.order_id.0));
            }
        }
    }
}
