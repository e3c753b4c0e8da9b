//! Margins live.

use std::collections::HashMap;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_entity::margins;
use entrepot_projections::margins::Margins;
use entrepot_projections::model::Fold as _;
use futures_util::{Stream, StreamExt as _};
use uuid::Uuid;

use super::load::by_orders;
use super::types::MarginLine;
use crate::graph::gid;
use crate::graph::live::{Start, Watched, changes};
use crate::graph::scalar::{BigInt, DateTime};
use crate::graph::session::{Session, Snapshot};

/// Margins live.
#[derive(Debug, Default)]
pub struct MarginSubscription;

/// An event that touched the margins of an order, with the margins as they stand now.
#[derive(SimpleObject)]
pub struct MarginChange {
    /// Where to resume: after this update.
    cursor: String,
    /// The cursor of the update before this one; another value than the last that was seen means
    /// that updates were missed.
    previous_cursor: Option<String>,
    /// The event's position in the tenant's log.
    position: BigInt,
    /// `inventory.issued`
    event_type: String,
    /// When the event was recorded.
    occurred_at: DateTime,
    /// The position that the margins are shown as of.
    as_of: BigInt,
    /// The order's global id.
    order_id: ID,
    /// The margins of all lines of the order as they stand, in order of their numbers.
    lines: Vec<MarginLine>,
}

/// What is watched: the margins of all orders, or of one.
struct WatchedMargins {
    order_id: Option<Uuid>,
}

/// The margins of one order.
#[derive(Clone)]
struct OrderMargins {
    order_id: Uuid,
    lines: Vec<margins::Model>,
}

impl Watched for WatchedMargins {
    const NAME: &'static str = "margins";
    type Key = Uuid;
    type Row = OrderMargins;

    fn keys(event: &Event) -> Vec<Uuid> {
        Margins::keys(event).into_iter().map(|id| id.0).collect()
    }

    fn wants(&self, key: &Uuid) -> bool {
        self.order_id.is_none_or(|wanted| wanted == *key)
    }

    async fn rows(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, OrderMargins>> {
        let orders = by_orders(session, snapshot, &keys).await?.into_iter();
        Ok(orders
            .map(|(order_id, lines)| (order_id, OrderMargins { order_id, lines }))
            .collect())
    }
}

#[Subscription]
impl MarginSubscription {
    /// One update for each event that touches an order's margins, in order, without gaps. Starts
    /// after a cursor (`after`), after a position of the tenant's log (`position`), or now.
    async fn margin_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last update that was seen.")] after: Option<String>,
        #[graphql(desc = "A position of the tenant's log.")] position: Option<BigInt>,
        #[graphql(desc = "Only of this order.")] order_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<MarginChange>> + use<>> {
        let order_id = gid::decode_opt(order_id.as_ref(), "Order", "orderId")?;
        let changes = changes(ctx, WatchedMargins { order_id }, Start { after, position }).await?;
        Ok(changes.map(|change| {
            change.map(|change| MarginChange {
                position: BigInt(change.event.position),
                event_type: change.event.event.type_name().to_owned(),
                occurred_at: change.occurred_at(),
                as_of: BigInt(change.as_of),
                cursor: change.cursor,
                previous_cursor: change.previous_cursor,
                order_id: gid::encode("Order", change.row.order_id),
                lines: change.row.lines.into_iter().map(MarginLine).collect(),
            })
        }))
    }
}
