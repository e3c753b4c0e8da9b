//! Reads subscriptions: what the caller may not see is not there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::Loader;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{scope, subscriptions};
use entrepot_projections::subscriptions::SubscriptionDoc;
use sea_orm::{QueryFilter as _, Select};
use uuid::Uuid;

use crate::graph::among::among;
use crate::graph::error;
use crate::graph::policy::visible;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;

/// A subscription's document.
pub(super) fn document(row: &subscriptions::Model) -> Result<SubscriptionDoc> {
    serde_json::from_str(&row.doc)
        .map_err(|error| error::corrupt("a subscription", (row.subscription_id, error)))
}

/// Subscriptions by id, in one state, whoever asks.
pub(super) async fn documents(
    tenant: TenantId,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, SubscriptionDoc>> {
    read(scope::of::<subscriptions::Entity>(tenant.0), snapshot, ids).await
}

/// Subscriptions by id, in one state.
pub(super) async fn by_ids(
    session: &Session,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, SubscriptionDoc>> {
    read(visible(session)?, snapshot, ids).await
}

async fn read(
    rows: Select<subscriptions::Entity>,
    snapshot: &Snapshot,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, SubscriptionDoc>> {
    let rows = rows.filter(among(
        subscriptions::Column::SubscriptionId,
        ids.iter().copied(),
    ));
    let rows = rows.all(snapshot.tx().await?).await.map_err(error::db)?;
    rows.iter()
        .map(|row| Ok((row.subscription_id, document(row)?)))
        .collect()
}

/// Subscriptions by id, batched within one request.
pub struct SubscriptionLoader(pub(in crate::graph) Arc<Session>);

impl Loader<Uuid> for SubscriptionLoader {
    type Value = SubscriptionDoc;
    type Error = async_graphql::Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, SubscriptionDoc>> {
        let snapshot = self.0.read().await?;
        by_ids(&self.0, &snapshot, ids).await
    }
}
