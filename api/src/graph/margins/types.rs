//! What a margin looks like.

use async_graphql::{Context, ID, Result};
use entrepot_domain::kernel::Currency;
use entrepot_entity::margins;
use sea_orm::{ActiveValue, IntoActiveModel as _, Value};
use uuid::Uuid;

use crate::graph::catalog::{Product, ProductLoader};
use crate::graph::direct::fields;
use crate::graph::orders::{Order, OrderLoader};
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Decimal, Money};
use crate::graph::{error, gid, loader};

/// Digits of a ratio after the point.
const RATIO_DIGITS: u8 = 6;

/// What an order line earned, in the order's currency, tax excluded: its row, or the columns of it
/// that were asked for.
#[derive(Clone)]
pub struct MarginLine(pub(super) margins::ActiveModel);

impl From<margins::Model> for MarginLine {
    fn from(row: margins::Model) -> Self {
        Self(row.into_active_model())
    }
}

/// The value of a column that was read.
fn read<V: Into<Value>>(column: &ActiveValue<V>) -> Result<&V> {
    let unread = || {
        tracing::error!("a column of a margin was not read; tell us which query it was");
        error::fault("INTERNAL_SERVER_ERROR", "something went wrong on our side")
    };
    column.try_as_ref().ok_or_else(unread)
}

/// A part of an amount; `None` if the part is unknown or the whole is zero.
pub(super) fn ratio(part_minor: Option<i64>, of_minor: i64) -> Option<Decimal> {
    Decimal::quotient(i128::from(part_minor?), i128::from(of_minor), RATIO_DIGITS)
}

impl MarginLine {
    fn code(&self) -> Result<Currency> {
        let code = read(&self.0.currency)?;
        Currency::parse(code).ok_or_else(|| error::corrupt("a currency", code))
    }

    fn money(&self, minor: &ActiveValue<i64>) -> Result<Money> {
        Ok(Money::new(*read(minor)?, self.code()?))
    }

    fn known(&self, minor: &ActiveValue<Option<i64>>) -> Result<Option<Money>> {
        let known = |minor: &i64| Ok(Money::new(*minor, self.code()?));
        read(minor)?.as_ref().map(known).transpose()
    }

    fn ratio(&self, part: &ActiveValue<Option<i64>>) -> Result<Option<Decimal>> {
        Ok(ratio(*read(part)?, *read(&self.0.net_minor)?))
    }

    fn day(column: &ActiveValue<Option<String>>) -> Result<Option<Date>> {
        read(column)?.as_deref().map(Date::stored).transpose()
    }
}

fields! {
    /// What an order line earned, in the order's currency, tax excluded.
    MarginLine {
        /// The order's global id.
        order_id: Result<ID> = |it| read(&it.0.order_id).map(|id| gid::encode("Order", *id));

        /// The line's number in the order, from 1.
        line: Result<u32> = |it| read(&it.0.line).map(|line| u32::try_from(*line).unwrap_or(u32::MAX));

        /// What was sold.
        sku: Result<&String> = |it| read(&it.0.sku);

        /// The code of the channel where it was sold.
        channel: Result<&String> = |it| read(&it.0.channel);

        /// The order's customer, by global id. Null for a guest.
        customer_id: Result<Option<ID>> = |it| {
            let encode = |id: &Option<Uuid>| id.map(|id| gid::encode("Customer", id));
            read(&it.0.customer_id).map(encode)
        };

        /// The currency of every amount here.
        currency: Result<CurrencyCode> = |it| it.code().map(CurrencyCode);

        /// The day on which the order was placed, in the tenant's time zone.
        booked_on: Result<Date> = |it| read(&it.0.booked_on).and_then(|day| Date::stored(day));

        /// The day of the line's last dispatch, in the tenant's time zone. Null before any.
        shipped_on: Result<Option<Date>> = |it| MarginLine::day(&it.0.shipped_on);

        /// The same, once nothing of the line is open any more. Null until then.
        recognized_on: Result<Option<Date>> = |it| MarginLine::day(&it.0.recognized_on);

        /// Units ordered and not given up, in the SKU's base unit.
        quantity: Result<BigInt> = |it| read(&it.0.quantity).copied().map(BigInt);

        /// Units shipped.
        shipped_quantity: Result<BigInt> = |it| read(&it.0.shipped_quantity).copied().map(BigInt);

        /// As placed, before discounts.
        gross: Result<Money> = |it| it.money(&it.0.gross_minor);

        /// What was taken off, as placed.
        discount: Result<Money> = |it| it.money(&it.0.discount_minor);

        /// After discounts, less what was given up.
        net: Result<Money> = |it| it.money(&it.0.net_minor);

        /// Whether the cost of all units is known.
        cost_known: Result<bool> = |it| read(&it.0.cogs_minor).map(Option::is_some);

        /// Cost of goods sold: the value that the units left the stock with. Null until the cost of all
        /// units is known.
        cogs: Result<Option<Money>> = |it| it.known(&it.0.cogs_minor);

        /// Net less cost of goods sold. Null while the cost is unknown.
        gross_margin: Result<Option<Money>> = |it| it.known(&it.0.gross_margin_minor);

        /// Gross margin by net: `0.25` is 25 %, with six digits after the point, rounded half to even.
        /// Null while the cost is unknown, and where net is zero.
        gross_margin_ratio: Result<Option<Decimal>> = |it| it.ratio(&it.0.gross_margin_minor);

        /// The line's share of the shipping charged to the customer.
        shipping_revenue: Result<Money> = |it| it.money(&it.0.shipping_minor);

        /// The line's share of the payment fees.
        fee: Result<Money> = |it| it.money(&it.0.fee_minor);

        /// The line's share of the labels' cost.
        shipping_cost: Result<Money> = |it| it.money(&it.0.shipping_cost_minor);

        /// Gross margin plus shipping revenue, less fees and shipping cost. Null while the cost of goods
        /// is unknown.
        contribution: Result<Option<Money>> = |it| it.known(&it.0.contribution_minor);

        /// Contribution by net, as the ratio of the gross margin.
        contribution_ratio: Result<Option<Decimal>> = |it| it.ratio(&it.0.contribution_minor);

        /// When the newest event of the line's margin was recorded.
        updated_at: Result<DateTime> = |it| read(&it.0.updated_at).and_then(|at| DateTime::stored(*at));

        /// The position of that event in the tenant's log.
        position: Result<BigInt> = |it| read(&it.0.position).copied().map(BigInt);
    }
    general {
        /// The order. Null if the caller may not see it.
        async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
            Ok(loader::load::<OrderLoader, _>(ctx, *read(&self.0.order_id)?)
                .await?
                .map(Order::from))
        }

        /// The same with its description. Null for a SKU that is not in the catalog.
        async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
            Ok(loader::load::<ProductLoader, _>(ctx, read(&self.0.sku)?.clone())
                .await?
                .map(Product))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(part_minor: Option<i64>, of_minor: i64) -> Option<String> {
        ratio(part_minor, of_minor).map(|decimal| decimal.0)
    }

    #[test]
    fn an_unknown_cost_has_no_ratio() {
        assert_eq!(of(None, 100), None);
    }

    #[test]
    fn a_line_that_is_worth_nothing_has_no_ratio() {
        assert_eq!(of(Some(-50), 0), None);
    }

    #[test]
    fn a_ratio_is_exact_to_six_digits() {
        assert_eq!(of(Some(3333), 9999).as_deref(), Some("0.333333"));
        assert_eq!(of(Some(-250), 100).as_deref(), Some("-2.500000"));
    }
}
