//! Orders live.

use std::collections::HashMap;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_projections::model::Fold as _;
use entrepot_projections::orders::{OrderDoc, Orders};
use futures_util::{Stream, StreamExt as _};
use uuid::Uuid;

use super::load::by_ids;
use super::types::Order;
use crate::graph::gid;
use crate::graph::live::{Start, Watched, changes};
use crate::graph::scalar::{BigInt, DateTime};
use crate::graph::session::{Session, Snapshot};

/// Orders live.
#[derive(Debug, Default)]
pub struct OrderSubscription;

/// An event that touched an order, with the order as it stands now.
#[derive(SimpleObject)]
pub struct OrderChange {
    /// Where to resume: after this update.
    cursor: String,
    /// The cursor of the update before this one; another value than the last that was seen means
    /// that updates were missed.
    previous_cursor: Option<String>,
    /// The event's position in the tenant's log.
    position: BigInt,
    /// `order.placed`
    event_type: String,
    /// When the event was recorded.
    occurred_at: DateTime,
    /// The position that the order is shown as of.
    as_of: BigInt,
    /// The order as it stands.
    order: Order,
}

/// What is watched: all orders, one order, or a channel's.
struct WatchedOrders {
    order_id: Option<Uuid>,
    channel: Option<String>,
}

impl Watched for WatchedOrders {
    const NAME: &'static str = "orders";
    type Key = Uuid;
    type Row = OrderDoc;

    fn keys(event: &Event) -> Vec<Uuid> {
        Orders::keys(event).into_iter().map(|id| id.0).collect()
    }

    fn wants(&self, key: &Uuid) -> bool {
        self.order_id.is_none_or(|wanted| wanted == *key)
    }

    async fn rows(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, OrderDoc>> {
        let mut rows = by_ids(session, snapshot, &keys).await?;
        if let Some(channel) = &self.channel {
            rows.retain(|_, order| order.channel == *channel);
        }
        Ok(rows)
    }
}

#[Subscription]
impl OrderSubscription {
    /// One update for each event that touches an order, in order, without gaps. Starts after a
    /// cursor (`after`), after a position of the tenant's log (`position`), or now.
    async fn order_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last update that was seen.")] after: Option<String>,
        #[graphql(desc = "A position of the tenant's log.")] position: Option<BigInt>,
        #[graphql(desc = "Only of this order.")] order_id: Option<ID>,
        #[graphql(desc = "Only of the channel with this code.")] channel: Option<String>,
    ) -> Result<impl Stream<Item = Result<OrderChange>> + use<>> {
        let order_id = gid::decode_opt(order_id.as_ref(), "Order", "orderId")?;
        let watched = WatchedOrders { order_id, channel };
        let changes = changes(ctx, watched, Start { after, position }).await?;
        Ok(changes.map(|change| {
            change.map(|change| OrderChange {
                position: BigInt(change.event.position),
                event_type: change.event.event.type_name().to_owned(),
                occurred_at: change.occurred_at(),
                as_of: BigInt(change.as_of),
                cursor: change.cursor,
                previous_cursor: change.previous_cursor,
                order: Order(change.row),
            })
        }))
    }
}
