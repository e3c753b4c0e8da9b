//! What each order will be, decided before anything is written.

use entrepot_domain::customers::ExternalRef;
use entrepot_domain::kernel::{CustomerId, Instant, OrderId, PaymentId, Sku};
use entrepot_domain::orders::{DiscountValue, NewDiscount, NewShipping, PlaceLine, PlaceOrder};
use uuid::Uuid;

use super::dice::Dice;
use super::goods::Good;
use super::people::Person;
use super::retailer::Retailer;
use super::{CUSTOMERS, DAYS, ORDERS};

/// Coffee and tea come first in the catalog, and sell best.
const BEST_SELLERS: usize = 8;
/// Services come last in the catalog.
const SERVICES: usize = 3;
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Web orders are delivered free from here on, in minor units.
const FREE_FROM: i64 = 7_500;

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Shipped and delivered, as far as there was time.
    Fulfilled,
    /// Paid and not shipped yet.
    Waiting,
    /// The payment is authorized and nothing else happened yet.
    Authorized,
    /// Nobody knows whether the capture happened.
    Unknown,
    /// Held, and still.
    Held,
    /// Held, released, then shipped.
    Checked,
    /// Canceled and refunded before anything was shipped.
    Canceled,
    /// The first line is canceled and refunded, the others are shipped.
    LineCanceled,
    /// Sent back and refunded whole.
    Refunded,
    /// Part of it is refunded.
    PartRefunded,
}

impl Fate {
    const fn needs_authorization(self) -> bool {
        matches!(self, Self::Authorized | Self::Unknown)
    }
}

/// An order to be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) number: usize,
    pub(super) channel: &'static str,
    pub(super) provider: &'static str,
    pub(super) customer: Option<usize>,
    pub(super) placed_at: Instant,
    /// Days before today.
    pub(super) days_ago: i64,
    /// Good and units.
    pub(super) lines: Vec<(usize, i64)>,
    pub(super) fate: Fate,
    welcome: bool,
    season: bool,
    express: bool,
    dice: Dice,
}

impl Plan {
    /// The retailer's order of this number.
    pub(super) fn of(retailer: &Retailer, goods: &[Good], number: usize, now: Instant) -> Self {
        let mut dice = Dice::of(retailer.slug, "order", number);
        let days_ago = days_ago(number);
        let (channel, provider) = match dice.between(0, 99) {
            _ if dealt(number, days_ago).is_some_and(Fate::needs_authorization) => {
                ("web", "stripe")
            }
            0..45 => ("web", "stripe"),
            45..62 => ("web", "paypal"),
            62..75 => ("till", "stripe"),
            75..85 => ("till", "cash"),
            _ => ("marketplace", "marketplace"),
        };
        let known = match channel {
            "web" => 85,
            "till" => 30,
            _ => 0,
        };
        let customer = dice.percent(known).then(|| dice.index(CUSTOMERS));
        let placed_at = placed_at(retailer, &mut dice, days_ago, now);
        let lines = lines(&mut dice, goods);
        let fate = dealt(number, days_ago).filter(|_| channel != "till");
        let fate = fate.unwrap_or_else(|| thrown(&mut dice, channel, days_ago, lines.len()));
        Self {
            number,
            channel,
            provider,
            customer,
            placed_at,
            days_ago,
            lines,
            fate,
            welcome: channel == "web" && dice.percent(12),
            season: dice.percent(18),
            express: channel == "web" && dice.percent(15),
            dice,
        }
    }

    pub(super) fn order_id(&self) -> OrderId {
        OrderId::natural(&[self.channel, &self.external_id()])
    }

    pub(super) fn payment_id(&self) -> PaymentId {
        PaymentId::natural(&["demo", &self.number.to_string()])
    }

    fn external_id(&self) -> String {
        let prefix = match self.channel {
            "web" => "W",
            "till" => "T",
            _ => "M",
        };
        format!("{prefix}-{}", 10_001 + self.number)
    }

    /// Whether the money is only authorized until the goods leave.
    pub(super) fn captured_on_dispatch(&self) -> bool {
        match self.fate {
            Fate::Authorized | Fate::Unknown => true,
            Fate::Fulfilled => {
                self.channel == "web" && self.provider == "stripe" && self.days_ago <= 10
            }
            _ => false,
        }
    }

    /// Whether goods leave some day.
    pub(super) const fn ships(&self) -> bool {
        match self.fate {
            Fate::Fulfilled
            | Fate::Checked
            | Fate::LineCanceled
            | Fate::Refunded
            | Fate::PartRefunded => true,
            Fate::Waiting | Fate::Authorized | Fate::Unknown | Fate::Held | Fate::Canceled => false,
        }
    }

    /// When the goods leave and when they arrive.
    pub(super) fn journey(&self) -> (Instant, Instant) {
        if self.channel == "till" {
            return (self.placed_at, self.placed_at);
        }
        let mut dice = self.dice.clone();
        let left = after(self.placed_at, dice.between(6, 40) * HOUR);
        let days = if self.express { 1 } else { dice.between(1, 4) };
        (
            left,
            after(left, days * DAY + dice.between(0, 300) * MINUTE),
        )
    }

    /// What the label costs, if there is one.
    pub(super) fn label_cost(&self) -> Option<i64> {
        let mut dice = self.dice.clone();
        let express = if self.express { 600 } else { 0 };
        (self.channel != "till").then(|| dice.between(430, 780) + express)
    }

    /// When the money moved, if it moved outside.
    pub(super) fn paid_at(&self) -> Instant {
        after(self.placed_at, MINUTE)
    }

    pub(super) fn command(
        &self,
        retailer: &Retailer,
        goods: &[Good],
        address_ref: Option<Uuid>,
    ) -> PlaceOrder {
        let lines = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, (good, quantity))| PlaceLine {
                sku: Sku::from(goods[*good].sku),
                quantity: *quantity,
                unit_price_minor: None,
                discounts: if self.season && index == 0 {
                    vec![discount("SEASON15", 150_000)]
                } else {
                    Vec::new()
                },
            });
        PlaceOrder {
            order_id: Some(self.order_id()),
            channel: self.channel.to_owned(),
            external_ref: Some(ExternalRef {
                system: self.channel.to_owned(),
                id: self.external_id(),
            }),
            customer_id: self.customer.map(customer_id),
            address_ref,
            currency: None,
            lines: lines.collect(),
            discounts: if self.welcome {
                vec![discount("WELCOME10", 100_000)]
            } else {
                Vec::new()
            },
            shipping: self.shipping(retailer, goods),
            placed_at: Some(self.placed_at),
            subscription_id: None,
        }
    }

    fn shipping(&self, retailer: &Retailer, goods: &[Good]) -> Option<NewShipping> {
        let price = |(good, quantity): &(usize, i64)| retailer.price(&goods[*good]) * quantity;
        let worth: i64 = self.lines.iter().map(price).sum();
        let (method, amount_minor) = match self.channel {
            "web" if self.express => ("express", 1_290),
            "web" if worth < FREE_FROM => ("standard", 590),
            "marketplace" => ("standard", 490),
            _ => return None,
        };
        Some(NewShipping {
            method: method.to_owned(),
            amount_minor,
            tax_class: "standard".to_owned(),
        })
    }
}

/// The customer of this number.
pub(super) fn customer_id(number: usize) -> CustomerId {
    CustomerId::natural(&["web", &customer_number(number)])
}

/// The customer's number in the web shop.
pub(super) fn customer_number(number: usize) -> String {
    format!("C-{}", 1_001 + number)
}

/// Where an order goes, if it goes anywhere.
pub(super) fn recipient(retailer: &Retailer, plan: &Plan) -> Option<Person> {
    if plan.channel == "till" {
        return None;
    }
    // Guests are people of their own.
    let number = plan.customer.unwrap_or(CUSTOMERS + plan.number);
    Some(Person::of(retailer.slug, retailer.country, number))
}

fn discount(code: &str, rate_ppm: i64) -> NewDiscount {
    NewDiscount {
        code: code.to_owned(),
        value: DiscountValue::Rate(rate_ppm),
    }
}

/// An instant that many microseconds later.
fn after(at: Instant, micros: i64) -> Instant {
    Instant::from_micros(at.micros().saturating_add(micros)).unwrap_or(at)
}

/// In opening hours of a day, and some minutes before now.
fn placed_at(retailer: &Retailer, dice: &mut Dice, days_ago: i64, now: Instant) -> Instant {
    let zone = retailer.zone();
    let day = zone.start_of(zone.date_of(after(now, -days_ago * DAY)));
    let at = after(day, dice.between(8 * 60, 21 * 60) * MINUTE);
    at.min(after(now, -dice.between(5, 90) * MINUTE))
}

fn lines(dice: &mut Dice, goods: &[Good]) -> Vec<(usize, i64)> {
    let tracked = goods.len() - SERVICES;
    let count = [1, 1, 1, 2, 2, 3, 4][dice.index(7)];
    let mut lines: Vec<(usize, i64)> = Vec::with_capacity(count + 1);
    while lines.len() < count {
        let best = dice.percent(40);
        let good = dice.index(if best { BEST_SELLERS } else { tracked });
        if lines.iter().all(|(known, _)| *known != good) {
            let most = if good < BEST_SELLERS { 4 } else { 2 };
            lines.push((good, dice.between(1, most)));
        }
    }
    if dice.percent(9) {
        lines.push((tracked + dice.index(SERVICES), 1));
    }
    lines
}

/// So few orders are this young that their fates are dealt, and not thrown.
const fn dealt(number: usize, days_ago: i64) -> Option<Fate> {
    if days_ago > 2 {
        return None;
    }
    Some(match number % 6 {
        1 | 4 => Fate::Authorized,
        2 => Fate::Unknown,
        3 => Fate::Held,
        5 => Fate::Fulfilled,
        _ => Fate::Waiting,
    })
}

fn thrown(dice: &mut Dice, channel: &str, days_ago: i64, lines: usize) -> Fate {
    if channel == "till" {
        return if dice.percent(2) {
            Fate::Refunded
        } else {
            Fate::Fulfilled
        };
    }
    match dice.between(0, 99) {
        0..4 => Fate::Canceled,
        4..8 if lines > 1 => Fate::LineCanceled,
        8..12 => Fate::Checked,
        12..15 if days_ago > 10 => Fate::Refunded,
        15..20 if days_ago > 10 => Fate::PartRefunded,
        _ => Fate::Fulfilled,
    }
}

/// Orders are spread evenly, the last on today.
fn days_ago(number: usize) -> i64 {
    let passed = number * DAYS / ORDERS;
    i64::try_from(DAYS - 1 - passed.min(DAYS - 1)).unwrap_or(0)
}
