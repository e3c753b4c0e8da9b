//! Stock live.

use std::collections::HashMap;

use async_graphql::{Context, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_entity::inventory;
use entrepot_projections::inventory::{Inventory, StockKey};
use entrepot_projections::model::Fold as _;
use futures_util::{Stream, StreamExt as _};

use super::load::by_keys;
use super::types::StockPosition;
use crate::graph::live::{Start, Watched, changes};
use crate::graph::scalar::{BigInt, DateTime};
use crate::graph::session::{Session, Snapshot};

/// Stock live.
#[derive(Debug, Default)]
pub struct InventorySubscription;

/// An event that touched a stock position, with the position as it stands now.
#[derive(SimpleObject)]
pub struct StockChange {
    /// Where to resume: after this update.
    cursor: String,
    /// The cursor of the update before this one; another value than the last that was seen means
    /// that updates were missed.
    previous_cursor: Option<String>,
    /// The event's position in the tenant's log.
    position: BigInt,
    /// `inventory.received`
    event_type: String,
    /// When the event was recorded.
    occurred_at: DateTime,
    /// The position in the log that the stock is shown as of.
    as_of: BigInt,
    /// The stock as it stands.
    stock_position: StockPosition,
}

/// What is watched: all stock, a SKU's, a warehouse's, or that of one SKU in one warehouse.
struct WatchedStock {
    sku: Option<String>,
    warehouse: Option<String>,
}

impl Watched for WatchedStock {
    const NAME: &'static str = "inventory";
    type Key = StockKey;
    type Row = inventory::Model;

    fn keys(event: &Event) -> Vec<StockKey> {
        Inventory::keys(event)
    }

    fn wants(&self, key: &StockKey) -> bool {
        let sku = self.sku.as_ref().is_none_or(|wanted| *wanted == key.sku.0);
        sku && self
            .warehouse
            .as_ref()
            .is_none_or(|wanted| *wanted == key.warehouse.0)
    }

    async fn rows(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        keys: Vec<StockKey>,
    ) -> Result<HashMap<StockKey, inventory::Model>> {
        by_keys(session, snapshot, &keys).await
    }
}

#[Subscription]
impl InventorySubscription {
    /// One update for each event that touches stock, in order, without gaps. Starts after a cursor
    /// (`after`), after a position of the tenant's log (`position`), or now.
    async fn inventory_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last update that was seen.")] after: Option<String>,
        #[graphql(desc = "A position of the tenant's log.")] position: Option<BigInt>,
        #[graphql(desc = "Only of this SKU.")] sku: Option<String>,
        #[graphql(desc = "Only in the warehouse with this code.")] warehouse: Option<String>,
    ) -> Result<impl Stream<Item = Result<StockChange>> + use<>> {
        let watched = WatchedStock { sku, warehouse };
        let changes = changes(ctx, watched, Start { after, position }).await?;
        Ok(changes.map(|change| {
            change.map(|change| StockChange {
                position: BigInt(change.event.position),
                event_type: change.event.event.type_name().to_owned(),
                occurred_at: change.occurred_at(),
                as_of: BigInt(change.as_of),
                cursor: change.cursor,
                previous_cursor: change.previous_cursor,
                stock_position: StockPosition(change.row),
            })
        }))
    }
}
