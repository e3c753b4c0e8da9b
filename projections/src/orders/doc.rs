//! The document of an order: all that the graph shows of it. What is empty or zero is left out of its
//! text: rows are a third shorter, and stay below the size at which PostgreSQL compresses them.

use entrepot_domain::customers::ExternalRef;
use entrepot_domain::kernel::{
    Currency, CustomerId, Date, Instant, OrderId, PaymentId, ShipmentId, Sku, SubscriptionId,
    Warehouse,
};
use entrepot_domain::orders::{Allocation, Discount, LineReservation, Tax, Totals};
use entrepot_domain::payments::Attempt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An order with its lines, payments and shipments. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDoc {
    /// Which.
    pub order_id: OrderId,
    /// Where it was sold.
    pub channel: String,
    /// Its id in the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<ExternalRef>,
    /// Who ordered, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The subscription whose cycle made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<SubscriptionId>,
    /// The personal record that holds the addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_ref: Option<Uuid>,
    /// Of every amount.
    pub currency: Currency,
    /// Who split the discounts over the lines.
    pub allocation: Allocation,
    /// When the customer ordered.
    pub placed_at: Instant,
    /// The same as a day in the tenant's zone.
    pub placed_on: Date,
    /// When the order was recorded; later than `placed_at` for an imported one.
    pub recorded_at: Instant,
    /// When the newest event of the order was recorded.
    pub updated_at: Instant,
    /// The newest event of the order.
    pub position: i64,
    /// Why the order must not be shipped for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Why the order as a whole was canceled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// In order of their numbers.
    pub lines: Vec<LineDoc>,
    /// Delivery charged to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingDoc>,
    /// As placed.
    pub totals: Totals,
    /// What was given up since.
    #[serde(default, skip_serializing_if = "is_default")]
    pub canceled: CanceledAmounts,
    /// In the order in which they were first heard of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<PaymentDoc>,
    /// In the order in which they left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<ShipmentDoc>,
}

/// A hold in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub held_at: Instant,
}

/// The cancellation of all that was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub canceled_at: Instant,
}

/// A line. Quantities are in the SKU's base unit, amounts as placed unless their names say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDoc {
    /// The line's number in the order, from 1.
    pub line: u32,
    /// What was ordered.
    pub sku: Sku,
    /// How many units are where.
    pub quantities: Quantities,
    /// For one unit, tax excluded; unknown for imported lines that state only the sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price_minor: Option<i64>,
    /// Before discounts, tax excluded.
    pub gross_minor: i64,
    /// What was taken off, with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// Gross less discounts.
    pub net_minor: i64,
    /// On the net amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
    /// What was given up of the net amount.
    #[serde(default, skip_serializing_if = "is_default")]
    pub canceled_net_minor: i64,
    /// What was given up of the tax.
    #[serde(default, skip_serializing_if = "is_default")]
    pub canceled_tax_minor: i64,
    /// The stock that was held for the line when it was placed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<LineReservation>,
}

/// A line's quantity vector, from which statuses are derived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantities {
    /// Units ordered.
    pub ordered: i64,
    /// Units given up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub canceled: i64,
    /// Units shipped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shipped: i64,
    /// Units of the shipped ones that arrived.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delivered: i64,
}

/// Delivery charged to the customer, as placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingDoc {
    /// For people: `standard`.
    pub method: String,
    /// Tax excluded.
    pub net_minor: i64,
    /// On the net amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
}

/// What was given up of an order after it was placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanceledAmounts {
    /// Of the lines' net amounts.
    pub net_minor: i64,
    /// Of the lines' taxes.
    pub tax_minor: i64,
    /// Of the shipping.
    pub shipping_net_minor: i64,
    /// Of the tax on shipping.
    pub shipping_tax_minor: i64,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDoc {
    /// Which.
    pub payment_id: PaymentId,
    /// Who moves the money.
    pub provider: String,
    /// The provider's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// What the provider held at first. A payment that began by its capture counts as authorized.
    pub authorized_minor: i64,
    /// What moved to the tenant.
    #[serde(default, skip_serializing_if = "is_default")]
    pub captured_minor: i64,
    /// What moved back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refunded_minor: i64,
    /// What the provider took; 0 also before anybody said.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fee_minor: i64,
    /// Whether the fee is an estimate; none before any fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_estimated: Option<bool>,
    /// A provider call whose outcome is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownAttempt>,
    /// Whether nothing more can be captured, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<PaymentClosed>,
    /// When the provider lets go of what is authorized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// When the payment was first heard of.
    pub created_at: Instant,
    /// When money last moved to the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Instant>,
    /// When money last moved back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<Instant>,
}

/// A provider call that may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownAttempt {
    /// What was attempted.
    pub attempt: Attempt,
    /// What may have moved.
    pub amount_minor: i64,
}

/// Why nothing more can be captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentClosed {
    /// The rest was given up.
    Voided,
    /// The authorization ran out.
    Expired,
}

/// A shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentDoc {
    /// Which.
    pub shipment_id: ShipmentId,
    /// Where the goods came from; none if the channel shipped them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<Warehouse>,
    /// What it holds.
    pub lines: Vec<ShipmentLineDoc>,
    /// Who carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// What the label cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_cost_minor: Option<i64>,
    /// When it left.
    pub dispatched_at: Instant,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Instant>,
}

/// Units of one order line in a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentLineDoc {
    /// The order line's number.
    pub line: u32,
    /// Units.
    pub quantity: i64,
}

impl Quantities {
    /// Units that are neither shipped nor given up.
    pub const fn open(self) -> i64 {
        self.ordered - self.canceled - self.shipped
    }

    /// The sum of two vectors.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            ordered: self.ordered + other.ordered,
            canceled: self.canceled + other.canceled,
            shipped: self.shipped + other.shipped,
            delivered: self.delivered + other.delivered,
        }
    }
}

impl LineDoc {
    /// What was taken off the line as placed.
    pub const fn discount_minor(&self) -> i64 {
        self.gross_minor - self.net_minor
    }

    /// The tax on the line as placed.
    pub fn tax_minor(&self) -> i64 {
        self.taxes.iter().map(|tax| tax.amount_minor).sum()
    }
}

impl CanceledAmounts {
    /// What the customer no longer has to pay.
    pub const fn total_minor(&self) -> i64 {
        self.net_minor + self.tax_minor + self.shipping_net_minor + self.shipping_tax_minor
    }
}

impl PaymentDoc {
    /// What may still be captured.
    pub fn capturable_minor(&self) -> i64 {
        match self.closed {
            Some(_) => 0,
            None => self.authorized_minor - self.captured_minor,
        }
    }
}

impl OrderDoc {
    /// The quantity vectors of all lines together.
    pub fn quantities(&self) -> Quantities {
        let each = self.lines.iter().map(|line| line.quantities);
        each.fold(Quantities::default(), Quantities::plus)
    }

    /// What the customer has to pay, less what was given up.
    pub const fn due_minor(&self) -> i64 {
        self.totals.total_minor - self.canceled.total_minor()
    }

    /// What moved to the tenant.
    pub fn captured_minor(&self) -> i64 {
        let payments = self.payments.iter();
        payments.map(|payment| payment.captured_minor).sum()
    }

    /// What moved back to the customer.
    pub fn refunded_minor(&self) -> i64 {
        let payments = self.payments.iter();
        payments.map(|payment| payment.refunded_minor).sum()
    }
}
