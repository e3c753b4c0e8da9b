//! Subscriptions live.

use std::collections::HashMap;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_projections::model::Fold as _;
use entrepot_projections::subscriptions::{SubscriptionDoc, Subscriptions};
use futures_util::{Stream, StreamExt as _};
use uuid::Uuid;

use super::load::by_ids;
use super::types::SubscriptionContract;
use crate::graph::gid;
use crate::graph::live::{Start, Watched, changes};
use crate::graph::scalar::{BigInt, DateTime};
use crate::graph::session::{Session, Snapshot};

/// Subscriptions live.
#[derive(Debug, Default)]
pub struct SubscriptionSubscription;

/// An event that touched a subscription, with the subscription as it stands now.
#[derive(SimpleObject)]
pub struct SubscriptionChange {
    /// Where to resume: after this update.
    cursor: String,
    /// The cursor of the update before this one; another value than the last that was seen means
    /// that updates were missed.
    previous_cursor: Option<String>,
    /// The event's position in the tenant's log.
    position: BigInt,
    /// `subscription.renewed`
    event_type: String,
    /// When the event was recorded.
    occurred_at: DateTime,
    /// The position that the subscription is shown as of.
    as_of: BigInt,
    /// The subscription as it stands.
    subscription: SubscriptionContract,
}

/// What is watched: all subscriptions, or one.
struct WatchedSubscriptions {
    subscription_id: Option<Uuid>,
}

impl Watched for WatchedSubscriptions {
    const NAME: &'static str = "subscriptions";
    type Key = Uuid;
    type Row = SubscriptionDoc;

    fn keys(event: &Event) -> Vec<Uuid> {
        Subscriptions::keys(event)
            .into_iter()
            .map(|id| id.0)
            .collect()
    }

    fn wants(&self, key: &Uuid) -> bool {
        self.subscription_id.is_none_or(|wanted| wanted == *key)
    }

    async fn rows(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, SubscriptionDoc>> {
        by_ids(session, snapshot, &keys).await
    }
}

#[Subscription]
impl SubscriptionSubscription {
    /// One update for each event that touches a subscription, in order, without gaps. Starts after
    /// a cursor (`after`), after a position of the tenant's log (`position`), or now.
    async fn subscription_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last update that was seen.")] after: Option<String>,
        #[graphql(desc = "A position of the tenant's log; 0 for everything that ever happened.")]
        position: Option<BigInt>,
        #[graphql(desc = "Only this subscription; all of them without it.")]
        subscription_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<SubscriptionChange>> + use<>> {
        let subscription_id =
            gid::decode_opt(subscription_id.as_ref(), "Subscription", "subscriptionId")?;
        let changes = changes(
            ctx,
            WatchedSubscriptions { subscription_id },
            Start { after, position },
        )
        .await?;
        Ok(changes.map(|change| {
            change.map(|change| SubscriptionChange {
                position: BigInt(change.event.position),
                event_type: change.event.event.type_name().to_owned(),
                occurred_at: change.occurred_at(),
                as_of: BigInt(change.as_of),
                cursor: change.cursor,
                previous_cursor: change.previous_cursor,
                subscription: SubscriptionContract(change.row),
            })
        }))
    }
}
