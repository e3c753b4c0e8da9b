//! Facts about SKUs and prices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Sku, events};

events! {
    /// Facts of a SKU's stream.
    CatalogEvent {
        /// A SKU can be sold from here on.
        SkuCreated(SkuCreated) = "sku.created" v 1,
        /// A SKU cannot be ordered any more; stock may still be moved.
        SkuDiscontinued(SkuDiscontinued) = "sku.discontinued" v 1,
        /// The price of a SKU in one currency.
        PriceSet(PriceSet) = "price.set" v 1,
    }
}

/// `sku.created`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkuCreated {
    /// The tenant's own code.
    pub sku: Sku,
    /// For people.
    pub title: String,
    /// Names the taxes that apply, through the tenant's tax table.
    pub tax_class: String,
    /// Whether stock is kept. Untracked SKUs are never reserved or issued.
    pub tracked: bool,
    /// Free grouping: department, category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// `sku.discontinued`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkuDiscontinued {
    /// Which.
    pub sku: Sku,
}

/// `price.set`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceSet {
    /// Which.
    pub sku: Sku,
    /// Of the amount.
    pub currency: Currency,
    /// Minor units for one unit, tax excluded.
    pub amount_minor: i64,
}
