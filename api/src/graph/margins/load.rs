//! Reads margins: what the caller may not see is not there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Result};
use entrepot_domain::kernel::OrderId;
use entrepot_entity::margins;
use entrepot_projections::margins::Margins;
use sea_orm::{QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::types::MarginLine;
use crate::graph::among::among;
use crate::graph::documents::documents;
use crate::graph::policy::{all_rows, visible};
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;
use crate::graph::{error, loader};

/// The lines of orders, in order of their numbers, that the caller may see, in one state.
pub(super) async fn by_orders(
    session: &Session,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<margins::Model>>> {
    let rows = visible::<margins::Entity>(session)?
        .filter(among(margins::Column::OrderId, ids.iter().copied()))
        .order_by_asc(margins::Column::Line);
    let rows = rows.all(snapshot.tx().await?).await.map_err(error::db)?;
    let mut orders: HashMap<Uuid, Vec<margins::Model>> = HashMap::new();
    for row in rows {
        orders.entry(row.order_id).or_default().push(row);
    }
    Ok(orders)
}

/// The margins of an order's lines; `None` if there are none that the caller may see.
pub(in crate::graph) async fn of_order(
    ctx: &Context<'_>,
    order_id: Uuid,
) -> Result<Option<Vec<MarginLine>>> {
    let lines = loader::load::<MarginLoader, _>(ctx, order_id).await?;
    Ok(lines.as_ref().map(MarginLine::all))
}

/// The margins of the lines of many orders.
pub(in crate::graph) async fn of_orders(
    ctx: &Context<'_>,
    order_ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<MarginLine>>> {
    let orders = loader::load_all::<MarginLoader, _>(ctx, order_ids).await?;
    let orders = orders.iter();
    Ok(orders
        .map(|(id, lines)| (*id, MarginLine::all(lines)))
        .collect())
}

/// Margins by order, batched within one request.
pub struct MarginLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for MarginLoader {
    type Value = Arc<Vec<margins::Model>>;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>> {
        let Self(session) = self;
        let snapshot = session.read().await?;
        if all_rows::<margins::Entity>(session) {
            let keys: Vec<OrderId> = ids.iter().copied().map(OrderId).collect();
            let found = documents::<Margins>(session, &snapshot, &keys).await?;
            return Ok(found.into_iter().map(|(id, lines)| (id.0, lines)).collect());
        }
        let orders = by_orders(session, &snapshot, ids).await?.into_iter();
        Ok(orders.map(|(id, lines)| (id, Arc::new(lines))).collect())
    }
}
