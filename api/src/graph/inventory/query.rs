//! Queries of stock.

use async_graphql::{Context, Enum, InputObject, Object, Result};
use entrepot_domain::kernel::{Sku, Warehouse};
use entrepot_entity::inventory::{Column, Entity};
use entrepot_projections::inventory::StockKey;
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};

use super::load::StockLoader;
use super::types::StockPosition;
use crate::graph::connection::Listed;
use crate::graph::direct::general;
use crate::graph::error::bad_input;
use crate::graph::loader;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::visible;
use crate::graph::session::session;

/// SKUs of one filter at most: those of a page.
const SKUS_MAX: usize = 250;

/// Queries of stock.
#[derive(Debug, Default)]
pub struct InventoryQuery;

/// A list of stock positions.
pub type StockConnection = Listed<StockPosition>;

general!(StockPosition);

/// Which stock.
#[derive(Clone, Debug, Default, InputObject)]
pub struct StockFilter {
    /// Of this SKU.
    sku: Option<String>,
    /// Of any of these SKUs, 250 at most.
    skus: Option<Vec<String>>,
    /// In the warehouse with this code.
    warehouse: Option<String>,
}

/// What stock positions are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum StockSort {
    /// By SKU, then by warehouse.
    #[default]
    SkuAsc,
    /// By SKU, then by warehouse, backward.
    SkuDesc,
    /// The last changed first.
    UpdatedAtDesc,
    /// The most units first.
    OnHandDesc,
    /// The fewest units first.
    OnHandAsc,
}

impl StockSort {
    fn keyset(self) -> Keyset<Entity> {
        let (first, descending) = match self {
            Self::SkuAsc => (None, false),
            Self::SkuDesc => (None, true),
            Self::UpdatedAtDesc => (Some(Column::UpdatedAt), true),
            Self::OnHandDesc => (Some(Column::OnHand), true),
            Self::OnHandAsc => (Some(Column::OnHand), false),
        };
        let columns = first
            .into_iter()
            .chain([Column::Sku, Column::Warehouse])
            .collect();
        Keyset {
            columns,
            descending,
        }
    }
}

fn filtered(mut rows: Select<Entity>, filter: &StockFilter) -> Result<Select<Entity>> {
    if filter
        .skus
        .as_ref()
        .is_some_and(|skus| skus.len() > SKUS_MAX)
    {
        return Err(bad_input("filter.skus", "must be 250 at most"));
    }
    let conditions = [
        filter.sku.as_ref().map(|sku| Column::Sku.eq(sku)),
        filter.skus.as_ref().map(|skus| Column::Sku.is_in(skus)),
        filter
            .warehouse
            .as_ref()
            .map(|warehouse| Column::Warehouse.eq(warehouse)),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    Ok(rows)
}

#[Object]
impl InventoryQuery {
    /// Stock of one SKU in one warehouse. Null if there never was any.
    async fn stock_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The SKU: the tenant's own code, verbatim.")] sku: String,
        #[graphql(desc = "The warehouse's code.")] warehouse: String,
    ) -> Result<Option<StockPosition>> {
        let key = StockKey {
            sku: Sku(sku),
            warehouse: Warehouse(warehouse),
        };
        Ok(loader::load::<StockLoader, _>(ctx, key)
            .await?
            .map(StockPosition))
    }

    /// Stock by SKU and warehouse, page by page: `first` 50 by default, 250 at most.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn inventory(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<StockFilter>,
        #[graphql(default, desc = "In which order.")] sort: StockSort,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<StockConnection>> {
        let filter = filter.unwrap_or_default();
        let matching = List {
            name: "inventory",
            rows: filtered(visible(session(ctx)?)?, &filter)?,
            keyset: sort.keyset(),
            selected_by: format!("{sort:?}:{filter:?}"),
        };
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        matching
            .page(ctx, args, |row| Ok(StockPosition(row)))
            .await
            .map(Some)
    }
}
