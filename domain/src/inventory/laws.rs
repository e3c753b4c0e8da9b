//! What holds of stock after any history, and what the area's tests share.

use proptest::prelude::*;

use super::{
    AdjustStock, ExpireReservation, InventoryEvent, IssueStock, OrderLineRef, Position,
    ReceiptCost, ReceiveStock, ReleaseStock, ReserveStock, StockReserved, TransferStock,
};
use crate::command::AnyCommand;
use crate::kernel::{Instant, OrderId, ReservationId, Sku, StreamId, Warehouse};
use crate::state::State;
use crate::testing::{Past, retailer};

/// The stock of a SKU in a warehouse.
pub(super) fn position(past: &Past, sku: &str, warehouse: &str) -> Position {
    match past.state_of(StreamId::stock(&sku.into(), &warehouse.into())) {
        State::Stock(position) => *position,
        other => panic!("stock, not {other:?}"),
    }
}

/// Holds units of A in `east`.
pub(super) fn reserved(past: &mut Past, quantity: i64, until: Option<&str>) -> ReservationId {
    let command = ReserveStock {
        sku: "A".into(),
        warehouse: Some("east".into()),
        quantity,
        expires_at: until.map(|at| Instant::parse(at, "until").expect("instant")),
    };
    ReservationId(past.when(&command).expect("available").subject)
}

/// Lets an order hold units of A in `east`.
pub(super) fn ordered(past: Past, quantity: i64) -> (Past, ReservationId) {
    let (sku, warehouse) = (Sku::from("A"), Warehouse::from("east"));
    let reservation_id = ReservationId::natural(&["ordered"]);
    let stream = StreamId::stock(&sku, &warehouse);
    let held = StockReserved {
        reservation_id,
        sku,
        warehouse,
        quantity,
        order_line: Some(OrderLineRef {
            order_id: OrderId::default(),
            line: 1,
        }),
        expires_at: None,
    };
    (
        past.and(stream, InventoryEvent::Reserved(held)),
        reservation_id,
    )
}

/// A step of a random history. Most are refused at some time; none may break a law.
#[derive(Clone, Debug)]
enum Step {
    Receive(bool, i64, i64),
    Reserve(bool, i64, bool),
    Release(usize, Option<i64>),
    Expire(usize),
    Issue(bool, i64, Option<usize>),
    Adjust(bool, i64, Option<i64>),
    Transfer(bool, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let units = || -1..30_i64;
    prop_oneof![
        (any::<bool>(), units(), -1..5000_i64).prop_map(|(w, q, v)| Step::Receive(w, q, v)),
        (any::<bool>(), units(), any::<bool>()).prop_map(|(w, q, e)| Step::Reserve(w, q, e)),
        (0..9_usize, proptest::option::of(units())).prop_map(|(r, q)| Step::Release(r, q)),
        (0..9_usize).prop_map(Step::Expire),
        (any::<bool>(), units(), proptest::option::of(0..9_usize))
            .prop_map(|(w, q, r)| Step::Issue(w, q, r)),
        (
            any::<bool>(),
            -30..30_i64,
            proptest::option::of(-3000..3000_i64)
        )
            .prop_map(|(w, q, v)| Step::Adjust(w, q, v)),
        (any::<bool>(), units()).prop_map(|(w, q)| Step::Transfer(w, q)),
    ]
}

/// A reservation, where it is and how it is found again.
type Held = (Warehouse, ReservationId);

fn warehouse(west: bool) -> Warehouse {
    if west { "west" } else { "east" }.into()
}

fn nth(held: &[Held], index: usize) -> Held {
    let known = held.get(index % held.len().max(1)).cloned();
    known.unwrap_or((warehouse(false), ReservationId::default()))
}

fn take(past: Past, held: &mut Vec<Held>, step: &Step) -> Past {
    let late = matches!(step, Step::Expire(_));
    let mut past = past.at(if late {
        "2026-03-01T00:00:00Z"
    } else {
        "2026-01-15T12:00:00Z"
    });
    let outcome = past.when(command(held, step).as_ref());
    if let (Step::Reserve(west, ..), Ok(outcome)) = (step, outcome) {
        held.push((warehouse(*west), ReservationId(outcome.subject)));
    }
    past
}

fn command(held: &[Held], step: &Step) -> Box<dyn AnyCommand> {
    let sku = Sku::from("A");
    match *step {
        Step::Receive(west, quantity, value) => Box::new(ReceiveStock {
            sku,
            warehouse: warehouse(west),
            quantity,
            cost: ReceiptCost::Total(value),
            reference: None,
        }),
        Step::Reserve(west, quantity, expires) => {
            let until = Instant::parse("2026-02-01T00:00:00Z", "until").expect("instant");
            Box::new(ReserveStock {
                sku,
                warehouse: Some(warehouse(west)),
                quantity,
                expires_at: expires.then_some(until),
            })
        }
        Step::Release(index, quantity) => {
            let (warehouse, reservation_id) = nth(held, index);
            Box::new(ReleaseStock {
                sku,
                warehouse,
                reservation_id,
                quantity,
            })
        }
        Step::Expire(index) => {
            let (warehouse, reservation_id) = nth(held, index);
            Box::new(ExpireReservation {
                sku,
                warehouse,
                reservation_id,
            })
        }
        Step::Issue(west, quantity, index) => {
            let held = index.map(|index| nth(held, index));
            let warehouse = held
                .as_ref()
                .map_or_else(|| warehouse(west), |held| held.0.clone());
            Box::new(IssueStock {
                sku,
                warehouse,
                quantity,
                reservation_id: held.map(|held| held.1),
            })
        }
        Step::Adjust(west, quantity_delta, value_delta_minor) => Box::new(AdjustStock {
            sku,
            warehouse: warehouse(west),
            quantity_delta,
            value_delta_minor,
            reason: "count".to_owned(),
        }),
        Step::Transfer(west, quantity) => Box::new(TransferStock {
            sku,
            from: warehouse(west),
            to: warehouse(!west),
            quantity,
        }),
    }
}

proptest! {
    #[test]
    fn no_history_oversells_or_leaves_value_without_units(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let (mut past, mut held) = (retailer(), Vec::new());
        for step in steps {
            past = take(past, &mut held, &step);
            for name in ["east", "west"] {
                let position = position(&past, "A", name);
                let sum: i64 = position.reservations.values().map(|held| held.quantity).sum();
                prop_assert!(0 <= position.reserved && position.reserved <= position.on_hand);
                prop_assert_eq!(sum, position.reserved);
                prop_assert!(position.value_minor >= 0);
                prop_assert!(position.on_hand > 0 || position.value_minor == 0);
            }
        }
    }

    /// Only receipts, issues and adjustments change what all the stock is worth.
    #[test]
    fn transfers_keep_quantity_and_value(
        units in 1..1000_i64, value in 0..1_000_000_i64, moves in proptest::collection::vec((any::<bool>(), 1..1000_i64), 1..20),
    ) {
        let mut past = retailer().stocked("A", "east", units, value);
        for (west, quantity) in moves {
            past = take(past, &mut Vec::new(), &Step::Transfer(west, quantity));
        }
        let (east, west) = (position(&past, "A", "east"), position(&past, "A", "west"));
        prop_assert_eq!(east.on_hand + west.on_hand, units);
        prop_assert_eq!(east.value_minor + west.value_minor, value);
    }
}
