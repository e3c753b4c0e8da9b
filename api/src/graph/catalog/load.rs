//! Reads products.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::Loader;
use entrepot_domain::catalog::CatalogEvent;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{StreamId, StreamKind};
use entrepot_entity::{products, scope};
use entrepot_projections::products::PricesDoc;
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};
use uuid::Uuid;

use crate::graph::error;
use crate::graph::session::Session;

/// The tenant's products.
pub(super) fn visible(session: &Session) -> Result<Select<products::Entity>> {
    Ok(scope::of::<products::Entity>(session.tenant()?.0))
}

/// A product's prices.
pub(super) fn prices(row: &products::Model) -> Result<PricesDoc> {
    serde_json::from_str(&row.doc).map_err(|error| {
        tracing::error!(%error, sku = %row.sku, "a product's document does not decode; rebuild the read model");
        error::fault("INTERNAL_SERVER_ERROR", "something went wrong on our side")
    })
}

/// Products by SKU, batched within one request.
pub struct ProductLoader(pub(in crate::graph) Arc<Session>);

impl Loader<String> for ProductLoader {
    type Value = products::Model;
    type Error = async_graphql::Error;

    async fn load(&self, skus: &[String]) -> Result<HashMap<String, products::Model>> {
        let snapshot = self.0.read().await?;
        let rows = visible(&self.0)?.filter(products::Column::Sku.is_in(skus));
        let rows = rows.all(&snapshot.tx).await.map_err(error::db)?;
        Ok(rows.into_iter().map(|row| (row.sku.clone(), row)).collect())
    }
}

/// The SKUs behind global ids, batched within one request. An id is a digest of its SKU; only the
/// event that created the SKU tells which.
pub struct ProductKeyLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for ProductKeyLoader {
    type Value = String;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let streams: Vec<StreamId> = ids.iter().map(|id| StreamId { kind: StreamKind::Sku, id: *id }).collect();
        let firsts = self.0.app.store.firsts(self.0.tenant()?, &streams).await.map_err(error::store)?;
        let sku = firsts.iter().filter_map(|first| match &first.event {
            Event::Catalog(CatalogEvent::SkuCreated(created)) => Some((first.stream.id, created.sku.0.clone())),
            _ => None,
        });
        Ok(sku.collect())
    }
}
