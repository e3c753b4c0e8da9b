//! Reads stock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::Loader;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{inventory, scope};
use entrepot_projections::inventory::StockKey;
use sea_orm::{QueryFilter as _, Select};

use crate::graph::among::among;
use crate::graph::error;
use crate::graph::policy::visible;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;

/// Positions by SKU and warehouse, in one state, whoever asks.
pub(super) async fn positions(
    tenant: TenantId,
    snapshot: &Snapshot,
    keys: &[StockKey],
) -> Result<HashMap<StockKey, inventory::Model>> {
    read(scope::of::<inventory::Entity>(tenant.0), snapshot, keys).await
}

/// Positions by SKU and warehouse, in one state.
async fn by_keys(
    session: &Session,
    snapshot: &Snapshot,
    keys: &[StockKey],
) -> Result<HashMap<StockKey, inventory::Model>> {
    read(visible(session)?, snapshot, keys).await
}

async fn read(
    rows: Select<inventory::Entity>,
    snapshot: &Snapshot,
    keys: &[StockKey],
) -> Result<HashMap<StockKey, inventory::Model>> {
    let wanted: HashSet<(&str, &str)> = keys
        .iter()
        .map(|key| (key.sku.as_str(), key.warehouse.as_str()))
        .collect();
    // A SKU lies in few warehouses: what is read too much is less than a condition a key.
    let skus: HashSet<&str> = keys.iter().map(|key| key.sku.as_str()).collect();
    let rows = rows.filter(among(inventory::Column::Sku, skus));
    let rows = rows
        .all(snapshot.tx().await?)
        .await
        .map_err(error::db)?
        .into_iter();
    let found = rows.filter(|row| wanted.contains(&(row.sku.as_str(), row.warehouse.as_str())));
    Ok(found.map(|row| (key(&row), row)).collect())
}

/// What a row is about.
pub(super) fn key(row: &inventory::Model) -> StockKey {
    StockKey {
        sku: row.sku.as_str().into(),
        warehouse: row.warehouse.as_str().into(),
    }
}

/// Positions by SKU and warehouse, batched within one request.
pub struct StockLoader(pub(in crate::graph) Arc<Session>);

impl Loader<StockKey> for StockLoader {
    type Value = inventory::Model;
    type Error = async_graphql::Error;

    async fn load(&self, keys: &[StockKey]) -> Result<HashMap<StockKey, inventory::Model>> {
        let snapshot = self.0.read().await?;
        by_keys(&self.0, &snapshot, keys).await
    }
}
