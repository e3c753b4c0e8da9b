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
mod tests {
    use super::*;
    use crate::customers::EraseCustomer;
    use crate::event::Event;
    use crate::kernel::AMOUNT_MAX;
    use crate::orders::tests::placed;
    use crate::orders::{DiscountScope, Order};
    use crate::state::State;
    use crate::testing::{Past, refused, retailer};

    fn sold(sku: &str, quantity: i64, gross_minor: i64) -> ImportLine {
        ImportLine {
            sku: sku.into(),
            quantity,
            unit_price_minor: None,
            gross_minor,
            discounts: Vec::new(),
            taxes: Vec::new(),
            net_minor: None,
        }
    }

    fn off(code: &str, amount_minor: i64) -> Discount {
        Discount {
            scope: DiscountScope::Order,
            code: code.to_owned(),
            amount_minor,
        }
    }

    fn tax(code: &str, amount_minor: i64) -> Tax {
        Tax {
            code: code.to_owned(),
            rate_ppm: None,
            amount_minor,
        }
    }

    fn paid(amount_minor: i64) -> ImportPayment {
        ImportPayment {
            provider: "card".to_owned(),
            provider_ref: Some("ch_1".to_owned()),
            amount_minor,
        }
    }

    /// Two A at 20.00 less 1.01, one B at 10.00 less 0.99, 2.00 tax, 5.00 shipping: 35.00.
    fn receipt() -> ImportOrder {
        let a = ImportLine {
            discounts: vec![off("TWO", 101)],
            taxes: vec![tax("VAT", 200)],
            net_minor: Some(1899),
            ..sold("A", 2, 2000)
        };
        let b = ImportLine {
            discounts: vec![off("TWO", 99)],
            ..sold("B", 1, 1000)
        };
        ImportOrder {
            channel: "till".to_owned(),
            external_id: "R-1".to_owned(),
            customer_external_id: Some("7".to_owned()),
            currency: Currency::default(),
            placed_at: Instant::from_micros(0).expect("1970"),
            lines: vec![a, b],
            shipping: Some(Shipping {
                method: "post".to_owned(),
                net_minor: 500,
                taxes: Vec::new(),
            }),
            total_minor: Some(3500),
            payments: vec![paid(3000), paid(0), paid(500)],
            shipped: true,
        }
    }

    fn state(past: &Past) -> Order {
        match past.state_of(OrderId::natural(&["till", "R-1"])) {
            State::Order(order) => *order,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_import_that_breaks_a_rule_is_refused_where_it_does() {
        let with = |change: fn(&mut ImportOrder)| {
            let mut bad = receipt();
            change(&mut bad);
            bad
        };
        for (command, expected) in [
            (
                with(|order| order.channel = "fax".to_owned()),
                "CHANNEL_UNKNOWN channel",
            ),
            (
                with(|order| order.external_id.push('\0')),
                "TEXT_MALFORMED externalId",
            ),
            (
                with(|order| order.customer_external_id = Some(String::new())),
                "TEXT_MALFORMED customerExternalId",
            ),
            (
                with(|order| order.placed_at = Instant(jiff::Timestamp::MAX)),
                "TIME_OUT_OF_ORDER placedAt",
            ),
            (with(|order| order.lines.clear()), "LIST_EMPTY lines"),
            (
                with(|order| order.lines = vec![sold("A", 1, 1); 251]),
                "LIST_TOO_LONG lines",
            ),
            (
                with(|order| order.payments = vec![paid(1); 21]),
                "LIST_TOO_LONG payments",
            ),
            (
                with(|order| order.total_minor = Some(3501)),
                "TOTALS_MISMATCH totalMinor",
            ),
            (
                with(|order| order.payments[2] = paid(501)),
                "TOTALS_MISMATCH payments",
            ),
            (
                with(|order| order.payments = vec![paid(-1)]),
                "TOTALS_MISMATCH payments",
            ),
            (
                with(|order| order.payments[1].provider.clear()),
                "TEXT_MALFORMED payments.1.provider",
            ),
        ] {
            assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
        }
    }

    #[test]
    fn a_line_that_breaks_a_rule_is_refused_where_it_does() {
        let with = |change: fn(&mut ImportLine)| {
            let mut bad = receipt();
            change(&mut bad.lines[0]);
            bad
        };
        for (command, expected) in [
            (
                with(|line| line.sku = "Z".into()),
                "SKU_UNKNOWN lines.0.sku",
            ),
            (
                with(|line| line.sku = "\0".into()),
                "TEXT_MALFORMED lines.0.sku",
            ),
            (
                with(|line| line.quantity = -1),
                "QUANTITY_NOT_POSITIVE lines.0.quantity",
            ),
            (
                with(|line| line.quantity = i64::MAX),
                "QUANTITY_OUT_OF_RANGE lines.0.quantity",
            ),
            (
                with(|line| line.gross_minor = -1),
                "AMOUNT_NEGATIVE lines.0.grossMinor",
            ),
            (
                with(|line| line.gross_minor = i64::MAX),
                "AMOUNT_OUT_OF_RANGE lines.0.grossMinor",
            ),
            (
                with(|line| line.net_minor = Some(1900)),
                "TOTALS_MISMATCH lines.0.netMinor",
            ),
            (
                with(|line| line.discounts = vec![off("x", 1); 21]),
                "LIST_TOO_LONG lines.0.discounts",
            ),
            (
                with(|line| line.discounts[0].amount_minor = i64::MIN),
                "AMOUNT_OUT_OF_RANGE lines.0.discounts.0.amountMinor",
            ),
            (
                with(|line| line.discounts = vec![off("x", -AMOUNT_MAX); 2]),
                "AMOUNT_OUT_OF_RANGE lines.0.netMinor",
            ),
            (
                with(|line| line.taxes[0].amount_minor = i64::MIN),
                "AMOUNT_OUT_OF_RANGE lines.0.taxes.0.amountMinor",
            ),
            (
                with(|line| line.taxes[0].rate_ppm = Some(-1)),
                "RATE_OUT_OF_RANGE lines.0.taxes.0.ratePpm",
            ),
            (
                with(|line| line.taxes = vec![tax("x", 1); 21]),
                "LIST_TOO_LONG lines.0.taxes",
            ),
        ] {
            assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
        }
    }

    #[test]
    fn an_order_is_imported_once() {
        let mut past = retailer();
        let outcome = past.when(&receipt()).expect("the first is accepted");
        assert_eq!(outcome.subject, OrderId::natural(&["till", "R-1"]).0);
        assert_eq!(refused(past.when(&receipt())), "ALREADY_EXISTS externalId");
    }

    #[test]
    fn money_given_back_is_a_refund_of_a_payment_that_captured_nothing() {
        let mut past = retailer();
        let command = ImportOrder {
            payments: vec![paid(4000), paid(-500)],
            ..receipt()
        };
        let outcome = past.when(&command).expect("accepted");
        let moved: Vec<_> = outcome
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Payment(PaymentEvent::Captured(captured)) => Some(captured.amount_minor),
                Event::Payment(PaymentEvent::Refunded(refunded)) => Some(-refunded.amount_minor),
                _ => None,
            })
            .collect();
        assert_eq!(moved, [4000, 0, -500]);
    }

    #[test]
    fn one_commit_holds_customer_order_payments_and_shipment() {
        let mut past = retailer();
        let outcome = past.when(&receipt()).expect("accepted");
        let names: Vec<_> = outcome.events.iter().map(Event::type_name).collect();
        assert_eq!(
            names,
            [
                "customer.registered",
                "order.placed",
                "payment.captured",
                "payment.captured",
                "shipment.dispatched"
            ]
        );
        let placed = placed(&outcome);
        assert_eq!(placed.allocation, Allocation::Imported);
        assert_eq!(placed.lines[0].discounts, [off("TWO", 101)]);
        assert_eq!(
            (placed.totals.net_minor, placed.totals.total_minor),
            (2800, 3500)
        );
        assert_eq!(state(&past).open(), 0);

        let next = ImportOrder {
            external_id: "R-2".to_owned(),
            ..receipt()
        };
        let outcome = past.when(&next).expect("accepted");
        assert_eq!(
            outcome.events[0].type_name(),
            "order.placed",
            "the customer is known"
        );
    }

    #[test]
    fn a_line_may_be_worth_less_than_nothing_but_an_order_may_not() {
        let coupon = |off_minor| {
            let discounts = vec![off("COUPON", off_minor)];
            let free = ImportLine {
                discounts,
                ..sold("B", 0, 100)
            };
            ImportOrder {
                lines: vec![sold("A", 1, 200), free],
                shipping: None,
                total_minor: None,
                payments: Vec::new(),
                shipped: false,
                ..receipt()
            }
        };
        let outcome = retailer().when(&coupon(301));
        assert_eq!(refused(outcome), "AMOUNT_NEGATIVE totalMinor");
        let mut past = retailer();
        let outcome = past.when(&coupon(300)).expect("accepted");
        assert_eq!(placed(&outcome).lines[1].net_minor, -200);
        assert_eq!(
            state(&past).open(),
            1,
            "the line without goods has nothing open"
        );
    }

    #[test]
    fn an_erased_customer_is_not_linked_again() {
        let mut past = retailer();
        past.when(&receipt()).expect("accepted");
        let customer_id = CustomerId::natural(&["till", "7"]);
        past.when(&EraseCustomer { customer_id }).expect("erased");
        let next = ImportOrder {
            external_id: "R-2".to_owned(),
            ..receipt()
        };
        let outcome = past.when(&next).expect("the sale is a fact all the same");
        assert_eq!(placed(&outcome).customer_id, None);
    }

    #[test]
    fn nothing_is_shipped_if_no_line_has_goods() {
        let lines = vec![sold("A", 0, 100)];
        let command = ImportOrder {
            lines,
            shipping: None,
            total_minor: Some(100),
            payments: Vec::new(),
            ..receipt()
        };
        let outcome = retailer().when(&command).expect("accepted");
        assert_eq!(outcome.events.len(), 2);
    }
}
