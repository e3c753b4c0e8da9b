//! Moves units from one warehouse to another, at the value that they have.

use serde::Serialize;

use super::guard::{check_available, check_room, configured_position};
use super::{InventoryEvent, TransferDispatched, TransferReceived};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Refusal, Sku, StreamId, Warehouse, code, quantity};
use crate::world::World;

/// Moves units that nobody holds. They leave and arrive in one step.
#[derive(Clone, Debug, Serialize)]
pub struct TransferStock {
    /// What.
    pub sku: Sku,
    /// Where they leave.
    pub from: Warehouse,
    /// Where they arrive.
    pub to: Warehouse,
    /// Units.
    pub quantity: i64,
}

impl Command for TransferStock {
    const NAME: &'static str = "TransferStock";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        if self.from == self.to {
            let message = "the units are in this warehouse already";
            return Err(Refusal::at(code::DUPLICATE_ENTRY, "to", message).into());
        }
        let out = StreamId::stock(&self.sku, &self.from);
        let into = StreamId::stock(&self.sku, &self.to);
        world.want([out, into])?;
        let source = configured_position(world, &self.sku, &self.from, "from")?;
        let target = configured_position(world, &self.sku, &self.to, "to")?;
        quantity(self.quantity, "quantity")?;
        check_available(source, self.quantity, "quantity")?;
        let value_minor = source.value_of(self.quantity);
        let (units, value) = ((self.quantity, "quantity"), (value_minor, "quantity"));
        check_room(target, units, value)?;

        let transfer_id = ctx.fresh_id();
        let dispatched = TransferDispatched {
            transfer_id,
            sku: self.sku.clone(),
            warehouse: self.from.clone(),
            to: self.to.clone(),
            quantity: self.quantity,
            value_minor,
        };
        let received = TransferReceived {
            transfer_id,
            sku: self.sku.clone(),
            warehouse: self.to.clone(),
            from: self.from.clone(),
            quantity: self.quantity,
            value_minor,
        };
        Ok(Decision::about(transfer_id)
            .with(out, InventoryEvent::TransferDispatched(dispatched))
            .with(into, InventoryEvent::TransferReceived(received)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::{position, reserved};
    use super::*;
    use crate::kernel::QUANTITY_MAX;
    use crate::testing::{Past, refused, retailer};

    fn transfer(from: &str, to: &str, quantity: i64) -> TransferStock {
        TransferStock {
            sku: "A".into(),
            from: from.into(),
            to: to.into(),
            quantity,
        }
    }

    fn holdings(past: &Past) -> [(i64, i64); 2] {
        ["east", "west"].map(|warehouse| {
            let position = position(past, "A", warehouse);
            (position.on_hand, position.value_minor)
        })
    }

    #[test]
    fn a_transfer_moves_units_with_their_value() {
        let mut past = retailer().stocked("A", "east", 3, 10_000);
        let outcome = past.when(&transfer("east", "west", 1)).expect("in stock");
        assert_eq!(outcome.events.len(), 2);
        assert_eq!(holdings(&past), [(2, 6667), (1, 3333)]);
        past.when(&transfer("east", "west", 2)).expect("the rest");
        assert_eq!(holdings(&past), [(0, 0), (3, 10_000)]);
    }

    #[test]
    fn transfers_that_break_a_rule_are_refused() {
        let mut past =
            retailer()
                .stocked("A", "east", 3, 10_000)
                .stocked("A", "west", QUANTITY_MAX, 0);
        reserved(&mut past, 1, None);
        for (command, expected) in [
            (transfer("east", "east", 1), "DUPLICATE_ENTRY to"),
            (transfer("moon", "east", 1), "WAREHOUSE_UNKNOWN from"),
            (transfer("east", "moon", 1), "WAREHOUSE_UNKNOWN to"),
            (
                transfer("east", "west", 0),
                "QUANTITY_NOT_POSITIVE quantity",
            ),
            (transfer("east", "west", 3), "OUT_OF_STOCK quantity"),
            (
                transfer("east", "west", 1),
                "QUANTITY_OUT_OF_RANGE quantity",
            ),
        ] {
            assert_eq!(refused(past.when(&command)), expected, "{command:?}");
        }
    }
}
