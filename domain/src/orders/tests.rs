//! Orders for tests, and laws over several commands.

use std::slice;

use proptest::prelude::*;

use crate::command::AnyCommand;
use crate::event::Event;
use crate::fulfillment::{DispatchShipment, ShippedLine};
use crate::inventory::Position;
use crate::kernel::{Currency, Instant, OrderId, Sku, StreamId};
use crate::orders::{
    CancelLine, CancelOrder, DiscountValue, ImportLine, ImportOrder, NewDiscount, NewShipping,
    Order, OrderEvent, OrderPlaced, PlaceLine, PlaceOrder,
};
use crate::state::State;
use crate::testing::{Outcome, Past, retailer};

/// A retailer with 100 of A, B and C in the east, at 8.80, 6.00 and 11.45.
pub(crate) fn stocked() -> Past {
    retailer()
        .stocked("A", "east", 100, 88_000)
        .stocked("B", "east", 100, 60_000)
        .stocked("C", "east", 100, 114_500)
}

/// The id of every order that [`order`] makes.
pub(crate) fn order_id() -> OrderId {
    OrderId::natural(&["web", "1001"])
}

pub(crate) fn order(lines: Vec<PlaceLine>) -> PlaceOrder {
    PlaceOrder {
        order_id: Some(order_id()),
        channel: "web".to_owned(),
        external_ref: None,
        customer_id: None,
        address_ref: None,
        currency: None,
        lines,
        discounts: Vec::new(),
        shipping: None,
        placed_at: None,
        subscription_id: None,
    }
}

/// A line at the catalog's price.
pub(crate) fn line(sku: &str, quantity: i64) -> PlaceLine {
    PlaceLine {
        sku: sku.into(),
        quantity,
        unit_price_minor: None,
        discounts: Vec::new(),
    }
}

/// The worked order: 2 A, 1 B, 1 C, 10.00 off, 5.99 for shipping.
pub(crate) fn worked_order() -> PlaceOrder {
    PlaceOrder {
        discounts: vec![NewDiscount {
            code: "TEN".to_owned(),
            value: DiscountValue::Amount(1000),
        }],
        shipping: Some(NewShipping {
            method: "standard".to_owned(),
            amount_minor: 599,
            tax_class: "standard".to_owned(),
        }),
        ..order(vec![line("A", 2), line("B", 1), line("C", 1)])
    }
}

/// The order that a decision placed.
pub(crate) fn placed(outcome: &Outcome) -> &OrderPlaced {
    let placed = outcome.events.iter().find_map(|event| match event {
        Event::Order(OrderEvent::Placed(placed)) => Some(&**placed),
        _ => None,
    });
    placed.expect("an order was placed")
}

/// The state of the order that [`order`] makes.
pub(crate) fn state(past: &Past) -> Order {
    match past.state_of(StreamId::from(order_id())) {
        State::Order(order) => *order,
        other => panic!("{other:?}"),
    }
}

/// An order of the till with these SKUs and units, at 1.00 a unit, not shipped.
pub(crate) fn imported(lines: &[(&str, i64)]) -> ImportOrder {
    let line = |(sku, quantity): &(&str, i64)| ImportLine {
        sku: (*sku).into(),
        quantity: *quantity,
        unit_price_minor: Some(100),
        gross_minor: 100 * quantity,
        discounts: Vec::new(),
        taxes: Vec::new(),
        net_minor: None,
    };
    ImportOrder {
        channel: "till".to_owned(),
        external_id: "R-1".to_owned(),
        customer_external_id: None,
        currency: Currency::default(),
        placed_at: Instant(jiff::Timestamp::UNIX_EPOCH),
        lines: lines.iter().map(line).collect(),
        shipping: None,
        total_minor: None,
        payments: Vec::new(),
        shipped: false,
    }
}

/// What may happen to an order after it was placed.
#[derive(Clone, Debug)]
enum Step {
    CancelLine(u32, i64),
    Ship(&'static str, u32, i64),
    CancelOrder,
}

fn step() -> impl Strategy<Value = Step> {
    let warehouse = prop_oneof![Just("east"), Just("west")];
    prop_oneof![
        4 => (1_u32..5, 0_i64..6).prop_map(|(line, units)| Step::CancelLine(line, units)),
        4 => (warehouse, 1_u32..5, 1_i64..6)
            .prop_map(|(warehouse, line, units)| Step::Ship(warehouse, line, units)),
        1 => Just(Step::CancelOrder),
    ]
}

impl Step {
    fn command(&self) -> Box<dyn AnyCommand> {
        let (order_id, reason) = (order_id(), "any".to_owned());
        match *self {
            Self::CancelLine(line, units) => Box::new(CancelLine {
                order_id,
                line,
                quantity: Some(units).filter(|units| *units > 0),
                reason,
            }),
            Self::Ship(warehouse, line, quantity) => Box::new(DispatchShipment {
                order_id,
                warehouse: Some(warehouse.into()),
                lines: vec![ShippedLine { line, quantity }],
                carrier: None,
                tracking: None,
                label_cost_minor: None,
                dispatched_at: None,
            }),
            Self::CancelOrder => Box::new(CancelOrder { order_id, reason }),
        }
    }
}

/// The position of a SKU in a warehouse.
fn position(past: &Past, sku: &Sku, warehouse: &str) -> Position {
    match past.state_of(StreamId::stock(sku, &warehouse.into())) {
        State::Stock(position) => *position,
        other => panic!("{other:?}"),
    }
}

/// Net amount and tax of what was canceled on a line.
fn given_up(past: &Past, line: u32) -> (i64, i64) {
    let canceled = past.events.iter().flat_map(|new| match &new.event {
        Event::Order(OrderEvent::LineCanceled(canceled)) => slice::from_ref(canceled),
        Event::Order(OrderEvent::Canceled(canceled)) => &canceled.lines,
        _ => &[],
    });
    canceled
        .filter(|canceled| canceled.line == line)
        .fold((0, 0), |sum, part| {
            (sum.0 + part.net_minor, sum.1 + part.tax_minor)
        })
}

proptest! {
    /// Invariants I2, I5 and I9 of the retail model, after every step of any history.
    #[test]
    fn order_and_stock_agree_whatever_happens(
        quantities in proptest::collection::vec((0_usize..3, 1_i64..8), 1..4),
        off in 0_i64..1_000_000,
        steps in proptest::collection::vec(step(), 0..12),
    ) {
        let lines = quantities.iter().map(|(sku, units)| line(["A", "B", "GIFT"][*sku], *units));
        let command = PlaceOrder {
            discounts: vec![NewDiscount { code: "x".to_owned(), value: DiscountValue::Rate(off) }],
            ..order(lines.collect())
        };
        let mut past = ["A", "B"].into_iter().fold(retailer(), |past, sku| {
            past.stocked(sku, "east", 10, 1_003).stocked(sku, "west", 14, 997)
        });
        past.when(&command).expect("enough is there");
        for step in steps {
            // A step that the rules refuse changes nothing; the laws hold either way.
            drop(past.when(&*step.command()));
            let order = state(&past);
            for sku in ["A", "B"].map(Sku::from) {
                for warehouse in ["east", "west"] {
                    let position = position(&past, &sku, warehouse);
                    let held = order.lines.iter().filter(|line| line.sku == sku);
                    let held: i64 = held.map(|line| line.held_in(&warehouse.into())).sum();
                    prop_assert_eq!(position.reserved, held);
                    prop_assert!(position.reservations.is_empty());
                    prop_assert!(position.on_hand >= held && position.value_minor >= 0);
                    prop_assert!(position.on_hand > 0 || position.value_minor == 0);
                }
            }
            for line in &order.lines {
                prop_assert!(line.open() >= 0 && line.canceled >= 0 && line.shipped >= 0);
                let held: i64 = line.held.iter().map(|held| held.quantity).sum();
                prop_assert_eq!(held, if line.sku.as_str() == "GIFT" { 0 } else { line.open() });
                let given_up = given_up(&past, line.line);
                prop_assert!(given_up.0 <= line.net_minor && given_up.1 <= line.tax_minor);
                if line.canceled == line.ordered {
                    prop_assert_eq!(given_up, (line.net_minor, line.tax_minor));
                }
            }
        }
    }
}
