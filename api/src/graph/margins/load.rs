//! Reads margins: what the caller may not see is not there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Result};
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{margins, scope};
use sea_orm::{QueryFilter as _, QueryOrder as _, Select};
use uuid::Uuid;

use super::types::MarginLine;
use crate::graph::among::among;
use crate::graph::policy::visible;
use crate::graph::session::{Session, Snapshot};
use crate::graph::{error, loader};

/// The lines of orders, in order of their numbers, in one state, whoever asks.
pub(super) async fn lines(
    tenant: TenantId,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<margins::Model>>> {
    read(scope::of::<margins::Entity>(tenant.0), snapshot, ids).await
}

/// The lines of orders, in order of their numbers, in one state.
pub(super) async fn by_orders(
    session: &Session,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<margins::Model>>> {
    read(visible(session)?, snapshot, ids).await
}

async fn read(
    rows: Select<margins::Entity>,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<margins::Model>>> {
    let rows = of(rows, ids).all(&snapshot.tx).await;
    let mut orders: HashMap<Uuid, Vec<margins::Model>> = HashMap::new();
    for row in rows.map_err(error::db)? {
        orders.entry(row.order_id).or_default().push(row);
    }
    Ok(orders)
}

pub(super) fn of(rows: Select<margins::Entity>, ids: &[Uuid]) -> Select<margins::Entity> {
    rows.filter(among(margins::Column::OrderId, ids.iter().copied()))
        .order_by_asc(margins::Column::Line)
}

/// The margins of an order's lines; `None` if there are none that the caller may see.
pub(in crate::graph) async fn of_order(
    ctx: &Context<'_>,
    order_id: Uuid,
) -> Result<Option<Vec<MarginLine>>> {
    let lines = loader::load::<MarginLoader, _>(ctx, order_id).await?;
    Ok(lines.map(|lines| lines.into_iter().map(MarginLine::from).collect()))
}

/// Margins by order, batched within one request.
pub struct MarginLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for MarginLoader {
    type Value = Vec<margins::Model>;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<margins::Model>>> {
        let snapshot = self.0.read().await?;
        by_orders(&self.0, &snapshot, ids).await
    }
}
