//! Takes a SKU off sale, for good.

use serde::Serialize;

use super::{CatalogEvent, SkuDiscontinued};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Sku, StreamId};
use crate::world::World;

/// Discontinues a SKU: it cannot be ordered any more. Its stock may still be moved and shipped.
#[derive(Clone, Debug, Serialize)]
pub struct DiscontinueSku {
    /// Which.
    pub sku: Sku,
}

impl Command for DiscontinueSku {
    const NAME: &'static str = "DiscontinueSku";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        self.sku.check("sku")?;
        world.item(&self.sku)?.check_sellable(&self.sku, "sku")?;
        let discontinued = SkuDiscontinued {
            sku: self.sku.clone(),
        };
        let stream = StreamId::sku(&self.sku);
        Ok(Decision::about(stream.id).with(stream, CatalogEvent::SkuDiscontinued(discontinued)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{refused, retailer};

    #[test]
    fn a_sku_is_discontinued_once() {
        let mut past = retailer();
        let discontinue = |sku: &str| DiscontinueSku { sku: sku.into() };
        assert_eq!(refused(past.when(&discontinue("Z"))), "SKU_UNKNOWN sku");
        past.when(&discontinue("A")).expect("accepted");
        assert_eq!(
            refused(past.when(&discontinue("A"))),
            "SKU_DISCONTINUED sku"
        );
    }
}
