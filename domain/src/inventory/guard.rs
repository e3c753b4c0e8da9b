//! What the stock commands check alike.

use super::allocation::out_of_stock;
use super::{Position, Reservation};
use crate::kernel::{
    Halt, QUANTITY_MAX, Refusal, Refused, ReservationId, Sku, StreamId, Warehouse, amount, code,
};
use crate::world::World;

/// Refuses a SKU that is unknown or whose stock is not tracked.
pub(super) fn check_tracked(world: &World<'_>, sku: &Sku) -> Result<(), Halt> {
    let item = world.item(sku)?;
    item.check_known(sku, "sku")?;
    if !item.tracked {
        let message = "stock of the SKU is not tracked";
        return Err(Refusal::at(code::WRONG_STATE, "sku", message).into());
    }
    Ok(())
}

/// The position of a tracked SKU, whether the warehouse is still configured or not.
pub(super) fn tracked_position<'a>(
    world: &World<'a>,
    sku: &Sku,
    warehouse: &Warehouse,
) -> Result<&'a Position, Halt> {
    world.want([StreamId::sku(sku), StreamId::stock(sku, warehouse)])?;
    check_tracked(world, sku)?;
    world.position(sku, warehouse)
}

/// The position of a tracked SKU in a configured warehouse, which the input field `field` names.
pub(super) fn configured_position<'a>(
    world: &World<'a>,
    sku: &Sku,
    warehouse: &Warehouse,
    field: &str,
) -> Result<&'a Position, Halt> {
    let position = tracked_position(world, sku, warehouse)?;
    world.tenant()?.check_warehouse(warehouse, field)?;
    Ok(position)
}

/// Refuses to take more units than nobody holds.
pub(super) fn check_available(position: &Position, quantity: i64, field: &str) -> Refused<()> {
    if quantity <= position.available() {
        return Ok(());
    }
    Err(out_of_stock(quantity, position.available(), field))
}

/// Refuses to put in more than a position may hold.
pub(super) fn check_room(
    position: &Position,
    (quantity, quantity_field): (i64, &str),
    (value_minor, value_field): (i64, &str),
) -> Refused<()> {
    if i128::from(position.on_hand) + i128::from(quantity) > i128::from(QUANTITY_MAX) {
        let message = format!("the position would exceed {QUANTITY_MAX} units");
        return Err(Refusal::at(
            code::QUANTITY_OUT_OF_RANGE,
            quantity_field,
            message,
        ));
    }
    let value = i128::from(position.value_minor) + i128::from(value_minor);
    amount(value, value_field).map(drop)
}

/// A reservation that no order owns.
pub(super) fn own_reservation(position: &Position, id: ReservationId) -> Refused<&Reservation> {
    let found = position.reservations.get(&id);
    found.ok_or_else(|| {
        let message =
            "no reservation of its own has this id; what an order holds, the order releases";
        Refusal::at(code::NOT_FOUND, "reservationId", message)
    })
}
