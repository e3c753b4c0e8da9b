//! Holds units for somebody, outside of any order.

use serde::Serialize;

use super::allocation::out_of_stock;
use super::guard::{check_available, check_tracked, configured_position};
use super::{InventoryEvent, StockReserved};
use crate::command::{Command, Decision};
use crate::kernel::{
    Ctx, Halt, Instant, Refusal, Refused, ReservationId, Sku, StreamId, Warehouse, code, quantity,
};
use crate::world::World;

/// Holds units of a SKU in one warehouse.
#[derive(Clone, Debug, Serialize)]
pub struct ReserveStock {
    /// What.
    pub sku: Sku,
    /// Where; if not given, in the first warehouse, in the tenant's order, that has all the units.
    pub warehouse: Option<Warehouse>,
    /// Units.
    pub quantity: i64,
    /// When they become free by themselves.
    pub expires_at: Option<Instant>,
}

impl Command for ReserveStock {
    const NAME: &'static str = "ReserveStock";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        check_tracked(world, &self.sku)?;
        quantity(self.quantity, "quantity")?;
        check_later(self.expires_at, ctx.now)?;
        let warehouse = self.place(world)?;
        let reservation_id = ReservationId(ctx.fresh_id());
        let reserved = StockReserved {
            reservation_id,
            sku: self.sku.clone(),
            warehouse: warehouse.clone(),
            quantity: self.quantity,
            order_line: None,
            expires_at: self.expires_at,
        };
        let stream = StreamId::stock(&self.sku, warehouse);
        Ok(Decision::about(reservation_id.0).with(stream, InventoryEvent::Reserved(reserved)))
    }
}

impl ReserveStock {
    /// The warehouse that has all the units.
    fn place<'a>(&'a self, world: &World<'a>) -> Result<&'a Warehouse, Halt> {
        let Some(warehouse) = &self.warehouse else {
            return self.first_that_fills(world);
        };
        let position = configured_position(world, &self.sku, warehouse, "warehouse")?;
        check_available(position, self.quantity, "quantity")?;
        Ok(warehouse)
    }

    fn first_that_fills<'a>(&self, world: &World<'a>) -> Result<&'a Warehouse, Halt> {
        let warehouses = &world.tenant()?.warehouses;
        let streams = warehouses
            .iter()
            .map(|warehouse| StreamId::stock(&self.sku, warehouse));
        world.want(streams)?;
        let mut most = 0;
        for warehouse in warehouses {
            let available = world.position(&self.sku, warehouse)?.available();
            if available >= self.quantity {
                return Ok(warehouse);
            }
            most = most.max(available);
        }
        Err(out_of_stock(self.quantity, most, "quantity").into())
    }
}

fn check_later(expires_at: Option<Instant>, now: Instant) -> Refused<()> {
    if expires_at.is_none_or(|at| at > now) {
        return Ok(());
    }
    let message = "the reservation would expire at once";
    Err(Refusal::at(code::TIME_OUT_OF_ORDER, "expiresAt", message))
}

#[cfg(test)]
mod tests {
    use super::super::laws::position;
    use super::*;
    use crate::testing::{refused, retailer};

    fn reserve(warehouse: Option<&str>, quantity: i64) -> ReserveStock {
        ReserveStock {
            sku: "A".into(),
            warehouse: warehouse.map(Warehouse::from),
            quantity,
            expires_at: None,
        }
    }

    #[test]
    fn of_200_buyers_of_the_last_10_units_10_win() {
        let mut past = retailer().stocked("A", "east", 10, 9100);
        let won = (0..200).filter(|_| past.when(&reserve(None, 1)).is_ok());
        assert_eq!(won.count(), 10);
        let position = position(&past, "A", "east");
        assert_eq!(
            (position.on_hand, position.reserved, position.available()),
            (10, 10, 0)
        );
    }

    #[test]
    fn without_a_warehouse_the_first_that_has_all_units_holds_them() {
        let mut past = retailer()
            .stocked("A", "east", 6, 0)
            .stocked("A", "west", 10, 0);
        past.when(&reserve(None, 10)).expect("west has 10");
        past.when(&reserve(None, 6)).expect("east has 6");
        assert_eq!(
            (
                position(&past, "A", "west").reserved,
                position(&past, "A", "east").reserved
            ),
            (10, 6)
        );
    }

    #[test]
    fn units_are_not_gathered_from_several_warehouses() {
        let mut past = retailer()
            .stocked("A", "east", 6, 0)
            .stocked("A", "west", 6, 0);
        assert_eq!(
            refused(past.when(&reserve(None, 7))),
            "OUT_OF_STOCK quantity"
        );
    }

    #[test]
    fn a_named_warehouse_must_be_configured_and_have_the_units() {
        let mut past = retailer().stocked("A", "west", 6, 0);
        for (command, expected) in [
            (reserve(Some("east"), 1), "OUT_OF_STOCK quantity"),
            (reserve(Some("moon"), 1), "WAREHOUSE_UNKNOWN warehouse"),
            (reserve(Some("west"), -1), "QUANTITY_NOT_POSITIVE quantity"),
        ] {
            assert_eq!(refused(past.when(&command)), expected);
        }
    }

    #[test]
    fn a_reservation_cannot_have_expired_already() {
        let mut past = retailer()
            .stocked("A", "east", 1, 0)
            .at("2026-03-01T00:00:00Z");
        let command = ReserveStock {
            expires_at: Some(Instant::parse("2026-03-01T00:00:00Z", "at").expect("instant")),
            ..reserve(None, 1)
        };
        assert_eq!(refused(past.when(&command)), "TIME_OUT_OF_ORDER expiresAt");
    }
}
