//! Takes a shipment's goods out of one warehouse, at their share of its value.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::inventory::{OrderLineRef, Position, StockIssued};
use crate::kernel::{Halt, OrderId, Refusal, Refused, ReservationId, Sku, Warehouse, code};
use crate::orders::LineState;
use crate::world::World;

/// Units of one order line to ship.
#[derive(Clone, Debug)]
pub(super) struct Picked<'a> {
    pub(super) line: &'a LineState,
    pub(super) quantity: i64,
    /// The input field that asked for them.
    pub(super) field: String,
}

/// What a position has left while a shipment takes from it.
struct Left {
    on_hand: i64,
    value_minor: i64,
    available: i64,
}

/// The issues of all picked lines from one warehouse.
///
/// A line that holds stock takes what it holds there. A line that holds none (a channel took the
/// order) takes what nobody holds. Lines of the same SKU share one position: each takes its value
/// from what those before it left.
pub(super) fn issue(
    world: &World<'_>,
    order_id: OrderId,
    warehouse: &Warehouse,
    lines: &[Picked<'_>],
) -> Result<Vec<StockIssued>, Halt> {
    let mut positions: BTreeMap<&Sku, Left> = BTreeMap::new();
    let mut issues = Vec::new();
    for picked in lines {
        let sku = &picked.line.sku;
        let left = match positions.entry(sku) {
            Entry::Occupied(left) => left.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(Left::of(world.position(sku, warehouse)?)),
        };
        for (reservation_id, quantity) in sources(picked, warehouse, left)? {
            issues.push(StockIssued {
                sku: sku.clone(),
                warehouse: warehouse.clone(),
                quantity,
                value_minor: left.take(quantity, reservation_id.is_some()),
                order_line: Some(OrderLineRef {
                    order_id,
                    line: picked.line.line,
                }),
                reservation_id,
            });
        }
    }
    Ok(issues)
}

/// Whether the stock that the line holds in a warehouse is enough. A line that holds none at all
/// may be shipped from anywhere.
pub(super) fn may_ship_from(picked: &Picked<'_>, warehouse: &Warehouse) -> bool {
    picked.line.held.is_empty() || picked.line.held_in(warehouse) >= picked.quantity
}

/// The reservations, or the free stock, that the units come from.
fn sources(
    picked: &Picked<'_>,
    warehouse: &Warehouse,
    left: &Left,
) -> Refused<Vec<(Option<ReservationId>, i64)>> {
    let Picked { line, quantity, .. } = picked;
    let there = if line.held.is_empty() {
        left.available
    } else {
        line.held_in(warehouse).min(left.on_hand)
    };
    if there < *quantity {
        let message = format!(
            "{quantity} units of `{}` are to be shipped from `{warehouse}` and {there} are there \
             for line {}",
            line.sku, line.line
        );
        return Err(Refusal::at(
            code::OUT_OF_STOCK,
            picked.field.as_str(),
            message,
        ));
    }
    if line.held.is_empty() {
        return Ok(vec![(None, *quantity)]);
    }
    let used = line.used_by(warehouse, *quantity).into_iter();
    Ok(used
        .map(|held| (Some(held.reservation_id), held.quantity))
        .collect())
}

impl Left {
    const fn of(position: &Position) -> Self {
        Self {
            on_hand: position.on_hand,
            value_minor: position.value_minor,
            available: position.available(),
        }
    }

    /// Takes units and answers their value. Held units were not available in the first place.
    fn take(&mut self, quantity: i64, held: bool) -> i64 {
        let position = Position {
            on_hand: self.on_hand,
            value_minor: self.value_minor,
            ..Position::default()
        };
        let value_minor = position.value_of(quantity);
        self.on_hand -= quantity;
        self.value_minor -= value_minor;
        if !held {
            self.available -= quantity;
        }
        value_minor
    }
}
