//! What stock looks like.

use async_graphql::{Context, ID, Object, Result};
use entrepot_domain::kernel::{Currency, Sku, StreamId, Warehouse};
use entrepot_entity::inventory;

use crate::graph::catalog::{Product, ProductLoader};
use crate::graph::scalar::{BigInt, DateTime, Decimal, Money};
use crate::graph::{error, gid, loader};

/// Digits of an average cost after the point.
const AVERAGE_DIGITS: u8 = 4;

/// Stock of a SKU in a warehouse.
pub struct StockPosition(pub(crate) inventory::Model);

impl StockPosition {
    fn currency(&self) -> Result<Currency> {
        Currency::parse(&self.0.currency)
            .ok_or_else(|| error::corrupt("a currency", &self.0.currency))
    }
}

/// Stock of a SKU in a warehouse.
#[Object]
impl StockPosition {
    /// Global id: always the same for a SKU and a warehouse.
    pub(in crate::graph) async fn id(&self) -> ID {
        let (sku, warehouse) = (Sku(self.0.sku.clone()), Warehouse(self.0.warehouse.clone()));
        gid::encode("StockPosition", StreamId::stock(&sku, &warehouse).id)
    }

    /// The SKU: the tenant's own code, verbatim.
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// The same with its description. Null for a SKU that is not in the catalog.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        Ok(loader::load::<ProductLoader, _>(ctx, self.0.sku.clone())
            .await?
            .map(Product))
    }

    /// The code of the warehouse where it is.
    async fn warehouse(&self) -> &str {
        &self.0.warehouse
    }

    /// Units there, in the SKU's base unit.
    async fn on_hand(&self) -> BigInt {
        BigInt(self.0.on_hand)
    }

    /// Units of these that are held for somebody.
    async fn reserved(&self) -> BigInt {
        BigInt(self.0.reserved)
    }

    /// Units that nobody holds: on hand less reserved.
    async fn available(&self) -> BigInt {
        BigInt(self.0.on_hand - self.0.reserved)
    }

    /// What all the units cost, in the tenant's base currency.
    async fn value(&self, _ctx: &Context<'_>) -> Result<Option<Money>> {
        Ok(Some(Money::new(self.0.value_minor, self.currency()?)))
    }

    /// What one unit costs on average, in the base currency's units: the value by the units on hand,
    /// with four digits after the point, rounded half to even. Null where no units are.
    async fn average_cost(&self, _ctx: &Context<'_>) -> Result<Option<Decimal>> {
        Ok(average(
            self.0.value_minor,
            self.0.on_hand,
            self.currency()?,
        ))
    }

    /// When the newest event of the position was recorded.
    async fn updated_at(&self) -> Result<DateTime> {
        DateTime::stored(self.0.updated_at)
    }

    /// The place of its newest event in the tenant's log.
    async fn position(&self) -> BigInt {
        BigInt(self.0.position)
    }
}

fn average(value_minor: i64, on_hand: i64, currency: Currency) -> Option<Decimal> {
    let units = i128::from(on_hand) * 10_i128.pow(u32::from(currency.exponent()));
    Decimal::quotient(i128::from(value_minor), units, AVERAGE_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value_minor: i64, on_hand: i64, currency: &str) -> Option<String> {
        let currency = Currency::parse(currency).expect("a currency");
        average(value_minor, on_hand, currency).map(|decimal| decimal.0)
    }

    #[test]
    fn an_average_cost_is_in_units_of_the_currency() {
        assert_eq!(of(10_000, 3, "EUR").as_deref(), Some("33.3333"));
        assert_eq!(of(10_000, 3, "JPY").as_deref(), Some("3333.3333"));
        assert_eq!(of(10_000, 3, "KWD").as_deref(), Some("3.3333"));
    }

    #[test]
    fn where_no_units_are_there_is_no_average_cost() {
        assert_eq!(of(0, 0, "EUR"), None);
    }

    #[test]
    fn goods_that_cost_nothing_cost_nothing_on_average() {
        assert_eq!(of(0, 5, "EUR").as_deref(), Some("0.0000"));
    }
}
