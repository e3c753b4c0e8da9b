//! Subscriptions live.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::subscriptions;
use entrepot_projections::model::Fold as _;
use entrepot_projections::subscriptions::{SubscriptionDoc, Subscriptions};
use futures_util::{Stream, StreamExt as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::load::{document, documents};
use super::types::SubscriptionContract;
use crate::graph::live::{Change, ChangeHead, Start, Watched, changes};
use crate::graph::policy::visible;
use crate::graph::scalar::BigInt;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;
use crate::graph::{error, gid};

/// Subscriptions live.
#[derive(Debug, Default)]
pub struct SubscriptionSubscription;

/// An event that touched a subscription, with the subscription as it stands now; or a subscription
/// of a snapshot.
#[derive(SimpleObject)]
pub struct SubscriptionChange {
    #[graphql(flatten)]
    head: ChangeHead,
    /// The subscription as it stands. Null only at the end of a snapshot.
    subscription: Option<SubscriptionContract>,
}

/// What is watched: all subscriptions, or one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct WatchedSubscriptions {
    subscription_id: Option<Uuid>,
}

impl Watched for WatchedSubscriptions {
    const NAME: &'static str = "subscriptions";
    type Key = Uuid;
    type Row = SubscriptionDoc;

    fn keys(event: &Event) -> Vec<Uuid> {
        let keys = Subscriptions::keys(event).into_iter();
        keys.map(|id| id.0).collect()
    }

    async fn load(
        tenant: TenantId,
        snapshot: &Snapshot,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, SubscriptionDoc>> {
        documents(tenant, snapshot, &keys).await
    }

    fn position(subscription: &SubscriptionDoc) -> i64 {
        subscription.position
    }

    fn wants(&self, key: &Uuid) -> bool {
        self.subscription_id.is_none_or(|wanted| wanted == *key)
    }

    fn sees(&self, channels: Option<&[String]>, subscription: &SubscriptionDoc) -> bool {
        let terms = subscription.state.terms.as_ref();
        let seen =
            |channels: &[String]| terms.is_some_and(|terms| channels.contains(&terms.channel));
        channels.is_none_or(seen)
    }

    async fn page(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        after: Option<&Uuid>,
        limit: u64,
    ) -> Result<Vec<(Uuid, SubscriptionDoc)>> {
        use subscriptions::Column::SubscriptionId;
        let mut rows = visible::<subscriptions::Entity>(session)?.order_by_asc(SubscriptionId);
        if let Some(after) = after {
            rows = rows.filter(SubscriptionId.gt(*after));
        }
        if let Some(subscription_id) = self.subscription_id {
            rows = rows.filter(SubscriptionId.eq(subscription_id));
        }
        let rows = rows
            .limit(limit)
            .all(snapshot.tx().await?)
            .await
            .map_err(error::db)?;
        let rows = rows
            .iter()
            .map(|row| Ok((row.subscription_id, document(row)?)));
        rows.collect()
    }
}

impl From<Arc<Change<SubscriptionDoc>>> for SubscriptionChange {
    fn from(change: Arc<Change<SubscriptionDoc>>) -> Self {
        Self {
            head: ChangeHead::from(&*change),
            subscription: change.row.clone().map(SubscriptionContract),
        }
    }
}

#[Subscription]
impl SubscriptionSubscription {
    /// One update for each event that touches a subscription, in order, without gaps. Starts after
    /// a cursor (`after`), after a position of the tenant's log (`position`), with the subscriptions
    /// as they stand (`snapshot`), or now.
    async fn subscription_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The cursor of the last update that was seen; the rest of a snapshot that was cut off comes first."
        )]
        after: Option<String>,
        #[graphql(desc = "A position of the tenant's log; 0 for everything that ever happened.")]
        position: Option<BigInt>,
        #[graphql(
            default,
            desc = "Whether the rows as they stand come first. Without effect if a cursor is given."
        )]
        snapshot: bool,
        #[graphql(desc = "Only this subscription; all of them without it.")]
        subscription_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<SubscriptionChange>> + use<>> {
        let subscription_id =
            gid::decode_opt(subscription_id.as_ref(), "Subscription", "subscriptionId")?;
        let start = Start {
            after,
            position,
            snapshot,
        };
        let changes = changes(ctx, WatchedSubscriptions { subscription_id }, start).await?;
        Ok(changes.map(|change| change.map(SubscriptionChange::from)))
    }
}
