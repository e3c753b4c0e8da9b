//! Queries of margins.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entrepot_entity::margins::{Column, Entity};
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};

use super::sums::{self, MarginGroup, MarginSums, MarginSumsFilter};
use super::types::MarginLine;
use crate::graph::connection::Listed;
use crate::graph::gid;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::visible;
use crate::graph::scalar::Date;
use crate::graph::session::session;

/// Queries of margins.
#[derive(Debug, Default)]
pub struct MarginQuery;

/// A list of order lines' margins.
pub type MarginConnection = Listed<MarginLine>;

/// Which lines.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MarginFilter {
    /// Of this order.
    order_id: Option<ID>,
    /// Of this SKU.
    sku: Option<String>,
    /// Sold in the channel with this code.
    channel: Option<String>,
    /// Of orders placed on this day or later, in the tenant's time zone.
    booked_from: Option<Date>,
    /// Of orders placed on this day or earlier.
    booked_to: Option<Date>,
    /// Recognized on this day or later.
    recognized_from: Option<Date>,
    /// Recognized on this day or earlier.
    recognized_to: Option<Date>,
    /// Whose cost is known, or is not.
    cost_known: Option<bool>,
}

/// What margins are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum MarginSort {
    /// The newest orders first.
    #[default]
    BookedOnDesc,
    /// The oldest orders first.
    BookedOnAsc,
    /// The last changed first.
    UpdatedAtDesc,
    /// The largest net amount first.
    NetDesc,
    /// The smallest net amount first.
    NetAsc,
}

impl MarginSort {
    fn keyset(self) -> Keyset<Entity> {
        let (column, descending) = match self {
            Self::BookedOnDesc => (Column::BookedOn, true),
            Self::BookedOnAsc => (Column::BookedOn, false),
            Self::UpdatedAtDesc => (Column::UpdatedAt, true),
            Self::NetDesc => (Column::NetMinor, true),
            Self::NetAsc => (Column::NetMinor, false),
        };
        Keyset {
            columns: vec![column, Column::OrderId, Column::Line],
            descending,
        }
    }
}

fn filtered(mut rows: Select<Entity>, filter: &MarginFilter) -> Result<Select<Entity>> {
    let order = gid::decode_opt(filter.order_id.as_ref(), "Order", "filter.orderId")?;
    let conditions = [
        order.map(|id| Column::OrderId.eq(id)),
        filter.sku.as_ref().map(|sku| Column::Sku.eq(sku)),
        filter
            .channel
            .as_ref()
            .map(|channel| Column::Channel.eq(channel)),
        filter
            .booked_from
            .map(|from| Column::BookedOn.gte(from.0.to_string())),
        filter
            .booked_to
            .map(|to| Column::BookedOn.lte(to.0.to_string())),
        filter
            .recognized_from
            .map(|from| Column::RecognizedOn.gte(from.0.to_string())),
        filter
            .recognized_to
            .map(|to| Column::RecognizedOn.lte(to.0.to_string())),
        filter.cost_known.map(|known| {
            if known {
                Column::CogsMinor.is_not_null()
            } else {
                Column::CogsMinor.is_null()
            }
        }),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    Ok(rows)
}

#[Object]
impl MarginQuery {
    /// What order lines earned, page by page: `first` 50 by default, 250 at most.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn margins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<MarginFilter>,
        #[graphql(default, desc = "In which order.")] sort: MarginSort,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<MarginConnection>> {
        let filter = filter.unwrap_or_default();
        let matching = List {
            name: "margins",
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
            .page(ctx, args, |row| Ok(MarginLine::from(row)))
            .await
            .map(Some)
    }

    /// Sums of what order lines earned, from the daily roll-up: one group for each combination of
    /// what is grouped by, and each currency. More than 1000 groups are refused as `BAD_USER_INPUT`:
    /// narrow the filter or group by less.
    async fn margin_sums(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default,
            desc = "What each has groups of its own. All in one without it."
        )]
        group_by: Vec<MarginGroup>,
        #[graphql(desc = "All days, channels and SKUs without it.")] filter: Option<
            MarginSumsFilter,
        >,
    ) -> Result<Option<Vec<MarginSums>>> {
        sums::sums(ctx, &group_by, filter.unwrap_or_default())
            .await
            .map(Some)
    }
}
