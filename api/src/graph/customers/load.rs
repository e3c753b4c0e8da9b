//! Reads customers.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::Loader;
use entrepot_entity::customers;
use sea_orm::QueryFilter as _;
use uuid::Uuid;

use crate::graph::among::among;
use crate::graph::error;
use crate::graph::policy::visible;
use crate::graph::session::Session;

/// Customers by id, batched within one request.
pub struct CustomerLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for CustomerLoader {
    type Value = customers::Model;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, customers::Model>> {
        let snapshot = self.0.read().await?;
        let rows = visible::<customers::Entity>(&self.0)?
            .filter(among(customers::Column::CustomerId, ids.iter().copied()));
        let rows = rows.all(&snapshot.tx).await.map_err(error::db)?;
        Ok(rows.into_iter().map(|row| (row.customer_id, row)).collect())
    }
}
