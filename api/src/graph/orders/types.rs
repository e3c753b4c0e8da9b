//! What an order looks like.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use entrepot_domain::kernel::Currency;
use entrepot_domain::orders::{Allocation, Discount, DiscountScope, Tax};
use entrepot_projections::orders as model;
use model::OrderDoc;

use crate::graph::catalog::{Product, ProductLoader};
use crate::graph::customers::{Customer, CustomerLoader};
use crate::graph::fulfillment::Shipment;
use crate::graph::margins::{self, MarginLine};
use crate::graph::payments::Payment;
use crate::graph::personal::{self, Address};
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Money};
use crate::graph::{gid, loader};

/// An order.
pub struct Order(pub(crate) OrderDoc);

/// Where an order stands; derived from its quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::OrderStatus")]
pub enum OrderStatus {
    /// Something is still to be shipped or given up.
    Placed,
    /// It must not be shipped for now.
    OnHold,
    /// Nothing is open any more and something was shipped.
    Completed,
    /// Everything was given up.
    Canceled,
}

/// How far an order is paid; derived from its payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::PaymentStatus")]
pub enum PaymentStatus {
    /// Nothing is authorized or captured.
    Unpaid,
    /// Money is held, none has moved.
    Authorized,
    /// Less than the total was captured.
    PartiallyPaid,
    /// The total was captured.
    Paid,
    /// Some of what was captured moved back.
    PartiallyRefunded,
    /// All of what was captured moved back.
    Refunded,
    /// What was authorized was given up.
    Voided,
}

/// How far an order is shipped; derived from its quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::FulfillmentStatus")]
pub enum FulfillmentStatus {
    /// Nothing was shipped.
    Unfulfilled,
    /// Some units were shipped.
    Partial,
    /// All units that were not given up were shipped.
    Fulfilled,
    /// All units that were not given up were shipped, and every shipment arrived.
    Delivered,
}

/// Who computed an order's allocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Allocation")]
pub enum OrderAllocation {
    /// This program, by largest remainder.
    Native,
    /// The channel; its numbers are kept as they are.
    Imported,
}

/// An order.
#[Object]
impl Order {
    /// Global id.
    pub(in crate::graph) async fn id(&self) -> ID {
        gid::encode("Order", self.0.order_id.0)
    }

    /// The channel's code in the tenant's configuration.
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The order's id in the channel, verbatim.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_ref.as_ref().map(|there| there.id.as_str())
    }

    /// Who ordered. Null if nobody is known.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer_id {
            Some(id) => Ok(loader::load::<CustomerLoader, _>(ctx, id.0)
                .await?
                .map(Customer)),
            None => Ok(None),
        }
    }

    /// Where the goods go. Null if nobody said, and after the customer's erasure.
    async fn shipping_address(&self, ctx: &Context<'_>) -> Result<Option<Address>> {
        personal::open(ctx, self.0.address_ref).await
    }

    /// Where the order stands.
    async fn status(&self) -> OrderStatus {
        self.0.status().into()
    }

    /// How far it is paid.
    async fn payment_status(&self) -> PaymentStatus {
        self.0.payment_status().into()
    }

    /// How far it is shipped.
    async fn fulfillment_status(&self) -> FulfillmentStatus {
        self.0.fulfillment_status().into()
    }

    /// Who split the discounts over the lines.
    async fn allocation(&self) -> OrderAllocation {
        self.0.allocation.into()
    }

    /// Of every amount in the order.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// When the customer ordered.
    async fn placed_at(&self) -> DateTime {
        DateTime(self.0.placed_at)
    }

    /// The same as a day in the tenant's time zone.
    async fn placed_on(&self) -> Date {
        Date(self.0.placed_on)
    }

    /// When the newest event of the order was recorded.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// The position of the newest event of the order.
    async fn position(&self) -> BigInt {
        BigInt(self.0.position)
    }

    /// Why the order must not be shipped for now.
    async fn hold_reason(&self) -> Option<&str> {
        self.0.hold.as_ref().map(|hold| hold.reason.as_str())
    }

    /// Why the order was canceled, if it was.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0
            .cancellation
            .as_ref()
            .map(|cancellation| cancellation.reason.as_str())
    }

    /// In order of their numbers.
    async fn lines(&self) -> Vec<OrderLine<'_>> {
        self.0
            .lines
            .iter()
            .map(|line| OrderLine {
                line,
                currency: self.0.currency,
            })
            .collect()
    }

    /// Delivery charged to the customer.
    async fn shipping(&self) -> Option<OrderShipping> {
        self.0.shipping.as_ref().map(|shipping| OrderShipping {
            method: shipping.method.clone(),
            net: Money::new(shipping.net_minor, self.0.currency),
            taxes: taxes(&shipping.taxes, self.0.currency),
        })
    }

    /// Sums of the order as placed.
    async fn totals(&self) -> OrderTotals {
        let money = |minor| Money::new(minor, self.0.currency);
        let totals = self.0.totals;
        OrderTotals {
            gross: money(totals.gross_minor),
            discount: money(totals.discount_minor),
            net: money(totals.net_minor),
            shipping: money(totals.shipping_minor),
            tax: money(totals.tax_minor),
            total: money(totals.total_minor),
            canceled: money(self.0.canceled.total_minor()),
            captured: money(self.0.captured_minor()),
            refunded: money(self.0.refunded_minor()),
        }
    }

    /// In the order in which they were first heard of.
    async fn payments(&self) -> Vec<Payment> {
        self.0
            .payments
            .iter()
            .map(|payment| Payment::new(payment, self.0.currency))
            .collect()
    }

    /// In the order in which they left.
    async fn shipments(&self) -> Vec<Shipment> {
        self.0
            .shipments
            .iter()
            .map(|shipment| Shipment::new(shipment, self.0.currency))
            .collect()
    }

    /// What each line earned, in order of their numbers.
    async fn margins(&self, ctx: &Context<'_>) -> Result<Option<Vec<MarginLine>>> {
        margins::of_order(ctx, self.0.order_id.0).await
    }
}

/// A line of an order.
pub struct OrderLine<'a> {
    line: &'a model::LineDoc,
    currency: Currency,
}

/// A line of an order.
#[Object]
impl OrderLine<'_> {
    /// The line's number in the order, from 1.
    async fn line(&self) -> u32 {
        self.line.line
    }

    /// What was ordered.
    async fn sku(&self) -> &str {
        self.line.sku.as_str()
    }

    /// The same with its description and today's prices. Null for a SKU that is not in the catalog.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        Ok(
            loader::load::<ProductLoader, _>(ctx, self.line.sku.0.clone())
                .await?
                .map(Product),
        )
    }

    /// Units ordered, in the SKU's base unit.
    async fn quantity(&self) -> BigInt {
        BigInt(self.line.quantities.ordered)
    }

    /// Units given up.
    async fn canceled_quantity(&self) -> BigInt {
        BigInt(self.line.quantities.canceled)
    }

    /// Units shipped.
    async fn shipped_quantity(&self) -> BigInt {
        BigInt(self.line.quantities.shipped)
    }

    /// Units of the shipped ones that arrived.
    async fn delivered_quantity(&self) -> BigInt {
        BigInt(self.line.quantities.delivered)
    }

    /// For one unit, tax excluded; null for imported lines that state only the sum.
    async fn unit_price(&self) -> Option<Money> {
        self.line
            .unit_price_minor
            .map(|minor| Money::new(minor, self.currency))
    }

    /// Before discounts, tax excluded.
    async fn gross(&self) -> Money {
        Money::new(self.line.gross_minor, self.currency)
    }

    /// What was taken off, with its reason.
    async fn discounts(&self) -> Vec<LineDiscount> {
        self.line
            .discounts
            .iter()
            .map(|discount| LineDiscount::new(discount, self.currency))
            .collect()
    }

    /// Gross less discounts.
    async fn net(&self) -> Money {
        Money::new(self.line.net_minor, self.currency)
    }

    /// Taxes on the net amount.
    async fn taxes(&self) -> Vec<LineTax> {
        taxes(&self.line.taxes, self.currency)
    }

    /// The sum of the taxes.
    async fn tax(&self) -> Money {
        Money::new(self.line.tax_minor(), self.currency)
    }

    /// What was given up of the net amount.
    async fn canceled_net(&self) -> Money {
        Money::new(self.line.canceled_net_minor, self.currency)
    }

    /// The stock that was held for the line when it was placed.
    async fn reservations(&self) -> Vec<LineReservation> {
        let reservations = self.line.reservations.iter();
        reservations
            .map(|held| LineReservation {
                warehouse: held.warehouse.to_string(),
                quantity: BigInt(held.quantity),
            })
            .collect()
    }
}

/// Something taken off a line.
#[derive(Clone, Debug, SimpleObject)]
pub struct LineDiscount {
    /// Names the discount: a promotion, a coupon, a reason.
    code: String,
    /// Whether it was given to the line, or is the line's share of one given to the order.
    scope: LineDiscountScope,
    /// What was taken off, tax excluded.
    amount: Money,
}

/// What a discount was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DiscountScope")]
pub enum LineDiscountScope {
    /// One line.
    Line,
    /// The order; the lines carry shares of it.
    Order,
}

impl LineDiscount {
    fn new(discount: &Discount, currency: Currency) -> Self {
        let amount = Money::new(discount.amount_minor, currency);
        Self {
            code: discount.code.clone(),
            scope: discount.scope.into(),
            amount,
        }
    }
}

/// A tax on a line.
#[derive(Clone, Debug, SimpleObject)]
pub struct LineTax {
    /// Names the tax and its jurisdiction.
    code: String,
    /// Parts per million; null for imported taxes that state only the amount.
    rate_ppm: Option<BigInt>,
    /// The tax.
    amount: Money,
}

fn taxes(taxes: &[Tax], currency: Currency) -> Vec<LineTax> {
    let tax = |tax: &Tax| LineTax {
        code: tax.code.clone(),
        rate_ppm: tax.rate_ppm.map(BigInt),
        amount: Money::new(tax.amount_minor, currency),
    };
    taxes.iter().map(tax).collect()
}

/// Stock held for a line in one warehouse.
#[derive(Clone, Debug, SimpleObject)]
pub struct LineReservation {
    /// The warehouse's code.
    warehouse: String,
    /// Units.
    quantity: BigInt,
}

/// Delivery charged to the customer.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderShipping {
    /// How it is delivered, for people: `standard`.
    method: String,
    /// What the customer is charged for it, tax excluded.
    net: Money,
    /// Taxes on the net amount.
    taxes: Vec<LineTax>,
}

/// Sums of an order: net = gross − discount, total = net + shipping + tax.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderTotals {
    /// Of the lines, before discounts.
    gross: Money,
    /// Of the lines.
    discount: Money,
    /// Of the lines, after discounts.
    net: Money,
    /// Shipping, tax excluded.
    shipping: Money,
    /// On lines and shipping.
    tax: Money,
    /// What the customer was to pay when the order was placed.
    total: Money,
    /// What was given up of the total since.
    canceled: Money,
    /// What moved to the tenant.
    captured: Money,
    /// What moved back to the customer.
    refunded: Money,
}
