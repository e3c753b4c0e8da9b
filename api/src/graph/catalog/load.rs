//! Reads products.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::Loader;
use entrepot_entity::products;
use entrepot_projections::products::PricesDoc;
use sea_orm::QueryFilter as _;

use crate::graph::among::among;
use crate::graph::error;
use crate::graph::policy::visible;
use crate::graph::session::Session;

/// A product's prices.
pub(super) fn prices(row: &products::Model) -> Result<PricesDoc> {
    serde_json::from_str(&row.doc)
        .map_err(|error| error::corrupt("a price list", (&row.sku, error)))
}

/// Products by SKU, batched within one request.
pub struct ProductLoader(pub(in crate::graph) Arc<Session>);

impl Loader<String> for ProductLoader {
    type Value = products::Model;
    type Error = async_graphql::Error;

    async fn load(&self, skus: &[String]) -> Result<HashMap<String, products::Model>> {
        let snapshot = self.0.read().await?;
        let rows = visible::<products::Entity>(&self.0)?.filter(among(products::Column::Sku, skus));
        let rows = rows.all(snapshot.tx().await?).await.map_err(error::db)?;
        Ok(rows.into_iter().map(|row| (row.sku.clone(), row)).collect())
    }
}
