//! What a margin looks like.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{Context, ID, Result};
use entrepot_domain::kernel::Currency;
use entrepot_entity::margins;

use crate::graph::catalog::{Product, ProductLoader};
use crate::graph::direct::fields;
use crate::graph::orders::{Order, OrderLoader};
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Decimal, Money};
use crate::graph::{error, gid, loader};

/// Digits of a ratio after the point.
const RATIO_DIGITS: u8 = 6;

/// What an order line earned, in the order's currency, tax excluded.
#[derive(Clone)]
pub struct MarginLine {
    /// The lines that were read together.
    lines: Arc<Vec<margins::Model>>,
    at: usize,
}

impl From<margins::Model> for MarginLine {
    fn from(row: margins::Model) -> Self {
        let lines = Arc::new(vec![row]);
        Self { lines, at: 0 }
    }
}

impl Deref for MarginLine {
    type Target = margins::Model;

    fn deref(&self) -> &margins::Model {
        &self.lines[self.at]
    }
}

/// A part of an amount; `None` if the part is unknown or the whole is zero.
pub(super) fn ratio(part_minor: Option<i64>, of_minor: i64) -> Option<Decimal> {
    Decimal::quotient(i128::from(part_minor?), i128::from(of_minor), RATIO_DIGITS)
}

impl MarginLine {
    /// All of these lines.
    pub(super) fn all(lines: &Arc<Vec<margins::Model>>) -> Vec<Self> {
        let line = |at| Self {
            lines: Arc::clone(lines),
            at,
        };
        (0..lines.len()).map(line).collect()
    }

    /// The document of which these are all lines, in their order.
    pub(in crate::graph) fn whole(lines: &[Self]) -> Option<Arc<dyn Any + Send + Sync>> {
        let Self { lines: all, .. } = lines.first()?;
        let in_order = |(at, line): (usize, &Self)| line.at == at && Arc::ptr_eq(&line.lines, all);
        let whole = lines.len() == all.len() && lines.iter().enumerate().all(in_order);
        whole.then(|| Arc::clone(all) as _)
    }

    fn code(&self) -> Result<Currency> {
        Currency::parse(&self.currency).ok_or_else(|| error::corrupt("a currency", &self.currency))
    }

    fn money(&self, minor: i64) -> Result<Money> {
        Ok(Money::new(minor, self.code()?))
    }

    fn known(&self, minor: Option<i64>) -> Result<Option<Money>> {
        minor.map(|minor| self.money(minor)).transpose()
    }

    fn ratio(&self, part: Option<i64>) -> Option<Decimal> {
        ratio(part, self.net_minor)
    }
}

fn day(column: Option<&str>) -> Result<Option<Date>> {
    column.map(Date::stored).transpose()
}

fields! {
    /// What an order line earned, in the order's currency, tax excluded.
    MarginLine {
        /// The order's global id.
        order_id: ID = |it| gid::encode("Order", it.order_id);

        /// The line's number in the order, from 1.
        line: u32 = |it| u32::try_from(it.line).unwrap_or(u32::MAX);

        /// What was sold.
        sku: &str = |it| &it.sku;

        /// The code of the channel where it was sold.
        channel: &str = |it| &it.channel;

        /// The order's customer, by global id. Null for a guest.
        customer_id: Option<ID> = |it| it.customer_id.map(|id| gid::encode("Customer", id));

        /// The currency of every amount here.
        currency: Result<CurrencyCode> = |it| it.code().map(CurrencyCode);

        /// The day on which the order was placed, in the tenant's time zone.
        booked_on: Result<Date> = |it| Date::stored(&it.booked_on);

        /// The day of the line's last dispatch, in the tenant's time zone. Null before any.
        shipped_on: Result<Option<Date>> = |it| day(it.shipped_on.as_deref());

        /// The same, once nothing of the line is open any more. Null until then.
        recognized_on: Result<Option<Date>> = |it| day(it.recognized_on.as_deref());

        /// Units ordered and not given up, in the SKU's base unit.
        quantity: BigInt = |it| BigInt(it.quantity);

        /// Units shipped.
        shipped_quantity: BigInt = |it| BigInt(it.shipped_quantity);

        /// As placed, before discounts.
        gross: Result<Money> = |it| it.money(it.gross_minor);

        /// What was taken off, as placed.
        discount: Result<Money> = |it| it.money(it.discount_minor);

        /// After discounts, less what was given up.
        net: Result<Money> = |it| it.money(it.net_minor);

        /// Whether the cost of all units is known.
        cost_known: bool = |it| it.cogs_minor.is_some();

        /// Cost of goods sold: the value that the units left the stock with. Null until the cost of all
        /// units is known.
        cogs: Result<Option<Money>> = |it| it.known(it.cogs_minor);

        /// Net less cost of goods sold. Null while the cost is unknown.
        gross_margin: Result<Option<Money>> = |it| it.known(it.gross_margin_minor);

        /// Gross margin by net: `0.25` is 25 %, with six digits after the point, rounded half to even.
        /// Null while the cost is unknown, and where net is zero.
        gross_margin_ratio: Option<Decimal> = |it| it.ratio(it.gross_margin_minor);

        /// The line's share of the shipping charged to the customer.
        shipping_revenue: Result<Money> = |it| it.money(it.shipping_minor);

        /// The line's share of the payment fees.
        fee: Result<Money> = |it| it.money(it.fee_minor);

        /// The line's share of the labels' cost.
        shipping_cost: Result<Money> = |it| it.money(it.shipping_cost_minor);

        /// Gross margin plus shipping revenue, less fees and shipping cost. Null while the cost of goods
        /// is unknown.
        contribution: Result<Option<Money>> = |it| it.known(it.contribution_minor);

        /// Contribution by net, as the ratio of the gross margin.
        contribution_ratio: Option<Decimal> = |it| it.ratio(it.contribution_minor);

        /// When the newest event of the line's margin was recorded.
        updated_at: Result<DateTime> = |it| DateTime::stored(it.updated_at);

        /// The position of that event in the tenant's log.
        position: BigInt = |it| BigInt(it.position);
    }
    general {
        /// The order. Null if the caller may not see it.
        async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
            Ok(loader::load::<OrderLoader, _>(ctx, self.order_id)
                .await?
                .map(Order::from))
        }

        /// The same with its description. Null for a SKU that is not in the catalog.
        async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
            Ok(loader::load::<ProductLoader, _>(ctx, self.sku.clone())
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
