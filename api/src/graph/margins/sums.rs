//! Sums over margins, from the daily roll-up: exact, and as fast for a year as for a day.

use async_graphql::{Context, Enum, InputObject, Result, SimpleObject};
use entrepot_domain::kernel::Currency;
use entrepot_entity::margin_days::{Column, Entity};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::types::ratio;
use crate::graph::error::{self, bad_input};
use crate::graph::policy::visible;
use crate::graph::scalar::{BigInt, CurrencyCode, Date, Decimal, Money};
use crate::graph::session::{Session, session};

/// The most groups of one answer.
const GROUPS_MAX: usize = 1_000;

/// What sums are grouped by, besides the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MarginGroup {
    /// The day on which the orders were placed.
    Day,
    /// Where they were sold.
    Channel,
    /// What was sold.
    Sku,
}

/// Which days, channels and SKUs are summed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MarginSumsFilter {
    /// Of orders placed on this day or later, in the tenant's time zone.
    from: Option<Date>,
    /// Of orders placed on this day or earlier.
    to: Option<Date>,
    /// Sold in the channel with this code.
    channel: Option<String>,
    /// Of this SKU.
    sku: Option<String>,
}

/// What order lines earned together, in one currency, tax excluded.
///
/// Lines whose cost is unknown are in `net`, `shippingRevenue`, `fee` and `shippingCost`, but in no
/// margin; `unknownCostLines` counts them.
#[derive(Clone, Debug, SimpleObject)]
pub struct MarginSums {
    /// The day on which the orders were placed, in the tenant's time zone. Null if not grouped by.
    day: Option<Date>,
    /// The channel's code. Null if not grouped by.
    channel: Option<String>,
    /// What was sold. Null if not grouped by.
    sku: Option<String>,
    /// The currency of every amount here.
    currency: CurrencyCode,
    /// Order lines, also those given up.
    line_count: BigInt,
    /// Lines with a sale and no known cost.
    unknown_cost_lines: BigInt,
    /// Units ordered and not given up. Units of several SKUs are added as they are.
    quantity: BigInt,
    /// After discounts, less what was given up.
    net: Money,
    /// Of that, the lines whose cost is known: what the margins are parts of.
    known_net: Money,
    /// Cost of goods sold. Null if no line's cost is known.
    cogs: Option<Money>,
    /// Known net less cost of goods sold. Null if no line's cost is known.
    gross_margin: Option<Money>,
    /// Gross margin by known net: `0.25` is 25 %, with six digits after the point, rounded half to
    /// even. Null if no line's cost is known, and where known net is zero.
    gross_margin_ratio: Option<Decimal>,
    /// Shipping charged to customers.
    shipping_revenue: Money,
    /// Payment fees.
    fee: Money,
    /// What shipping labels cost.
    shipping_cost: Money,
    /// Gross margin plus shipping revenue, less fees and shipping cost, of the lines whose cost is
    /// known. Null if no line's is.
    contribution: Option<Money>,
    /// Contribution by known net, as the ratio of the gross margin.
    contribution_ratio: Option<Decimal>,
}

#[derive(Clone, Debug, Default, FromQueryResult)]
struct Sum {
    day: Option<String>,
    channel: Option<String>,
    sku: Option<String>,
    currency: String,
    line_count: i64,
    quantity: i64,
    net_minor: i64,
    cogs_minor: i64,
    shipping_minor: i64,
    fee_minor: i64,
    shipping_cost_minor: i64,
    known_net_minor: i64,
    gross_margin_minor: i64,
    contribution_minor: i64,
    unknown_cost_lines: i64,
}

/// The columns that are summed, with their names in [`Sum`].
const SUMMED: [(Column, &str); 11] = [
    (Column::LineCount, "line_count"),
    (Column::Quantity, "quantity"),
    (Column::NetMinor, "net_minor"),
    (Column::CogsMinor, "cogs_minor"),
    (Column::ShippingMinor, "shipping_minor"),
    (Column::FeeMinor, "fee_minor"),
    (Column::ShippingCostMinor, "shipping_cost_minor"),
    (Column::KnownNetMinor, "known_net_minor"),
    (Column::GrossMarginMinor, "gross_margin_minor"),
    (Column::ContributionMinor, "contribution_minor"),
    (Column::UnknownCostLines, "unknown_cost_lines"),
];

pub(super) async fn sums(
    ctx: &Context<'_>,
    group_by: &[MarginGroup],
    filter: MarginSumsFilter,
) -> Result<Vec<MarginSums>> {
    let session = session(ctx)?;
    let rows = grouped(filtered(session, filter)?, group_by);
    let snapshot = session.read().await?;
    let rows = rows
        .limit(GROUPS_MAX as u64 + 1)
        .into_model::<Sum>()
        .all(snapshot.tx().await?)
        .await;
    let rows = rows.map_err(error::db)?;
    if rows.len() > GROUPS_MAX {
        return Err(bad_input(
            "groupBy",
            "more than 1000 groups; narrow the filter or group by less",
        ));
    }
    rows.into_iter().map(MarginSums::of).collect()
}

fn filtered(session: &Session, filter: MarginSumsFilter) -> Result<Select<Entity>> {
    let mut rows = visible::<Entity>(session)?;
    let conditions = [
        filter.from.map(|from| Column::Day.gte(from.0.to_string())),
        filter.to.map(|to| Column::Day.lte(to.0.to_string())),
        filter.channel.map(|channel| Column::Channel.eq(channel)),
        filter.sku.map(|sku| Column::Sku.eq(sku)),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    Ok(rows)
}

/// One row a group, in order of what is grouped by.
fn grouped(rows: Select<Entity>, group_by: &[MarginGroup]) -> Select<Entity> {
    let groups = [
        (MarginGroup::Day, Column::Day, "day"),
        (MarginGroup::Channel, Column::Channel, "channel"),
        (MarginGroup::Sku, Column::Sku, "sku"),
    ];
    let mut rows = rows.select_only();
    for (group, column, name) in groups {
        rows = if group_by.contains(&group) {
            rows.column(column).group_by(column).order_by_asc(column)
        } else {
            rows.column_as(
                Expr::value(None::<String>).cast_as(Alias::new("text")),
                name,
            )
        };
    }
    rows = rows.column(Column::Currency).group_by(Column::Currency);
    rows = rows.order_by_asc(Column::Currency);
    for (column, name) in SUMMED {
        // The sum of bigints is a numeric on PostgreSQL.
        rows = rows.column_as(Expr::col(column).sum().cast_as(Alias::new("bigint")), name);
    }
    rows
}

impl MarginSums {
    fn of(sum: Sum) -> Result<Self> {
        let parsed = Currency::parse(&sum.currency);
        let currency = parsed.ok_or_else(|| error::corrupt("a currency", &sum.currency))?;
        let money = |minor| Money::new(minor, currency);
        let known = |minor| sum.cost_known().then_some(minor);
        Ok(Self {
            currency: CurrencyCode(currency),
            line_count: BigInt(sum.line_count),
            unknown_cost_lines: BigInt(sum.unknown_cost_lines),
            quantity: BigInt(sum.quantity),
            net: money(sum.net_minor),
            known_net: money(sum.known_net_minor),
            cogs: known(sum.cogs_minor).map(money),
            gross_margin: known(sum.gross_margin_minor).map(money),
            gross_margin_ratio: ratio(known(sum.gross_margin_minor), sum.known_net_minor),
            shipping_revenue: money(sum.shipping_minor),
            fee: money(sum.fee_minor),
            shipping_cost: money(sum.shipping_cost_minor),
            contribution: known(sum.contribution_minor).map(money),
            contribution_ratio: ratio(known(sum.contribution_minor), sum.known_net_minor),
            day: sum.day.as_deref().map(Date::stored).transpose()?,
            channel: sum.channel,
            sku: sum.sku,
        })
    }
}

impl Sum {
    /// Whether the cost of any line is known. Lines that are known to have cost and brought nothing
    /// are no reason to show a margin of lines whose cost is unknown.
    const fn cost_known(&self) -> bool {
        self.unknown_cost_lines == 0
            || self.known_net_minor != 0
            || self.cogs_minor != 0
            || self.contribution_minor != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(sum: Sum) -> MarginSums {
        MarginSums::of(Sum {
            currency: "EUR".to_owned(),
            ..sum
        })
        .expect("a row that decodes")
    }

    #[test]
    fn margins_are_parts_of_the_net_whose_cost_is_known() {
        let sums = sums(Sum {
            net_minor: 30_000,
            known_net_minor: 20_000,
            cogs_minor: 15_000,
            gross_margin_minor: 5_000,
            contribution_minor: 4_000,
            unknown_cost_lines: 1,
            ..Sum::default()
        });
        let ratios = [sums.gross_margin_ratio, sums.contribution_ratio];
        assert_eq!(
            ratios.map(|ratio| ratio.expect("a ratio").0),
            ["0.250000", "0.200000"]
        );
    }

    #[test]
    fn where_no_cost_is_known_there_is_no_margin() {
        let unknown = Sum {
            net_minor: 10_000,
            unknown_cost_lines: 2,
            ..Sum::default()
        };
        let sums = sums(unknown);
        assert!(sums.cogs.is_none() && sums.gross_margin.is_none() && sums.contribution.is_none());
        assert_eq!(sums.unknown_cost_lines, BigInt(2));
    }

    #[test]
    fn where_everything_was_given_up_the_margin_is_zero_without_a_ratio() {
        let sums = sums(Sum {
            line_count: 1,
            ..Sum::default()
        });
        assert_eq!(sums.gross_margin.map(Money::minor), Some(0));
        assert_eq!(sums.gross_margin_ratio, None);
    }
}
