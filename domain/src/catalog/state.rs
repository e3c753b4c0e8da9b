//! What decisions know of a SKU.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::CatalogEvent;
use crate::event::Event;
use crate::kernel::{Currency, Refusal, Refused, Sku, code};
use crate::state::Aggregate;

/// A SKU with its prices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CatalogItem {
    /// Whether `sku.created` happened.
    pub exists: bool,
    /// Whether it may not be ordered any more.
    pub discontinued: bool,
    /// Names the taxes that apply.
    pub tax_class: String,
    /// Whether stock is kept.
    pub tracked: bool,
    /// Minor units for one unit, tax excluded.
    pub prices: BTreeMap<Currency, i64>,
}

impl CatalogItem {
    /// Refuses if the SKU is not in the catalog. The state does not know its own name.
    pub fn check_known(&self, sku: &Sku, field: &str) -> Refused<()> {
        if self.exists {
            return Ok(());
        }
        let message = format!("SKU `{sku}` is not in the catalog");
        Err(Refusal::at(code::SKU_UNKNOWN, field, message))
    }

    /// Refuses if the SKU is not in the catalog or was discontinued.
    pub fn check_sellable(&self, sku: &Sku, field: &str) -> Refused<()> {
        self.check_known(sku, field)?;
        if !self.discontinued {
            return Ok(());
        }
        let message = format!("SKU `{sku}` was discontinued");
        Err(Refusal::at(code::SKU_DISCONTINUED, field, message))
    }

    /// Minor units for one unit, tax excluded.
    pub fn price(&self, currency: Currency, field: &str) -> Refused<i64> {
        self.prices.get(&currency).copied().ok_or_else(|| {
            let message = format!("no price is set in {currency}");
            Refusal::at(code::PRICE_MISSING, field, message)
        })
    }
}

impl Aggregate for CatalogItem {
    fn evolve(&mut self, event: &Event) {
        let Event::Catalog(event) = event else { return };
        match event {
            CatalogEvent::SkuCreated(created) => {
                self.exists = true;
                self.tax_class.clone_from(&created.tax_class);
                self.tracked = created.tracked;
            }
            CatalogEvent::SkuDiscontinued(_) => self.discontinued = true,
            CatalogEvent::PriceSet(price) => {
                self.prices.insert(price.currency, price.amount_minor);
            }
        }
    }
}
