//! What a product looks like.

use async_graphql::{ID, Object, Result};
use entrepot_domain::kernel::{Sku, StreamId};
use entrepot_entity::products;

use super::load::prices;
use crate::graph::gid;
use crate::graph::scalar::{DateTime, Money};

/// Something that the tenant sells: a SKU with its prices.
pub struct Product(pub(crate) products::Model);

/// Something that the tenant sells: a SKU with its prices.
#[Object]
impl Product {
    /// Global id.
    pub(in crate::graph) async fn id(&self) -> ID {
        gid::encode("Product", StreamId::sku(&Sku(self.0.sku.clone())).id)
    }

    /// The tenant's own code; it never changes.
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// What people read: `Espresso Roast, Whole Bean 250 g`.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Names the taxes that apply, through the tenant's tax table.
    async fn tax_class(&self) -> &str {
        &self.0.tax_class
    }

    /// Free grouping: department, category. Null without one.
    async fn category(&self) -> Option<&str> {
        self.0.category.as_deref()
    }

    /// Whether stock is kept. What is not tracked is never reserved.
    async fn tracked(&self) -> bool {
        self.0.tracked
    }

    /// Whether it cannot be ordered any more.
    async fn discontinued(&self) -> bool {
        self.0.discontinued
    }

    /// For one unit, tax excluded; one price for each currency that it is sold in.
    async fn prices(&self) -> Result<Vec<Money>> {
        let prices = prices(&self.0)?;
        Ok(prices
            .into_iter()
            .map(|(currency, minor)| Money::new(minor, currency))
            .collect())
    }

    /// When the newest event of the SKU was recorded.
    async fn updated_at(&self) -> Result<DateTime> {
        DateTime::stored(self.0.updated_at)
    }
}
