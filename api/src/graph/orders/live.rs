//! Orders live.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_entity::order_docs;
use entrepot_event_store::db::View;
use entrepot_projections::model::Fold as _;
use entrepot_projections::orders::{OrderDoc, Orders};
use futures_util::{Stream, StreamExt as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::load::document;
use super::types::Order;
use crate::app::App;
use crate::graph::live::{AsOf, Change, ChangeHead, Start, Watched, changes};
use crate::graph::policy::visible;
use crate::graph::scalar::BigInt;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;
use crate::graph::{error, gid};

/// Orders live.
#[derive(Debug, Default)]
pub struct OrderSubscription;

/// An event that touched an order, with the order as it stands now; or an order of a snapshot.
#[derive(SimpleObject)]
pub struct OrderChange {
    #[graphql(flatten)]
    head: ChangeHead,
    /// The order as it stands. Null only at the end of a snapshot.
    order: Option<Order>,
}

/// What is watched: all orders, one order, or a channel's.
#[derive(Clone, PartialEq, Eq, Hash)]
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

    async fn load(
        tenant: TenantId,
        snapshot: &Snapshot,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, OrderDoc>> {
        let keys: Vec<OrderId> = keys.into_iter().map(OrderId).collect();
        let orders = Orders::load(View::Of(snapshot.tx().await?), tenant, &keys).await;
        let orders = orders.map_err(error::db)?.into_iter();
        Ok(orders
            .filter_map(|(id, order)| Some((id.0, Arc::unwrap_or_clone(order?))))
            .collect())
    }

    fn folded(app: &App, tenant: TenantId, keys: &[Uuid]) -> Option<AsOf<Self>> {
        let keys: Vec<OrderId> = keys.iter().copied().map(OrderId).collect();
        let (place, docs) = app.core()?.last_documents::<Orders>(tenant, &keys)?;
        let docs = docs.iter();
        let docs = docs.map(|(id, doc)| Some((id.0, Arc::clone(doc.as_ref().as_ref()?))));
        Some((place.position, docs.collect::<Option<_>>()?))
    }

    fn position(order: &OrderDoc) -> i64 {
        order.position
    }

    fn wants(&self, key: &Uuid) -> bool {
        self.order_id.is_none_or(|wanted| wanted == *key)
    }

    fn sees(&self, channels: Option<&[String]>, order: &OrderDoc) -> bool {
        let wanted = self.channel.as_ref();
        wanted.is_none_or(|wanted| order.channel == *wanted)
            && channels.is_none_or(|channels| channels.contains(&order.channel))
    }

    async fn page(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        after: Option<&Uuid>,
        limit: u64,
    ) -> Result<Vec<(Uuid, OrderDoc)>> {
        let mut rows =
            visible::<order_docs::Entity>(session)?.order_by_asc(order_docs::Column::OrderId);
        if let Some(after) = after {
            rows = rows.filter(order_docs::Column::OrderId.gt(*after));
        }
        if let Some(order_id) = self.order_id {
            rows = rows.filter(order_docs::Column::OrderId.eq(order_id));
        }
        if let Some(channel) = &self.channel {
            rows = rows.filter(order_docs::Column::Channel.eq(channel));
        }
        let rows = rows
            .limit(limit)
            .all(snapshot.tx().await?)
            .await
            .map_err(error::db)?;
        let rows = rows.iter().map(|row| Ok((row.order_id, document(row)?)));
        rows.collect()
    }
}

impl From<Arc<Change<OrderDoc>>> for OrderChange {
    fn from(change: Arc<Change<OrderDoc>>) -> Self {
        Self {
            head: ChangeHead::from(&*change),
            order: change.row.clone().map(Order::from),
        }
    }
}

#[Subscription]
impl OrderSubscription {
    /// One update for each event that touches an order, in order, without gaps. Starts after a
    /// cursor (`after`), after a position of the tenant's log (`position`), with the orders as they
    /// stand (`snapshot`), or now.
    async fn order_changed(
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
        #[graphql(desc = "Only of this order.")] order_id: Option<ID>,
        #[graphql(desc = "Only of the channel with this code.")] channel: Option<String>,
    ) -> Result<impl Stream<Item = Result<OrderChange>> + use<>> {
        let order_id = gid::decode_opt(order_id.as_ref(), "Order", "orderId")?;
        let watched = WatchedOrders { order_id, channel };
        let start = Start {
            after,
            position,
            snapshot,
        };
        let changes = changes(ctx, watched, start).await?;
        Ok(changes.map(|change| change.map(OrderChange::from)))
    }
}
