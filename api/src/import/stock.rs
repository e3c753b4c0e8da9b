//! A line of a goods receipt as a command.

use entrepot_domain::inventory::{ReceiptCost, ReceiveStock};
use entrepot_domain::kernel::{
    Currency, REFERENCE_MAX, Refusal, Refused, Sku, Warehouse, code as rule, text,
};

use super::code;
use super::fields::Fields;
use super::record::{Place, Step, Steps};

/// Field names of the command that files spell differently, with those that files use.
const SPELLED: &[(&str, &str)] = &[("reference", "id"), ("totalCostMinor", "value")];

/// The steps of a receipt record. Costs are in the tenant's base currency.
pub(super) fn steps(mut fields: Fields, base: Currency) -> Refused<Steps> {
    let id = fields.required_id("id")?;
    text(&id, REFERENCE_MAX, "id")?;
    let sku = Sku(fields.required_id("sku")?);
    sku.check("sku")?;
    let warehouse = Warehouse(fields.required_id("warehouse")?);
    warehouse.check("warehouse")?;
    if fields
        .currency("currency")?
        .is_some_and(|currency| currency != base)
    {
        let message = format!("stock is valued in the tenant's base currency, {base}");
        return Err(Refusal::at(rule::CURRENCY_MISMATCH, "currency", message));
    }
    let quantity = fields.required_integer("quantity")?;
    let unit = fields.amount("unit_cost", base)?;
    let total = fields.amount("value", base)?;
    let cost = match (unit, total) {
        (Some(minor), None) => ReceiptCost::Unit(minor),
        (None, Some(minor)) => ReceiptCost::Total(minor),
        (None, None) => {
            let message = "give unit_cost or value";
            return Err(Refusal::at(code::FIELD_MISSING, "unit_cost", message));
        }
        (Some(_), Some(_)) => {
            let message = "give unit_cost or value, not both";
            return Err(Refusal::at(code::FIELD_MALFORMED, "value", message));
        }
    };
    fields.finish()?;
    let key = format!("stock:{id}:{sku}:{warehouse}");
    let receipt = ReceiveStock {
        sku,
        warehouse,
        quantity,
        cost,
        reference: Some(id),
    };
    Ok(Steps::one(Step::new(key, receipt), Place::spelled(SPELLED)))
}
