//! Margins live.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{OrderId, TenantId};
use entrepot_entity::margins;
use entrepot_event_store::db::View;
use entrepot_projections::margins::Margins;
use entrepot_projections::model::Fold as _;
use futures_util::{Stream, StreamExt as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::load::by_orders;
use super::types::MarginLine;
use crate::graph::live::{Change, ChangeHead, Start, Watched, changes};
use crate::graph::policy::visible;
use crate::graph::scalar::BigInt;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;
use crate::graph::{error, gid};

/// Margins live.
#[derive(Debug, Default)]
pub struct MarginSubscription;

/// An event that touched the margins of an order, with the margins as they stand now; or those of
/// an order of a snapshot.
#[derive(SimpleObject)]
pub struct MarginChange {
    #[graphql(flatten)]
    head: ChangeHead,
    /// The order's global id. Null only at the end of a snapshot.
    order_id: Option<ID>,
    /// The margins of all lines of the order as they stand, in order of their numbers.
    lines: Vec<MarginLine>,
}

/// What is watched: the margins of all orders, or of one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct WatchedMargins {
    order_id: Option<Uuid>,
}

/// The margins of one order.
struct OrderMargins {
    order_id: Uuid,
    /// In order of their numbers; at least one.
    lines: Vec<margins::Model>,
}

impl Watched for WatchedMargins {
    const NAME: &'static str = "margins";
    type Key = Uuid;
    type Row = OrderMargins;

    fn keys(event: &Event) -> Vec<Uuid> {
        Margins::keys(event).into_iter().map(|id| id.0).collect()
    }

    async fn load(
        tenant: TenantId,
        snapshot: &Snapshot,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, OrderMargins>> {
        let keys: Vec<OrderId> = keys.into_iter().map(OrderId).collect();
        let orders = Margins::load(View::Of(snapshot.tx().await?), tenant, &keys).await;
        let orders = orders.map_err(error::db)?.into_iter();
        Ok(orders
            .map(|(OrderId(order_id), lines)| (order_id, OrderMargins { order_id, lines }))
            .collect())
    }

    fn position(order: &OrderMargins) -> i64 {
        let positions = order.lines.iter().map(|line| line.position);
        positions.max().unwrap_or_default()
    }

    fn wants(&self, key: &Uuid) -> bool {
        self.order_id.is_none_or(|wanted| wanted == *key)
    }

    fn sees(&self, channels: Option<&[String]>, order: &OrderMargins) -> bool {
        // All lines are of the order's channel.
        let mut of = order.lines.iter().map(|line| &line.channel);
        channels.is_none_or(|channels| of.all(|channel| channels.contains(channel)))
    }

    async fn page(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        after: Option<&Uuid>,
        limit: u64,
    ) -> Result<Vec<(Uuid, OrderMargins)>> {
        use margins::Column::OrderId;
        let mut ids = visible::<margins::Entity>(session)?
            .select_only()
            .column(OrderId)
            .distinct();
        if let Some(after) = after {
            ids = ids.filter(OrderId.gt(*after));
        }
        if let Some(order_id) = self.order_id {
            ids = ids.filter(OrderId.eq(order_id));
        }
        let ids = ids.order_by_asc(OrderId).limit(limit).into_tuple::<Uuid>();
        let ids = ids.all(snapshot.tx().await?).await.map_err(error::db)?;
        let mut orders = by_orders(session, snapshot, &ids).await?;
        let found = ids.into_iter().filter_map(|order_id| {
            let lines = orders.remove(&order_id)?;
            Some((order_id, OrderMargins { order_id, lines }))
        });
        Ok(found.collect())
    }
}

impl From<Arc<Change<OrderMargins>>> for MarginChange {
    fn from(change: Arc<Change<OrderMargins>>) -> Self {
        let order = change.row.as_ref();
        let lines = order.map_or(&[][..], |order| &order.lines);
        Self {
            head: ChangeHead::from(&*change),
            order_id: order.map(|order| gid::encode("Order", order.order_id)),
            lines: lines.iter().cloned().map(MarginLine::from).collect(),
        }
    }
}

#[Subscription]
impl MarginSubscription {
    /// One update for each event that touches an order's margins, in order, without gaps. Starts
    /// after a cursor (`after`), after a position of the tenant's log (`position`), with the margins
    /// as they stand (`snapshot`), or now.
    async fn margin_changed(
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
    ) -> Result<impl Stream<Item = Result<MarginChange>> + use<>> {
        let order_id = gid::decode_opt(order_id.as_ref(), "Order", "orderId")?;
        let start = Start {
            after,
            position,
            snapshot,
        };
        let changes = changes(ctx, WatchedMargins { order_id }, start).await?;
        Ok(changes.map(|change| change.map(MarginChange::from)))
    }
}
