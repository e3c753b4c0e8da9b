//! Takes units out for good, outside of any order.

use serde::Serialize;

use super::allocation::out_of_stock;
use super::guard::{check_available, configured_position, own_reservation};
use super::{InventoryEvent, Position, StockIssued};
use crate::command::{Command, Decision};
use crate::kernel::{
    Ctx, Halt, Instant, Refusal, Refused, ReservationId, Sku, StreamId, Warehouse, code, quantity,
};
use crate::world::World;

/// Takes units out of a warehouse at their share of the position's value.
#[derive(Clone, Debug, Serialize)]
pub struct IssueStock {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units.
    pub quantity: i64,
    /// The reservation that holds them; without one, only units that nobody holds are taken.
    pub reservation_id: Option<ReservationId>,
}

impl Command for IssueStock {
    const NAME: &'static str = "IssueStock";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let position = configured_position(world, &self.sku, &self.warehouse, "warehouse")?;
        quantity(self.quantity, "quantity")?;
        match self.reservation_id {
            None => check_available(position, self.quantity, "quantity")?,
            Some(id) => check_held(position, id, self.quantity, ctx.now)?,
        }
        let issued = StockIssued {
            sku: self.sku.clone(),
            warehouse: self.warehouse.clone(),
            quantity: self.quantity,
            value_minor: position.value_of(self.quantity),
            order_line: None,
            reservation_id: self.reservation_id,
        };
        let stream = StreamId::stock(&self.sku, &self.warehouse);
        Ok(Decision::about(stream.id).with(stream, InventoryEvent::Issued(issued)))
    }
}

fn check_held(position: &Position, id: ReservationId, quantity: i64, now: Instant) -> Refused<()> {
    let reservation = own_reservation(position, id)?;
    if reservation.expired(now) {
        let message = "the reservation has expired";
        return Err(Refusal::at(code::WRONG_STATE, "reservationId", message));
    }
    if quantity > reservation.quantity {
        return Err(out_of_stock(quantity, reservation.quantity, "quantity"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::laws::{ordered, position, reserved};
    use super::super::{ReceiptCost, ReceiveStock};
    use super::*;
    use crate::event::Event;
    use crate::testing::{Past, refused, retailer};

    fn issue(quantity: i64, reservation_id: Option<ReservationId>) -> IssueStock {
        IssueStock {
            sku: "A".into(),
            warehouse: "east".into(),
            quantity,
            reservation_id,
        }
    }

    fn issued_value(past: &mut Past, quantity: i64) -> i64 {
        let outcome = past.when(&issue(quantity, None)).expect("in stock");
        match &outcome.events[..] {
            [Event::Inventory(InventoryEvent::Issued(issued))] => issued.value_minor,
            other => panic!("one issue, not {other:?}"),
        }
    }

    fn received(past: &mut Past, quantity: i64, unit_minor: i64) -> i64 {
        let command = ReceiveStock {
            sku: "A".into(),
            warehouse: "east".into(),
            quantity,
            cost: ReceiptCost::Unit(unit_minor),
            reference: None,
        };
        past.when(&command).expect("a receipt");
        position(past, "A", "east").value_minor
    }

    /// The average-cost example of Odoo's valuation cheat sheet.
    #[test]
    fn issues_take_the_average_cost() {
        let mut past = retailer();
        assert_eq!(received(&mut past, 8, 10), 80);
        assert_eq!(received(&mut past, 4, 16), 144);
        assert_eq!(issued_value(&mut past, 10), 120);
        assert_eq!(position(&past, "A", "east").value_minor, 24);
        assert_eq!(received(&mut past, 2, 6), 36);
    }

    /// The values of Odoo's rounding tests. The second differs from Odoo, which rounds half up:
    /// 32.665 is 32.66 here.
    #[test]
    fn unit_issues_of_an_uneven_value_lose_no_cent() {
        for (value, issues) in [
            (10_000, [3333, 3334, 3333]),
            (9800, [3267, 3266, 3267]),
            (485, [162, 162, 161]),
        ] {
            let mut past = retailer().stocked("A", "east", 3, value);
            assert_eq!([1, 1, 1].map(|unit| issued_value(&mut past, unit)), issues);
            assert_eq!(position(&past, "A", "east").value_minor, 0);
        }
    }

    #[test]
    fn held_units_are_issued_through_their_reservation_only() {
        let mut past = retailer().stocked("A", "east", 5, 500);
        let id = reserved(&mut past, 4, Some("2026-03-01T00:00:00Z"));
        for (command, expected) in [
            (issue(2, None), "OUT_OF_STOCK quantity"),
            (issue(5, Some(id)), "OUT_OF_STOCK quantity"),
            (
                issue(1, Some(ReservationId::default())),
                "NOT_FOUND reservationId",
            ),
        ] {
            assert_eq!(refused(past.when(&command)), expected);
        }
        past.when(&issue(3, Some(id))).expect("held");
        let position = position(&past, "A", "east");
        assert_eq!(
            (position.on_hand, position.reserved, position.value_minor),
            (2, 1, 200)
        );
    }

    #[test]
    fn an_expired_reservation_holds_nothing_that_can_be_issued() {
        let mut past = retailer().stocked("A", "east", 5, 500);
        let id = reserved(&mut past, 4, Some("2026-03-01T00:00:00Z"));
        let mut past = past.at("2026-03-01T00:00:00Z");
        assert_eq!(
            refused(past.when(&issue(1, Some(id)))),
            "WRONG_STATE reservationId"
        );
    }

    #[test]
    fn what_an_order_holds_leaves_by_a_shipment() {
        let (mut past, id) = ordered(retailer().stocked("A", "east", 5, 0), 2);
        assert_eq!(
            refused(past.when(&issue(1, Some(id)))),
            "NOT_FOUND reservationId"
        );
    }
}
