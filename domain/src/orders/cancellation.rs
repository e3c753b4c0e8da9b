//! Giving up open units: what it takes off the order, and the stock that is free again.

use super::{LineCanceled, LineState};
use crate::command::Decision;
use crate::inventory::{InventoryEvent, ReleaseReason, ReservationReleased};
use crate::kernel::{Halt, OrderId, StreamId, allocate};
use crate::world::World;

/// The fact that `quantity` open units of a line, more than none, are given up.
///
/// They take their share of the line's amounts by cumulative rounding, counted from the line's last
/// unit; shipped units are counted from its first. So the shares of all units sum to the line.
pub(super) fn give_up(
    order_id: OrderId,
    line: &LineState,
    quantity: i64,
    reason: &str,
) -> LineCanceled {
    let to = line.ordered - line.canceled;
    let from = to - quantity;
    let part = |whole| allocate(whole, from, to, line.ordered);
    LineCanceled {
        order_id,
        line: line.line,
        quantity,
        net_minor: part(line.net_minor),
        tax_minor: part(line.tax_minor),
        reason: reason.to_owned(),
    }
}

/// Adds to a decision that the stock held for units given up is free again.
pub(super) fn release_stock<'l>(
    decision: &mut Decision,
    world: &World<'_>,
    given_up: impl IntoIterator<Item = (&'l LineState, i64)>,
) -> Result<(), Halt> {
    let mut streams = Vec::new();
    for (line, quantity) in given_up {
        for freed in line.freed_by(quantity) {
            let stream = StreamId::stock(&line.sku, &freed.warehouse);
            streams.push(stream);
            let released = ReservationReleased {
                reservation_id: freed.reservation_id,
                sku: line.sku.clone(),
                warehouse: freed.warehouse,
                quantity: freed.quantity,
                reason: ReleaseReason::Canceled,
            };
            decision.push(stream, InventoryEvent::ReservationReleased(released));
        }
    }
    world.want(streams)
}
