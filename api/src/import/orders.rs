//! An order record as a command.

use entrepot_domain::kernel::{
    CODE_MAX, Currency, Instant, REFERENCE_MAX, Refusal, Refused, Sku, code as rule, text,
};
use entrepot_domain::orders::{
    Discount, DiscountScope, ImportLine, ImportOrder, ImportPayment, Shipping, Tax,
};

use super::code;
use super::fields::Fields;
use super::record::{Place, Step, Steps};

/// Field names of commands that files spell differently, with those that files use.
const SPELLED: &[(&str, &str)] = &[
    ("externalId", "id"),
    ("customerExternalId", "customer"),
    ("providerRef", "ref"),
    ("taxes", "tax"),
];

/// The steps of an order record.
pub(super) fn steps(mut fields: Fields, channel: &str) -> Refused<Steps> {
    let id = fields.required_id("id")?;
    text(&id, REFERENCE_MAX, "id")?;
    let channel = fields
        .text("channel")?
        .unwrap_or_else(|| channel.to_owned());
    text(&channel, CODE_MAX, "channel")?;
    let currency = fields.required_currency("currency")?;
    let placed_at = Instant::parse(&fields.required_text("placed_at")?, "placed_at")?;
    let order = ImportOrder {
        customer_external_id: fields.id("customer")?,
        currency,
        placed_at,
        lines: each(fields.objects("lines")?, |line| self::line(line, currency))?,
        shipping: match fields.object("shipping")? {
            Some(shipping) => Some(self::shipping(shipping, currency)?),
            None => None,
        },
        total_minor: fields.amount("total", currency)?,
        payments: each(fields.objects("payments")?, |payment| {
            self::payment(payment, currency)
        })?,
        shipped: fields.flag("shipped")?.unwrap_or(false),
        external_id: id,
        channel,
    };
    fields.finish()?;
    let key = format!("order:{}:{}", order.channel, order.external_id);
    let step = Step::new(key, order).there_already_at("externalId");
    Ok(Steps::one(step, Place::spelled(SPELLED)))
}

fn each<T>(list: Vec<Fields>, read: impl Fn(Fields) -> Refused<T>) -> Refused<Vec<T>> {
    list.into_iter().map(read).collect()
}

fn line(mut fields: Fields, currency: Currency) -> Refused<ImportLine> {
    let line = ImportLine {
        sku: Sku(fields.required_id("sku")?),
        quantity: fields.required_integer("quantity")?,
        unit_price_minor: fields.amount("unit_price", currency)?,
        gross_minor: fields.required_amount("gross", currency)?,
        discounts: each(fields.objects("discounts")?, |field| {
            discount(field, currency)
        })?,
        taxes: each(fields.objects("tax")?, |field| tax(field, currency))?,
        net_minor: fields.amount("net", currency)?,
    };
    not_negative(line.quantity, &fields.path_of("quantity"))?;
    fields.finish()?;
    Ok(line)
}

/// A return is no line of an order: said here in a file's words.
fn not_negative(quantity: i64, field: &str) -> Refused<()> {
    if quantity >= 0 {
        return Ok(());
    }
    let message = "the quantity of an order line must not be negative";
    Err(Refusal::at(rule::QUANTITY_NOT_POSITIVE, field, message))
}

fn discount(mut fields: Fields, currency: Currency) -> Refused<Discount> {
    let scope = match fields.text("scope")?.as_deref() {
        None | Some("line") => DiscountScope::Line,
        Some("order") => DiscountScope::Order,
        Some(_) => {
            let path = fields.path_of("scope");
            return Err(Refusal::at(
                code::FIELD_MALFORMED,
                path,
                "it must be line or order",
            ));
        }
    };
    let discount = Discount {
        scope,
        code: fields.required_id("code")?,
        amount_minor: fields.required_amount("amount", currency)?,
    };
    fields.finish()?;
    Ok(discount)
}

fn tax(mut fields: Fields, currency: Currency) -> Refused<Tax> {
    let tax = Tax {
        code: fields.required_id("code")?,
        rate_ppm: fields.integer("rate_ppm")?,
        amount_minor: fields.required_amount("amount", currency)?,
    };
    fields.finish()?;
    Ok(tax)
}

fn shipping(mut fields: Fields, currency: Currency) -> Refused<Shipping> {
    let shipping = Shipping {
        method: fields.required_text("method")?,
        net_minor: fields.required_amount("net", currency)?,
        taxes: each(fields.objects("tax")?, |field| tax(field, currency))?,
    };
    fields.finish()?;
    Ok(shipping)
}

fn payment(mut fields: Fields, currency: Currency) -> Refused<ImportPayment> {
    let payment = ImportPayment {
        provider: fields.required_text("provider")?,
        provider_ref: fields.id("ref")?,
        amount_minor: fields.required_amount("amount", currency)?,
    };
    fields.finish()?;
    Ok(payment)
}
