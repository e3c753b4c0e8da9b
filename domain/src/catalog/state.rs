//! What decisions know of a SKU.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::CatalogEvent;
use crate::event::Event;
use crate::kernel::Currency;
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
