//! What an order looks like.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Result};
use entrepot_domain::kernel::Currency;
use entrepot_domain::orders::{Allocation, Discount, DiscountScope, Tax};
use entrepot_projections::orders as model;
use model::OrderDoc;

use crate::graph::catalog::{Product, ProductLoader};
use crate::graph::customers::{Customer, CustomerLoader};
use crate::graph::direct::{MadeOf, Part, fields, names};
use crate::graph::fulfillment::Shipment;
use crate::graph::margins::{self, MarginLine};
use crate::graph::payments::Payment;
use crate::graph::personal::{self, Address};
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Money};
use crate::graph::{gid, loader};

/// An order, and what was loaded with it.
pub struct Order {
    pub(crate) doc: Arc<OrderDoc>,
    /// Who ordered, if it was asked for with a page of orders.
    pub(super) customer: Relation<Box<Customer>>,
    /// What the lines earned, likewise.
    pub(super) margins: Relation<Vec<MarginLine>>,
}

/// Something that belongs to an order.
pub(super) enum Relation<T> {
    /// Nobody has looked.
    Unknown,
    /// What was found.
    Loaded(Option<T>),
}

impl From<OrderDoc> for Order {
    fn from(doc: OrderDoc) -> Self {
        Self::from(Arc::new(doc))
    }
}

impl From<Arc<OrderDoc>> for Order {
    fn from(doc: Arc<OrderDoc>) -> Self {
        Self {
            doc,
            customer: Relation::Unknown,
            margins: Relation::Unknown,
        }
    }
}

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

names!(
    OrderStatus,
    PaymentStatus,
    FulfillmentStatus,
    OrderAllocation,
    LineDiscountScope
);

/// Who computed an order's allocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Allocation")]
pub enum OrderAllocation {
    /// This program, by largest remainder.
    Native,
    /// The channel; its numbers are kept as they are.
    Imported,
}

fields! {
    /// An order.
    Order {
        /// Global id.
        pub(in crate::graph) id: ID = |it| gid::encode("Order", it.doc.order_id.0);

        /// The channel's code in the tenant's configuration.
        channel: &str = |it| &it.doc.channel;

        /// The order's id in the channel, verbatim.
        external_id: Option<&str> = |it| it.doc.external_ref.as_ref().map(|there| there.id.as_str());

        /// Where the order stands.
        status: OrderStatus = |it| it.doc.status().into();

        /// How far it is paid.
        payment_status: PaymentStatus = |it| it.doc.payment_status().into();

        /// How far it is shipped.
        fulfillment_status: FulfillmentStatus = |it| it.doc.fulfillment_status().into();

        /// Who split the discounts over the lines.
        allocation: OrderAllocation = |it| it.doc.allocation.into();

        /// Of every amount in the order.
        currency: CurrencyCode = |it| CurrencyCode(it.doc.currency);

        /// When the customer ordered.
        placed_at: DateTime = |it| DateTime(it.doc.placed_at);

        /// The same as a day in the tenant's time zone.
        placed_on: Date = |it| Date(it.doc.placed_on);

        /// When the newest event of the order was recorded.
        updated_at: DateTime = |it| DateTime(it.doc.updated_at);

        /// The position of the newest event of the order.
        position: BigInt = |it| BigInt(it.doc.position);

        /// Why the order must not be shipped for now.
        hold_reason: Option<&str> = |it| it.doc.hold.as_ref().map(|hold| hold.reason.as_str());

        /// Why the order was canceled, if it was.
        cancel_reason: Option<&str> = |it| {
            it.doc
                .cancellation
                .as_ref()
                .map(|cancellation| cancellation.reason.as_str())
        };

        /// In order of their numbers.
        lines: Vec<OrderLine<'_>> = |it| {
            it.doc
                .lines
                .iter()
                .map(|line| OrderLine {
                    line,
                    currency: it.doc.currency,
                })
                .collect()
        };

        /// Delivery charged to the customer.
        shipping: Option<OrderShipping> = |it| {
            it.doc.shipping.as_ref().map(|shipping| OrderShipping {
                method: shipping.method.clone(),
                net: Money::new(shipping.net_minor, it.doc.currency),
                taxes: taxes(&shipping.taxes, it.doc.currency),
            })
        };

        /// Sums of the order as placed.
        totals: OrderTotals = |it| {
            let money = |minor| Money::new(minor, it.doc.currency);
            let totals = it.doc.totals;
            OrderTotals {
                gross: money(totals.gross_minor),
                discount: money(totals.discount_minor),
                net: money(totals.net_minor),
                shipping: money(totals.shipping_minor),
                tax: money(totals.tax_minor),
                total: money(totals.total_minor),
                canceled: money(it.doc.canceled.total_minor()),
                captured: money(it.doc.captured_minor()),
                refunded: money(it.doc.refunded_minor()),
            }
        };
    }
    made_of |order| {
        let customer = match &order.customer {
            Relation::Unknown => Part::Unknown,
            Relation::Loaded(None) => Part::None,
            Relation::Loaded(Some(customer)) => Part::Document(Arc::clone(&customer.0) as _),
        };
        let margins = match &order.margins {
            Relation::Unknown => Part::Unknown,
            Relation::Loaded(None) => Part::None,
            Relation::Loaded(Some(lines)) => Part::Document(MarginLine::whole(lines)?),
        };
        let document = Part::Document(Arc::clone(&order.doc) as _);
        Some(MadeOf {
            parts: vec![document, customer, margins],
            // Of the order and of its margins.
            weight: 1 + 2 * order.doc.lines.len(),
        })
    };
    loaded {
        customer: Option<&Customer> = |order| match &order.customer {
            Relation::Loaded(customer) => Some(customer.as_deref()),
            Relation::Unknown => None,
        };
        margins: Option<&Vec<MarginLine>> = |order| match &order.margins {
            Relation::Loaded(margins) => Some(margins.as_ref()),
            Relation::Unknown => None,
        };
    }
    general {
        /// Who ordered. Null if nobody is known.
        async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
            match (&self.customer, self.doc.customer_id) {
                (Relation::Loaded(customer), _) => Ok(customer.as_deref().cloned()),
                (Relation::Unknown, Some(id)) => Ok(loader::load::<CustomerLoader, _>(ctx, id.0)
                    .await?
                    .map(Customer)),
                (Relation::Unknown, None) => Ok(None),
            }
        }

        /// Where the goods go. Null if nobody said, and after the customer's erasure.
        async fn shipping_address(&self, ctx: &Context<'_>) -> Result<Option<Address>> {
            personal::open(ctx, self.doc.address_ref).await
        }

        /// In the order in which they were first heard of.
        async fn payments(&self) -> Vec<Payment> {
            self.doc
                .payments
                .iter()
                .map(|payment| Payment::new(payment, self.doc.currency))
                .collect()
        }

        /// In the order in which they left.
        async fn shipments(&self) -> Vec<Shipment> {
            self.doc
                .shipments
                .iter()
                .map(|shipment| Shipment::new(shipment, self.doc.currency))
                .collect()
        }

        /// What each line earned, in order of their numbers.
        async fn margins(&self, ctx: &Context<'_>) -> Result<Option<Vec<MarginLine>>> {
            match &self.margins {
                Relation::Loaded(margins) => Ok(margins.clone()),
                Relation::Unknown => margins::of_order(ctx, self.doc.order_id.0).await,
            }
        }
    }
}

/// A line of an order.
pub struct OrderLine<'a> {
    line: &'a model::LineDoc,
    currency: Currency,
}

fields! {
    /// A line of an order.
    OrderLine<'a> {
        /// The line's number in the order, from 1.
        line: u32 = |it| it.line.line;

        /// What was ordered.
        sku: &str = |it| it.line.sku.as_str();

        /// Units ordered, in the SKU's base unit.
        quantity: BigInt = |it| BigInt(it.line.quantities.ordered);

        /// Units given up.
        canceled_quantity: BigInt = |it| BigInt(it.line.quantities.canceled);

        /// Units shipped.
        shipped_quantity: BigInt = |it| BigInt(it.line.quantities.shipped);

        /// Units of the shipped ones that arrived.
        delivered_quantity: BigInt = |it| BigInt(it.line.quantities.delivered);

        /// For one unit, tax excluded; null for imported lines that state only the sum.
        unit_price: Option<Money> = |it| {
            it.line
                .unit_price_minor
                .map(|minor| Money::new(minor, it.currency))
        };

        /// Before discounts, tax excluded.
        gross: Money = |it| Money::new(it.line.gross_minor, it.currency);

        /// What was taken off, with its reason.
        discounts: Vec<LineDiscount> = |it| {
            it.line
                .discounts
                .iter()
                .map(|discount| LineDiscount::new(discount, it.currency))
                .collect()
        };

        /// Gross less discounts.
        net: Money = |it| Money::new(it.line.net_minor, it.currency);

        /// Taxes on the net amount.
        taxes: Vec<LineTax> = |it| taxes(&it.line.taxes, it.currency);

        /// The sum of the taxes.
        tax: Money = |it| Money::new(it.line.tax_minor(), it.currency);

        /// What was given up of the net amount.
        canceled_net: Money = |it| Money::new(it.line.canceled_net_minor, it.currency);

        /// The stock that was held for the line when it was placed.
        reservations: Vec<LineReservation> = |it| {
            let reservations = it.line.reservations.iter();
            reservations
                .map(|held| LineReservation {
                    warehouse: held.warehouse.to_string(),
                    quantity: BigInt(held.quantity),
                })
                .collect()
        };
    }
    general {
        /// The same with its description and today's prices. Null for a SKU that is not in the catalog.
        async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
            Ok(
                loader::load::<ProductLoader, _>(ctx, self.line.sku.0.clone())
                    .await?
                    .map(Product),
            )
        }
    }
}

/// Something taken off a line.
#[derive(Clone, Debug)]
pub struct LineDiscount {
    code: String,
    scope: LineDiscountScope,
    amount: Money,
}

fields! {
    /// Something taken off a line.
    LineDiscount {
        /// Names the discount: a promotion, a coupon, a reason.
        code: &str = |it| &it.code;

        /// Whether it was given to the line, or is the line's share of one given to the order.
        scope: LineDiscountScope = |it| it.scope;

        /// What was taken off, tax excluded.
        amount: Money = |it| it.amount;
    }
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
#[derive(Clone, Debug)]
pub struct LineTax {
    code: String,
    rate_ppm: Option<BigInt>,
    amount: Money,
}

fields! {
    /// A tax on a line.
    LineTax {
        /// Names the tax and its jurisdiction.
        code: &str = |it| &it.code;

        /// Parts per million; null for imported taxes that state only the amount.
        rate_ppm: Option<BigInt> = |it| it.rate_ppm;

        /// The tax.
        amount: Money = |it| it.amount;
    }
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
#[derive(Clone, Debug)]
pub struct LineReservation {
    warehouse: String,
    quantity: BigInt,
}

fields! {
    /// Stock held for a line in one warehouse.
    LineReservation {
        /// The warehouse's code.
        warehouse: &str = |it| &it.warehouse;

        /// Units.
        quantity: BigInt = |it| it.quantity;
    }
}

/// Delivery charged to the customer.
#[derive(Clone, Debug)]
pub struct OrderShipping {
    method: String,
    net: Money,
    taxes: Vec<LineTax>,
}

fields! {
    /// Delivery charged to the customer.
    OrderShipping {
        /// How it is delivered, for people: `standard`.
        method: &str = |it| &it.method;

        /// What the customer is charged for it, tax excluded.
        net: Money = |it| it.net;

        /// Taxes on the net amount.
        taxes: &Vec<LineTax> = |it| &it.taxes;
    }
}

/// Sums of an order: net = gross − discount, total = net + shipping + tax.
#[derive(Clone, Debug)]
pub struct OrderTotals {
    gross: Money,
    discount: Money,
    net: Money,
    shipping: Money,
    tax: Money,
    total: Money,
    canceled: Money,
    captured: Money,
    refunded: Money,
}

fields! {
    /// Sums of an order: net = gross − discount, total = net + shipping + tax.
    OrderTotals {
        /// Of the lines, before discounts.
        gross: Money = |it| it.gross;

        /// Of the lines.
        discount: Money = |it| it.discount;

        /// Of the lines, after discounts.
        net: Money = |it| it.net;

        /// Shipping, tax excluded.
        shipping: Money = |it| it.shipping;

        /// On lines and shipping.
        tax: Money = |it| it.tax;

        /// What the customer was to pay when the order was placed.
        total: Money = |it| it.total;

        /// What was given up of the total since.
        canceled: Money = |it| it.canceled;

        /// What moved to the tenant.
        captured: Money = |it| it.captured;

        /// What moved back to the customer.
        refunded: Money = |it| it.refunded;
    }
}
