//! Stock live.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Result, SimpleObject, Subscription};
use entrepot_domain::event::Event;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::inventory;
use entrepot_projections::inventory::{Inventory, StockKey};
use entrepot_projections::model::Fold as _;
use futures_util::{Stream, StreamExt as _};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::load::{key, positions};
use super::types::StockPosition;
use crate::graph::error;
use crate::graph::live::{Change, ChangeHead, Start, Watched, changes};
use crate::graph::policy::visible;
use crate::graph::scalar::BigInt;
use crate::graph::session::Session;
use crate::graph::snapshot::Snapshot;

/// Stock live.
#[derive(Debug, Default)]
pub struct InventorySubscription;

/// An event that touched a stock position, with the position as it stands now; or a position of a
/// snapshot.
#[derive(SimpleObject)]
pub struct StockChange {
    #[graphql(flatten)]
    head: ChangeHead,
    /// The stock as it stands. Null only at the end of a snapshot.
    stock_position: Option<StockPosition>,
}

/// What is watched: all stock, a SKU's, a warehouse's, or that of one SKU in one warehouse.
#[derive(Clone, PartialEq, Eq, Hash)]
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

    async fn load(
        tenant: TenantId,
        snapshot: &Snapshot,
        keys: Vec<StockKey>,
    ) -> Result<HashMap<StockKey, inventory::Model>> {
        positions(tenant, snapshot, &keys).await
    }

    fn position(row: &inventory::Model) -> i64 {
        row.position
    }

    fn wants(&self, key: &StockKey) -> bool {
        let sku = self.sku.as_ref().is_none_or(|wanted| *wanted == key.sku.0);
        sku && self
            .warehouse
            .as_ref()
            .is_none_or(|wanted| *wanted == key.warehouse.0)
    }

    /// Stock belongs to no channel: it is not for those who are bound to some.
    fn sees(&self, channels: Option<&[String]>, _: &inventory::Model) -> bool {
        channels.is_none()
    }

    async fn page(
        &self,
        session: &Session,
        snapshot: &Snapshot,
        after: Option<&StockKey>,
        limit: u64,
    ) -> Result<Vec<(StockKey, inventory::Model)>> {
        use inventory::Column::{Sku, Warehouse};
        let mut rows = visible::<inventory::Entity>(session)?
            .order_by_asc(Sku)
            .order_by_asc(Warehouse);
        if let Some(after) = after {
            let (sku, warehouse) = (after.sku.as_str(), after.warehouse.as_str());
            let same_sku = Condition::all()
                .add(Sku.eq(sku))
                .add(Warehouse.gt(warehouse));
            rows = rows.filter(Condition::any().add(Sku.gt(sku)).add(same_sku));
        }
        if let Some(sku) = &self.sku {
            rows = rows.filter(Sku.eq(sku));
        }
        if let Some(warehouse) = &self.warehouse {
            rows = rows.filter(Warehouse.eq(warehouse));
        }
        let rows = rows
            .limit(limit)
            .all(snapshot.tx().await?)
            .await
            .map_err(error::db)?;
        Ok(rows.into_iter().map(|row| (key(&row), row)).collect())
    }
}

impl From<Arc<Change<inventory::Model>>> for StockChange {
    fn from(change: Arc<Change<inventory::Model>>) -> Self {
        Self {
            head: ChangeHead::from(&*change),
            stock_position: change.row.as_deref().cloned().map(StockPosition),
        }
    }
}

#[Subscription]
impl InventorySubscription {
    /// One update for each event that touches stock, in order, without gaps. Starts after a cursor
    /// (`after`), after a position of the tenant's log (`position`), with the stock as it stands
    /// (`snapshot`), or now.
    async fn inventory_changed(
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
        #[graphql(desc = "Only of this SKU.")] sku: Option<String>,
        #[graphql(desc = "Only in the warehouse with this code.")] warehouse: Option<String>,
    ) -> Result<impl Stream<Item = Result<StockChange>> + use<>> {
        let watched = WatchedStock { sku, warehouse };
        let start = Start {
            after,
            position,
            snapshot,
        };
        let changes = changes(ctx, watched, start).await?;
        Ok(changes.map(|change| change.map(StockChange::from)))
    }
}
