//! Reads customers.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::Loader;
use entrepot_domain::kernel::CustomerId;
use entrepot_entity::customers;
use entrepot_projections::customers::Customers;
use sea_orm::QueryFilter as _;
use uuid::Uuid;

use crate::graph::among::among;
use crate::graph::documents::documents;
use crate::graph::error;
use crate::graph::policy::{all_rows, visible};
use crate::graph::session::Session;

/// Customers by id, batched within one request.
pub struct CustomerLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for CustomerLoader {
    type Value = Arc<customers::Model>;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<customers::Model>>> {
        let Self(session) = self;
        let snapshot = session.read().await?;
        if all_rows::<customers::Entity>(session) {
            let keys: Vec<CustomerId> = ids.iter().copied().map(CustomerId).collect();
            let found = documents::<Customers>(session, &snapshot, &keys).await?;
            let rows = found.into_iter();
            return Ok(rows
                .filter_map(|(id, row)| Some((id.0, Arc::clone(row.as_ref().as_ref()?))))
                .collect());
        }
        let rows = visible::<customers::Entity>(session)?
            .filter(among(customers::Column::CustomerId, ids.iter().copied()));
        let rows = rows.all(snapshot.tx().await?).await.map_err(error::db)?;
        let rows = rows.into_iter();
        Ok(rows.map(|row| (row.customer_id, Arc::new(row))).collect())
    }
}
