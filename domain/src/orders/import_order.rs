//! Records an order that a channel took, as the channel computed it: nothing is recomputed, only
//! checked to sum. No stock is held for it; it may be paid and shipped already.
//!
//! A customer who was erased here is not linked to the order again; the order itself is recorded.

use serde::Serialize;

use super::place_order::LINES_MAX;
use super::pricing::{DISCOUNTS_MAX, totals};
use super::{Allocation, Discount, OrderEvent, OrderLine, OrderPlaced, Shipping, Tax, Totals};
use crate::command::{Command, Decision};
use crate::customers::{Customer, CustomerEvent, CustomerRegistered, ExternalRef};
use crate::fulfillment::{FulfillmentEvent, ShipmentDispatched, ShippedLine};
use crate::kernel::{
    CODE_MAX, Ctx, Currency, CustomerId, Halt, Instant, OrderId, PaymentId, REFERENCE_MAX, Refusal,
    Refused, ShipmentId, Sku, StreamId, amount, at_most, code, non_negative, one_to, quantity,
    rate, text,
};
use crate::payments::{PaymentCaptured, PaymentEvent, PaymentRefunded};
use crate::tenants::Tenant;
use crate::world::World;

/// The most taxes of one line or of shipping.
const TAXES_MAX: usize = 20;
/// The most payments of one order.
const PAYMENTS_MAX: usize = 20;

/// Imports an order. Its id is derived from the channel and the channel's id, so that an order is
/// imported once however often its file is read.
#[derive(Clone, Debug, Serialize)]
pub struct ImportOrder {
    /// The channel's code in the tenant's configuration.
    pub channel: String,
    /// The order's id in the channel.
    pub external_id: String,
    /// The customer's id in the channel; registered by reference if not known yet.
    pub customer_external_id: Option<String>,
    /// Of every amount in the order.
    pub currency: Currency,
    /// When the customer ordered.
    pub placed_at: Instant,
    /// 1 to 250.
    pub lines: Vec<ImportLine>,
    /// Delivery charged to the customer.
    pub shipping: Option<Shipping>,
    /// What the customer pays, if the channel says: it must be the sum of the parts.
    pub total_minor: Option<i64>,
    /// What was paid so far; at most 20.
    pub payments: Vec<ImportPayment>,
    /// Whether the channel shipped everything.
    pub shipped: bool,
}

/// A line that a channel sold.
#[derive(Clone, Debug, Serialize)]
pub struct ImportLine {
    /// What. It must be in the catalog; it may be discontinued.
    pub sku: Sku,
    /// In the SKU's base unit. 0: money moved, goods did not.
    pub quantity: i64,
    /// Minor units for one unit, if the channel says.
    pub unit_price_minor: Option<i64>,
    /// Before discounts, tax excluded.
    pub gross_minor: i64,
    /// What was taken off, as the channel split it; at most 20. Together they may be more than the
    /// gross amount, and a channel's rounding may make one negative.
    pub discounts: Vec<Discount>,
    /// On the net amount; at most 20.
    pub taxes: Vec<Tax>,
    /// Gross less discounts, if the channel says.
    pub net_minor: Option<i64>,
}

/// A payment that a channel took.
#[derive(Clone, Debug, Serialize)]
pub struct ImportPayment {
    /// Who moved the money.
    pub provider: String,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// Minor units; negative for money given back, as when coupons are worth more than the goods.
    /// A payment of nothing is left out.
    pub amount_minor: i64,
}

impl Command for ImportOrder {
    const NAME: &'static str = "ImportOrder";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        self.check(world.tenant()?)?;
        let order_id = OrderId::natural(&[&self.channel, &self.external_id]);
        let customer_id = self.customer_id();
        self.read(world, order_id, customer_id)?;
        self.placed_at.not_after(ctx.now, "placedAt")?;
        let lines = self.lines()?;
        let totals = self.totals(&lines)?;
        let payments = self.payments(order_id, totals)?;
        let customer = match customer_id {
            Some(id) => Some((id, world.customer(id)?)),
            None => None,
        };

        let mut decision = Decision::about(order_id.0);
        if let Some((customer_id, Customer::Unknown)) = customer {
            decision.push(customer_id, self.registered(customer_id));
        }
        let linked = customer.filter(|(_, customer)| **customer != Customer::Erased);
        let placed = OrderPlaced {
            order_id,
            channel: self.channel.clone(),
            external_ref: Some(self.external(&self.external_id)),
            customer_id: linked.map(|(id, _)| id),
            subscription_id: None,
            address_ref: None,
            currency: self.currency,
            placed_at: self.placed_at,
            allocation: Allocation::Imported,
            lines,
            shipping: self.shipping.clone(),
            totals,
        };
        decision.push(order_id, OrderEvent::Placed(Box::new(placed)));
        for (payment_id, event) in payments {
            decision.push(payment_id, event);
        }
        if let Some(shipment) = self.shipment(order_id) {
            decision.push(order_id, FulfillmentEvent::Dispatched(shipment));
        }
        Ok(decision)
    }
}

impl ImportOrder {
    /// What has to hold before anything is read.
    fn check(&self, tenant: &Tenant) -> Refused<()> {
        tenant.check_channel(&self.channel, "channel")?;
        text(&self.external_id, REFERENCE_MAX, "externalId")?;
        if let Some(customer) = &self.customer_external_id {
            text(customer, REFERENCE_MAX, "customerExternalId")?;
        }
        one_to(self.lines.len(), LINES_MAX, "lines")?;
        at_most(self.payments.len(), PAYMENTS_MAX, "payments")
    }

    /// Refuses an order that is there already, and lines of unknown SKUs.
    fn read(
        &self,
        world: &World<'_>,
        order_id: OrderId,
        customer_id: Option<CustomerId>,
    ) -> Result<(), Halt> {
        let read = self.lines.iter().map(|line| StreamId::sku(&line.sku));
        let payments = (0..self.payments.len()).map(|index| self.payment_id(index).into());
        let read = read.chain(payments).chain([order_id.into()]);
        world.want(read.chain(customer_id.map(StreamId::from)))?;

        if world.order(order_id)?.exists {
            let message = format!("order `{}` was imported before", self.external_id);
            return Err(Refusal::at(code::ALREADY_EXISTS, "externalId", message).into());
        }
        for (index, line) in self.lines.iter().enumerate() {
            let field = format!("lines.{index}.sku");
            line.sku.check(&field)?;
            world.item(&line.sku)?.check_known(&line.sku, &field)?;
        }
        for index in 0..self.payments.len() {
            if world.payment(self.payment_id(index))?.exists {
                let message = "the payment exists";
                let field = format!("payments.{index}");
                return Err(Refusal::at(code::ALREADY_EXISTS, field, message).into());
            }
        }
        Ok(())
    }

    fn external(&self, id: &str) -> ExternalRef {
        ExternalRef {
            system: self.channel.clone(),
            id: id.to_owned(),
        }
    }

    fn customer_id(&self) -> Option<CustomerId> {
        let external = self.customer_external_id.as_ref()?;
        Some(CustomerId::natural(&[&self.channel, external]))
    }

    fn registered(&self, customer_id: CustomerId) -> CustomerEvent {
        let external = self.customer_external_id.as_ref();
        CustomerEvent::Registered(CustomerRegistered {
            customer_id,
            external_ref: external.map(|id| self.external(id)),
            personal_ref: None,
        })
    }

    fn lines(&self) -> Refused<Vec<OrderLine>> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (number, line) in (1..).zip(&self.lines) {
            lines.push(line.recorded(number)?);
        }
        Ok(lines)
    }

    fn totals(&self, lines: &[OrderLine]) -> Refused<Totals> {
        if let Some(shipping) = &self.shipping {
            text(&shipping.method, CODE_MAX, "shipping.method")?;
            non_negative(shipping.net_minor, "shipping.netMinor")?;
            check_taxes(&shipping.taxes, "shipping.taxes")?;
        }
        let totals = totals(lines, self.shipping.as_ref())?;
        non_negative(totals.total_minor, "totalMinor")?;
        check_sum("totalMinor", self.total_minor, totals.total_minor)?;
        Ok(totals)
    }

    fn payment_id(&self, index: usize) -> PaymentId {
        PaymentId::natural(&[&self.channel, &self.external_id, &index.to_string()])
    }

    /// The payments that moved money: together at most what the customer pays, and not less than
    /// nothing. Money given back is a payment that captured nothing and was refunded.
    fn payments(
        &self,
        order_id: OrderId,
        totals: Totals,
    ) -> Refused<Vec<(PaymentId, PaymentEvent)>> {
        let mut events = Vec::new();
        let mut paid: i128 = 0;
        for (index, payment) in self.payments.iter().enumerate() {
            payment.check(&format!("payments.{index}"))?;
            paid += i128::from(payment.amount_minor);
            let payment_id = self.payment_id(index);
            if payment.amount_minor != 0 {
                let captured = self.captured(order_id, payment_id, payment);
                events.push((payment_id, PaymentEvent::Captured(captured)));
            }
            if payment.amount_minor < 0 {
                let refunded = self.refunded(order_id, payment_id, payment);
                events.push((payment_id, PaymentEvent::Refunded(refunded)));
            }
        }
        if !(0..=i128::from(totals.total_minor)).contains(&paid) {
            let message =
                "the payments together are more than the order's total, or less than nothing";
            return Err(Refusal::at(code::TOTALS_MISMATCH, "payments", message));
        }
        Ok(events)
    }

    fn captured(
        &self,
        order_id: OrderId,
        payment_id: PaymentId,
        payment: &ImportPayment,
    ) -> PaymentCaptured {
        PaymentCaptured {
            payment_id,
            order_id,
            provider: payment.provider.clone(),
            provider_ref: payment.provider_ref.clone(),
            currency: self.currency,
            amount_minor: payment.amount_minor.max(0),
            captured_at: self.placed_at,
        }
    }

    fn refunded(
        &self,
        order_id: OrderId,
        payment_id: PaymentId,
        payment: &ImportPayment,
    ) -> PaymentRefunded {
        PaymentRefunded {
            payment_id,
            order_id,
            provider: payment.provider.clone(),
            provider_ref: payment.provider_ref.clone(),
            currency: self.currency,
            amount_minor: -payment.amount_minor,
            reason: "given back by the channel".to_owned(),
            refunded_at: self.placed_at,
        }
    }

    /// The shipment that the channel made, if it shipped any goods.
    fn shipment(&self, order_id: OrderId) -> Option<ShipmentDispatched> {
        let lines = (1..).zip(&self.lines).filter(|(_, line)| line.quantity > 0);
        let lines: Vec<_> = lines
            .map(|(number, line)| ShippedLine {
                line: number,
                quantity: line.quantity,
            })
            .collect();
        (self.shipped && !lines.is_empty()).then(|| ShipmentDispatched {
            shipment_id: ShipmentId::natural(&[&self.channel, &self.external_id]),
            order_id,
            warehouse: None,
            lines,
            carrier: None,
            tracking: None,
            label_cost_minor: None,
            dispatched_at: self.placed_at,
        })
    }
}

impl ImportLine {
    fn recorded(&self, number: u32) -> Refused<OrderLine> {
        let field = format!("lines.{}", number - 1);
        if self.quantity != 0 {
            quantity(self.quantity, &format!("{field}.quantity"))?;
        }
        if let Some(minor) = self.unit_price_minor {
            non_negative(minor, &format!("{field}.unitPriceMinor"))?;
        }
        non_negative(self.gross_minor, &format!("{field}.grossMinor"))?;
        let off = self.discounted(&format!("{field}.discounts"))?;
        let net = format!("{field}.netMinor");
        let net_minor = amount(i128::from(self.gross_minor) - off, &net)?;
        check_sum(&net, self.net_minor, net_minor)?;
        check_taxes(&self.taxes, &format!("{field}.taxes"))?;
        Ok(OrderLine {
            line: number,
            sku: self.sku.clone(),
            quantity: self.quantity,
            unit_price_minor: self.unit_price_minor,
            gross_minor: self.gross_minor,
            discounts: self.discounts.clone(),
            net_minor,
            taxes: self.taxes.clone(),
            reservations: Vec::new(),
        })
    }

    fn discounted(&self, field: &str) -> Refused<i128> {
        at_most(self.discounts.len(), DISCOUNTS_MAX, field)?;
        let mut sum = 0;
        for (index, discount) in self.discounts.iter().enumerate() {
            let off = i128::from(discount.amount_minor);
            text(&discount.code, CODE_MAX, &format!("{field}.{index}.code"))?;
            sum += i128::from(amount(off, &format!("{field}.{index}.amountMinor"))?);
        }
        Ok(sum)
    }
}

impl ImportPayment {
    fn check(&self, field: &str) -> Refused<()> {
        text(&self.provider, CODE_MAX, &format!("{field}.provider"))?;
        if let Some(reference) = &self.provider_ref {
            text(reference, REFERENCE_MAX, &format!("{field}.providerRef"))?;
        }
        amount(
            i128::from(self.amount_minor),
            &format!("{field}.amountMinor"),
        )
        .map(drop)
    }
}

fn check_taxes(taxes: &[Tax], field: &str) -> Refused<()> {
    at_most(taxes.len(), TAXES_MAX, field)?;
    for (index, tax) in taxes.iter().enumerate() {
        text(&tax.code, CODE_MAX, &format!("{field}.{index}.code"))?;
        if let Some(ppm) = tax.rate_ppm {
            rate(ppm, &format!("{field}.{index}.ratePpm"))?;
        }
        let minor = i128::from(tax.amount_minor);
        amount(minor, &format!("{field}.{index}.amountMinor"))?;
    }
    Ok(())
}

/// Refuses a sum that the channel stated and that is not the sum of its parts.
fn check_sum(field: &str, stated: Option<i64>, sum: i64) -> Refused<()> {
    match stated {
        Some(stated) if stated != sum => {
            let message = format!("{stated} is stated and the parts sum to {sum}");
            Err(Refusal::at(code::TOTALS_MISMATCH, field, message))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
#[path = "import_order_tests.rs"]
mod tests;
