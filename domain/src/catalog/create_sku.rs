//! Adds a SKU to the catalog.

use serde::Serialize;

use super::{CatalogEvent, SkuCreated};
use crate::command::{Command, Decision};
use crate::kernel::{CODE_MAX, Ctx, Halt, NAME_MAX, Refusal, Sku, StreamId, code, text};
use crate::world::World;

/// Creates a SKU that can be sold as soon as it has a price.
#[derive(Clone, Debug, Serialize)]
pub struct CreateSku {
    /// The tenant's own code; it can never change.
    pub sku: Sku,
    /// For people.
    pub title: String,
    /// Names the taxes that apply; it must be in the tenant's tax table.
    pub tax_class: String,
    /// Whether stock is kept.
    pub tracked: bool,
    /// Free grouping: department, category.
    pub category: Option<String>,
}

impl Command for CreateSku {
    const NAME: &'static str = "CreateSku";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        self.sku.check("sku")?;
        text(&self.title, NAME_MAX, "title")?;
        text(&self.tax_class, CODE_MAX, "taxClass")?;
        if let Some(category) = &self.category {
            text(category, NAME_MAX, "category")?;
        }
        world.tenant()?.taxes(&self.tax_class, "taxClass")?;
        if world.item(&self.sku)?.exists {
            let message = format!("SKU `{}` exists", self.sku);
            return Err(Refusal::at(code::ALREADY_EXISTS, "sku", message).into());
        }
        let created = SkuCreated {
            sku: self.sku.clone(),
            title: self.title.clone(),
            tax_class: self.tax_class.clone(),
            tracked: self.tracked,
            category: self.category.clone(),
        };
        let stream = StreamId::sku(&self.sku);
        Ok(Decision::about(stream.id).with(stream, CatalogEvent::SkuCreated(created)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{refused, retailer};

    fn lamp() -> CreateSku {
        CreateSku {
            sku: "LAMP".into(),
            title: "Lamp".to_owned(),
            tax_class: "standard".to_owned(),
            tracked: true,
            category: Some("Home".to_owned()),
        }
    }

    #[test]
    fn each_field_is_checked() {
        let sku = Sku::from("L\0");
        let title = String::new();
        let tax_class = "luxury".to_owned();
        let category = Some(" ".to_owned());
        for (command, expected) in [
            (CreateSku { sku, ..lamp() }, "TEXT_MALFORMED sku"),
            (CreateSku { title, ..lamp() }, "TEXT_MALFORMED title"),
            (
                CreateSku {
                    tax_class,
                    ..lamp()
                },
                "TAX_CLASS_UNKNOWN taxClass",
            ),
            (CreateSku { category, ..lamp() }, "TEXT_MALFORMED category"),
        ] {
            assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
        }
    }

    #[test]
    fn a_sku_is_created_once() {
        let mut past = retailer();
        let outcome = past.when(&lamp()).expect("the first is accepted");
        assert_eq!(outcome.subject, StreamId::sku(&"LAMP".into()).id);
        assert_eq!(refused(past.when(&lamp())), "ALREADY_EXISTS sku");
    }
}
