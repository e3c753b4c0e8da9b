//! Sets the price of a SKU in one currency.

use serde::Serialize;

use super::{CatalogEvent, PriceSet};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Currency, Halt, Sku, StreamId, non_negative};
use crate::world::World;

/// Sets a price; orders that were placed before keep theirs.
#[derive(Clone, Debug, Serialize)]
pub struct SetPrice {
    /// Which.
    pub sku: Sku,
    /// Of the amount.
    pub currency: Currency,
    /// Minor units for one unit, tax excluded. Zero is a gift.
    pub amount_minor: i64,
}

impl Command for SetPrice {
    const NAME: &'static str = "SetPrice";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        self.sku.check("sku")?;
        non_negative(self.amount_minor, "amountMinor")?;
        world.item(&self.sku)?.check_sellable(&self.sku, "sku")?;
        let set = PriceSet {
            sku: self.sku.clone(),
            currency: self.currency,
            amount_minor: self.amount_minor,
        };
        let stream = StreamId::sku(&self.sku);
        Ok(Decision::about(stream.id).with(stream, CatalogEvent::PriceSet(set)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::DiscontinueSku;
    use crate::testing::{refused, retailer};

    fn price(sku: &str, amount_minor: i64) -> SetPrice {
        SetPrice {
            sku: sku.into(),
            currency: Currency::default(),
            amount_minor,
        }
    }

    #[test]
    fn a_price_is_refused_if_it_makes_no_sense() {
        for (command, expected) in [
            (price("A", -1), "AMOUNT_NEGATIVE amountMinor"),
            (price("A", i64::MAX), "AMOUNT_OUT_OF_RANGE amountMinor"),
            (price("Z", 100), "SKU_UNKNOWN sku"),
        ] {
            assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
        }
    }

    #[test]
    fn a_discontinued_sku_takes_no_price() {
        let mut past = retailer();
        past.when(&price("A", 0)).expect("a gift has a price");
        past.when(&DiscontinueSku { sku: "A".into() })
            .expect("accepted");
        assert_eq!(refused(past.when(&price("A", 1))), "SKU_DISCONTINUED sku");
    }
}
