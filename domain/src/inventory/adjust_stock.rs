//! Corrects quantity and value after a count, damage or a find.

use serde::Serialize;

use super::guard::{check_available, check_room, configured_position};
use super::{InventoryEvent, Position, StockAdjusted};
use crate::command::{Command, Decision};
use crate::kernel::{
    Ctx, Halt, REASON_MAX, Refusal, Refused, Sku, StreamId, Warehouse, amount, code, quantity,
    share, text,
};
use crate::world::World;

/// Changes what a position holds by a difference.
#[derive(Clone, Debug, Serialize)]
pub struct AdjustStock {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units found or, negative, lost; 0 corrects the value alone.
    pub quantity_delta: i64,
    /// Value gained or, negative, written off. If not given, the units' share at average cost;
    /// it must be given for units found where nothing is on hand.
    pub value_delta_minor: Option<i64>,
    /// Why, for people.
    pub reason: String,
}

impl Command for AdjustStock {
    const NAME: &'static str = "AdjustStock";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let position = configured_position(world, &self.sku, &self.warehouse, "warehouse")?;
        self.check_quantity(position)?;
        let value_delta_minor = match self.value_delta_minor {
            Some(given) => amount(i128::from(given), "valueDeltaMinor")?,
            None => self.average_value(position)?,
        };
        self.check_value(position, value_delta_minor)?;
        text(&self.reason, REASON_MAX, "reason")?;
        let adjusted = StockAdjusted {
            sku: self.sku.clone(),
            warehouse: self.warehouse.clone(),
            quantity_delta: self.quantity_delta,
            value_delta_minor,
            reason: self.reason.clone(),
        };
        let stream = StreamId::stock(&self.sku, &self.warehouse);
        Ok(Decision::about(stream.id).with(stream, InventoryEvent::Adjusted(adjusted)))
    }
}

impl AdjustStock {
    fn check_quantity(&self, position: &Position) -> Refused<()> {
        if self.quantity_delta == 0 {
            if self.value_delta_minor.is_none_or(|delta| delta == 0) {
                let message = "the adjustment changes nothing";
                return Err(Refusal::at(
                    code::QUANTITY_NOT_POSITIVE,
                    "quantityDelta",
                    message,
                ));
            }
            return Ok(());
        }
        let units = self.quantity_delta.checked_abs().unwrap_or(i64::MAX);
        quantity(units, "quantityDelta")?;
        if self.quantity_delta < 0 {
            check_available(position, units, "quantityDelta")?;
        }
        Ok(())
    }

    /// The value of the units at average cost, with their sign.
    fn average_value(&self, position: &Position) -> Refused<i64> {
        if position.on_hand == 0 {
            return Err(value_refused(
                "nothing is on hand, so the value must be given",
            ));
        }
        let value = share(position.value_minor, self.quantity_delta, position.on_hand);
        amount(value, "valueDeltaMinor")
    }

    /// No value is negative, and none is left where no units are.
    fn check_value(&self, position: &Position, value_delta_minor: i64) -> Refused<()> {
        check_room(
            position,
            (self.quantity_delta, "quantityDelta"),
            (value_delta_minor, "valueDeltaMinor"),
        )?;
        let value_after = position.value_minor + value_delta_minor;
        if value_after < 0 {
            return Err(value_refused("the stock's value would become negative"));
        }
        if value_after != 0 && position.on_hand + self.quantity_delta == 0 {
            return Err(value_refused("value would be left where no units are"));
        }
        Ok(())
    }
}

fn value_refused(message: &str) -> Refusal {
    Refusal::at(code::VALUE_OUT_OF_RANGE, "valueDeltaMinor", message)
}

#[cfg(test)]
mod tests {
    use super::super::laws::{position, reserved};
    use super::*;
    use crate::kernel::QUANTITY_MAX;
    use crate::testing::{Past, refused, retailer};

    fn adjust(quantity_delta: i64, value_delta_minor: Option<i64>) -> AdjustStock {
        AdjustStock {
            sku: "A".into(),
            warehouse: "east".into(),
            quantity_delta,
            value_delta_minor,
            reason: "count".to_owned(),
        }
    }

    fn three_for_a_hundred() -> Past {
        retailer().stocked("A", "east", 3, 10_000)
    }

    fn after(mut past: Past, command: &AdjustStock) -> (i64, i64) {
        past.when(command).expect("an adjustment");
        let position = position(&past, "A", "east");
        (position.on_hand, position.value_minor)
    }

    #[test]
    fn lost_and_found_units_carry_the_average_cost_unless_it_is_given() {
        for (command, expected) in [
            (adjust(-1, None), (2, 6667)),
            (adjust(-3, None), (0, 0)),
            (adjust(2, None), (5, 16_667)),
            (adjust(-1, Some(0)), (2, 10_000)),
            (adjust(2, Some(1)), (5, 10_001)),
            (adjust(0, Some(-10_000)), (3, 0)),
        ] {
            assert_eq!(
                after(three_for_a_hundred(), &command),
                expected,
                "{command:?}"
            );
        }
    }

    #[test]
    fn units_found_where_nothing_is_on_hand_need_a_value() {
        let value = "VALUE_OUT_OF_RANGE valueDeltaMinor";
        assert_eq!(refused(retailer().when(&adjust(1, None))), value);
        assert_eq!(refused(retailer().when(&adjust(0, Some(5)))), value);
        assert_eq!(after(retailer(), &adjust(1, Some(5))), (1, 5));
    }

    #[test]
    fn adjustments_that_break_a_rule_are_refused() {
        let value = "VALUE_OUT_OF_RANGE valueDeltaMinor";
        for (command, expected) in [
            (adjust(-4, None), "OUT_OF_STOCK quantityDelta"),
            (adjust(0, None), "QUANTITY_NOT_POSITIVE quantityDelta"),
            (adjust(0, Some(0)), "QUANTITY_NOT_POSITIVE quantityDelta"),
            (adjust(-3, Some(0)), value),
            (adjust(-1, Some(-10_001)), value),
            (
                adjust(i64::MIN, None),
                "QUANTITY_OUT_OF_RANGE quantityDelta",
            ),
            (
                adjust(QUANTITY_MAX, Some(0)),
                "QUANTITY_OUT_OF_RANGE quantityDelta",
            ),
            (
                adjust(QUANTITY_MAX, None),
                "AMOUNT_OUT_OF_RANGE valueDeltaMinor",
            ),
            (
                adjust(1, Some(i64::MIN)),
                "AMOUNT_OUT_OF_RANGE valueDeltaMinor",
            ),
        ] {
            assert_eq!(
                refused(three_for_a_hundred().when(&command)),
                expected,
                "{command:?}"
            );
        }
    }

    #[test]
    fn held_units_cannot_be_lost() {
        let mut past = three_for_a_hundred();
        reserved(&mut past, 2, None);
        assert_eq!(
            refused(past.when(&adjust(-2, None))),
            "OUT_OF_STOCK quantityDelta"
        );
        assert_eq!(after(past, &adjust(-1, None)), (2, 6667));
    }
}
