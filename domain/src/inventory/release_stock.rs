//! Gives up a reservation, or a part of it.

use serde::Serialize;

use super::guard::{own_reservation, tracked_position};
use super::{InventoryEvent, ReleaseReason, ReservationReleased};
use crate::command::{Command, Decision};
use crate::kernel::{
    Ctx, Halt, Refusal, Refused, ReservationId, Sku, StreamId, Warehouse, code, quantity,
};
use crate::world::World;

/// Makes held units free again. What an order line holds, its order releases.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseStock {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Which reservation.
    pub reservation_id: ReservationId,
    /// Units; all that it holds if not given.
    pub quantity: Option<i64>,
}

impl Command for ReleaseStock {
    const NAME: &'static str = "ReleaseStock";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let position = tracked_position(world, &self.sku, &self.warehouse)?;
        let held = own_reservation(position, self.reservation_id)?.quantity;
        let released = ReservationReleased {
            reservation_id: self.reservation_id,
            sku: self.sku.clone(),
            warehouse: self.warehouse.clone(),
            quantity: self.quantity.map_or(Ok(held), |asked| part(asked, held))?,
            reason: ReleaseReason::Requested,
        };
        let stream = StreamId::stock(&self.sku, &self.warehouse);
        Ok(Decision::about(stream.id).with(stream, InventoryEvent::ReservationReleased(released)))
    }
}

fn part(asked: i64, held: i64) -> Refused<i64> {
    if quantity(asked, "quantity")? <= held {
        return Ok(asked);
    }
    let message = format!("the reservation holds {held} units");
    Err(Refusal::at(
        code::QUANTITY_EXCEEDS_OPEN,
        "quantity",
        message,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::laws::{ordered, position, reserved};
    use super::*;
    use crate::testing::{refused, retailer};

    fn release(reservation_id: ReservationId, quantity: Option<i64>) -> ReleaseStock {
        ReleaseStock {
            sku: "A".into(),
            warehouse: "east".into(),
            reservation_id,
            quantity,
        }
    }

    #[test]
    fn a_reservation_is_released_in_part_and_then_whole() {
        let mut past = retailer().stocked("A", "east", 5, 0);
        let id = reserved(&mut past, 4, None);
        past.when(&release(id, Some(1))).expect("a part");
        assert_eq!(position(&past, "A", "east").reserved, 3);
        assert_eq!(
            refused(past.when(&release(id, Some(4)))),
            "QUANTITY_EXCEEDS_OPEN quantity"
        );
        past.when(&release(id, None)).expect("the rest");
        assert_eq!(position(&past, "A", "east").available(), 5);
        assert_eq!(
            refused(past.when(&release(id, None))),
            "NOT_FOUND reservationId"
        );
    }

    #[test]
    fn what_an_order_holds_only_the_order_releases() {
        let (mut past, id) = ordered(retailer().stocked("A", "east", 5, 0), 2);
        assert_eq!(
            refused(past.when(&release(id, None))),
            "NOT_FOUND reservationId"
        );
    }
}
