//! Sums over orders, from the daily roll-up: exact, and as fast for a year as for a day.

use std::collections::BTreeMap;

use async_graphql::{Context, InputObject, Result, SimpleObject};
use entrepot_domain::kernel::Currency;
use entrepot_entity::order_days;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _};

use crate::graph::error;
use crate::graph::policy::visible;
use crate::graph::scalar::{BigInt, CurrencyCode, Date, Money};
use crate::graph::session::session;

/// Which days and channels are summed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct OrderSumsFilter {
    /// Placed on this day or later, in the tenant's time zone.
    from: Option<Date>,
    /// Placed on this day or earlier.
    to: Option<Date>,
    /// Of this channel.
    channel: Option<String>,
}

/// Sums of orders in one currency.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderSums {
    /// The currency of every amount here.
    currency: CurrencyCode,
    /// Orders placed.
    orders: BigInt,
    /// Of the lines, before discounts.
    gross: Money,
    /// Of the lines.
    discount: Money,
    /// The same by the discounts' codes.
    discounts: Vec<CodeSum>,
    /// Of the lines, after discounts.
    net: Money,
    /// Shipping, tax excluded.
    shipping: Money,
    /// Taxes, by their codes.
    taxes: Vec<CodeSum>,
    /// What customers were to pay.
    total: Money,
    /// What was given up since.
    canceled: Money,
    /// What moved to the tenant, by provider.
    captured: Vec<CodeSum>,
    /// What moved back, by provider.
    refunded: Vec<CodeSum>,
}

/// An amount under a code.
#[derive(Clone, Debug, SimpleObject)]
pub struct CodeSum {
    /// The discount's, the tax's or the provider's code.
    code: String,
    /// The sum.
    amount: Money,
    /// How many there were.
    count: BigInt,
}

#[derive(Debug, FromQueryResult)]
struct Sum {
    currency: String,
    measure: String,
    code: String,
    amount: i64,
    count: i64,
}

pub(super) async fn sums(ctx: &Context<'_>, filter: OrderSumsFilter) -> Result<Vec<OrderSums>> {
    use order_days::Column;
    let session = session(ctx)?;
    let mut rows = visible::<order_days::Entity>(session)?;
    let conditions = [
        filter.from.map(|from| Column::Day.gte(from.0.to_string())),
        filter.to.map(|to| Column::Day.lte(to.0.to_string())),
        filter.channel.map(|channel| Column::Channel.eq(channel)),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    let sum = |column: Column| Expr::col(column).sum().cast_as(Alias::new("bigint"));
    let snapshot = session.read().await?;
    let sums = rows
        .select_only()
        .columns([Column::Currency, Column::Measure, Column::Code])
        .column_as(sum(Column::AmountMinor), "amount")
        .column_as(sum(Column::Count), "count")
        .group_by(Column::Currency)
        .group_by(Column::Measure)
        .group_by(Column::Code)
        .into_model::<Sum>()
        .all(snapshot.tx().await?)
        .await
        .map_err(error::db)?;
    let mut by_currency: BTreeMap<String, Vec<Sum>> = BTreeMap::new();
    for sum in sums {
        by_currency
            .entry(sum.currency.clone())
            .or_default()
            .push(sum);
    }
    let of_code = |(code, sums): (String, Vec<Sum>)| {
        let currency = Currency::parse(&code);
        let currency = currency.ok_or_else(|| error::corrupt("a currency", &code))?;
        Ok(of_currency(currency, &sums))
    };
    by_currency.into_iter().map(of_code).collect()
}

fn of_currency(currency: Currency, sums: &[Sum]) -> OrderSums {
    let of = |measure: &'static str| sums.iter().filter(move |sum| sum.measure == measure);
    let money = |measure| Money::new(of(measure).map(|sum| sum.amount).sum(), currency);
    let by_code = |measure| {
        let mut sums: Vec<&Sum> = of(measure).collect();
        sums.sort_by(|a, b| a.code.cmp(&b.code));
        let sum = |sum: &Sum| CodeSum {
            code: sum.code.clone(),
            amount: Money::new(sum.amount, currency),
            count: BigInt(sum.count),
        };
        sums.into_iter().map(sum).collect()
    };
    OrderSums {
        currency: CurrencyCode(currency),
        orders: BigInt(of("order").map(|sum| sum.count).sum()),
        gross: money("gross"),
        discount: money("discount"),
        discounts: by_code("discount"),
        net: money("net"),
        shipping: money("shipping"),
        taxes: by_code("tax"),
        total: money("total"),
        canceled: money("canceled"),
        captured: by_code("captured"),
        refunded: by_code("refunded"),
    }
}
