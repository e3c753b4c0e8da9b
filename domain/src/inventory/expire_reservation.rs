//! Ends a reservation whose time ran out: what the clock asks for.

use serde::Serialize;

use super::guard::{own_reservation, tracked_position};
use super::{InventoryEvent, ReleaseReason, ReservationReleased};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Refusal, ReservationId, Sku, StreamId, Warehouse, code};
use crate::world::World;

/// Makes the units of an expired reservation free again.
#[derive(Clone, Debug, Serialize)]
pub struct ExpireReservation {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Which reservation.
    pub reservation_id: ReservationId,
}

impl Command for ExpireReservation {
    const NAME: &'static str = "ExpireReservation";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let position = tracked_position(world, &self.sku, &self.warehouse)?;
        let reservation = own_reservation(position, self.reservation_id)?;
        if !reservation.expired(ctx.now) {
            let message = "the reservation has not expired";
            return Err(Refusal::at(code::WRONG_STATE, "reservationId", message).into());
        }
        let released = ReservationReleased {
            reservation_id: self.reservation_id,
            sku: self.sku.clone(),
            warehouse: self.warehouse.clone(),
            quantity: reservation.quantity,
            reason: ReleaseReason::Expired,
        };
        let stream = StreamId::stock(&self.sku, &self.warehouse);
        Ok(Decision::about(stream.id).with(stream, InventoryEvent::ReservationReleased(released)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::{position, reserved};
    use super::*;
    use crate::testing::{Past, refused, retailer};

    fn expire(reservation_id: ReservationId) -> ExpireReservation {
        ExpireReservation {
            sku: "A".into(),
            warehouse: "east".into(),
            reservation_id,
        }
    }

    fn stocked() -> Past {
        retailer()
            .stocked("A", "east", 5, 0)
            .at("2026-03-01T00:00:00Z")
    }

    #[test]
    fn a_reservation_expires_at_its_instant_and_not_before() {
        let mut past = stocked();
        let id = reserved(&mut past, 4, Some("2026-03-01T01:00:00Z"));
        let mut past = past.at("2026-03-01T00:59:59Z");
        assert_eq!(refused(past.when(&expire(id))), "WRONG_STATE reservationId");
        let mut past = past.at("2026-03-01T01:00:00Z");
        past.when(&expire(id)).expect("its time is over");
        assert_eq!(position(&past, "A", "east").available(), 5);
        assert_eq!(refused(past.when(&expire(id))), "NOT_FOUND reservationId");
    }

    #[test]
    fn a_reservation_without_an_end_does_not_expire() {
        let mut past = stocked();
        let id = reserved(&mut past, 4, None);
        let mut past = past.at("2099-01-01T00:00:00Z");
        assert_eq!(refused(past.when(&expire(id))), "WRONG_STATE reservationId");
    }
}
