//! A product record as commands: the SKU, then its price.

use entrepot_domain::catalog::{CreateSku, SetPrice};
use entrepot_domain::kernel::{Refused, Sku};

use super::fields::Fields;
use super::record::{Place, Step, Steps};

/// The steps of a product record.
pub(super) fn steps(mut fields: Fields) -> Refused<Steps> {
    let sku = Sku(fields.required_id("sku")?);
    sku.check("sku")?;
    let product = CreateSku {
        sku: sku.clone(),
        title: fields.required_id("title")?,
        tax_class: fields.required_text("tax_class")?,
        tracked: fields.flag("tracked")?.unwrap_or(true),
        category: fields.id("category")?,
    };
    let price = price(&mut fields, &sku)?;
    fields.finish()?;
    let created = Step::new(format!("product:{sku}"), product).there_already_at("sku");
    let place = Place::spelled(&[("amountMinor", "price")]);
    Ok(Steps {
        steps: [Some(created), price].into_iter().flatten().collect(),
        place,
    })
}

fn price(fields: &mut Fields, sku: &Sku) -> Refused<Option<Step>> {
    let given = fields.has("price") || fields.has("price_minor");
    let Some(currency) = fields.currency("currency")? else {
        // Without a currency the digits of a price say nothing: it is missed by name.
        return if given {
            fields.required_currency("currency").map(|_| None)
        } else {
            Ok(None)
        };
    };
    let Some(amount_minor) = fields.amount("price", currency)? else {
        return Ok(None);
    };
    let price = SetPrice {
        sku: sku.clone(),
        currency,
        amount_minor,
    };
    let key = format!("price:{sku}:{currency}:{amount_minor}");
    Ok(Some(Step::new(key, price)))
}
