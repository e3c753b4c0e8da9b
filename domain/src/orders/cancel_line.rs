//! Gives up open units of one line.

use serde::Serialize;

use super::OrderEvent;
use super::cancellation::{give_up, release_stock};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, OrderId, REASON_MAX, Refusal, code, quantity, text};
use crate::world::World;

/// Cancels units of a line that were not shipped.
#[derive(Clone, Debug, Serialize)]
pub struct CancelLine {
    /// Which order.
    pub order_id: OrderId,
    /// The line's number.
    pub line: u32,
    /// Units; none: all that are open.
    pub quantity: Option<i64>,
    /// Why, for people.
    pub reason: String,
}

impl Command for CancelLine {
    const NAME: &'static str = "CancelLine";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        text(&self.reason, REASON_MAX, "reason")?;
        let order = world.order(self.order_id)?;
        order.check_exists()?;
        let line = order.line(self.line, "line")?;
        let open = line.open();
        if open == 0 {
            let message = "nothing of the line is open any more";
            return Err(Refusal::at(code::WRONG_STATE, "line", message).into());
        }
        let units = quantity(self.quantity.unwrap_or(open), "quantity")?;
        if units > open {
            let message = format!("{open} units of the line are open");
            return Err(Refusal::at(code::QUANTITY_EXCEEDS_OPEN, "quantity", message).into());
        }
        let canceled = give_up(self.order_id, line, units, &self.reason);
        let canceled = OrderEvent::LineCanceled(canceled);
        let mut decision = Decision::about(self.order_id.0).with(self.order_id, canceled);
        release_stock(&mut decision, world, [(line, units)])?;
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::inventory::{InventoryEvent, ReleaseReason};
    use crate::orders::tests::{line, order, order_id, state, stocked, worked_order};
    use crate::testing::{Outcome, refused, retailer};

    fn cancel(line: u32, quantity: Option<i64>) -> CancelLine {
        CancelLine {
            order_id: order_id(),
            line,
            quantity,
            reason: "changed my mind".to_owned(),
        }
    }

    fn shares(outcome: &Outcome) -> (i64, i64) {
        match &outcome.events[0] {
            Event::Order(OrderEvent::LineCanceled(line)) => (line.net_minor, line.tax_minor),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_open_cannot_be_canceled() {
        let mut past = stocked();
        assert_eq!(refused(past.when(&cancel(1, None))), "NOT_FOUND orderId");
        past.when(&worked_order()).expect("placed");
        let malformed = CancelLine {
            reason: "\0".to_owned(),
            ..cancel(1, None)
        };
        assert_eq!(refused(past.when(&malformed)), "TEXT_MALFORMED reason");
        for (command, expected) in [
            (cancel(0, None), "NOT_FOUND line"),
            (cancel(4, None), "NOT_FOUND line"),
            (cancel(1, Some(0)), "QUANTITY_NOT_POSITIVE quantity"),
            (cancel(1, Some(i64::MIN)), "QUANTITY_NOT_POSITIVE quantity"),
            (cancel(1, Some(3)), "QUANTITY_EXCEEDS_OPEN quantity"),
            (cancel(1, Some(i64::MAX)), "QUANTITY_OUT_OF_RANGE quantity"),
        ] {
            assert_eq!(refused(past.when(&command)), expected, "{command:?}");
        }
        past.when(&cancel(1, None)).expect("accepted");
        assert_eq!(refused(past.when(&cancel(1, None))), "WRONG_STATE line");
    }

    #[test]
    fn the_shares_of_single_units_sum_to_the_line() {
        let mut past = stocked();
        past.when(&worked_order()).expect("placed");
        let first = shares(&past.when(&cancel(1, Some(1))).expect("accepted"));
        let second = shares(&past.when(&cancel(1, Some(1))).expect("accepted"));
        // 44.43 and 3.67 over two units; halves go to the even cent.
        assert_eq!([first, second], [(2221, 183), (2222, 184)]);
    }

    #[test]
    fn held_stock_is_free_again_in_the_order_in_which_it_was_reserved() {
        let mut past = retailer()
            .stocked("A", "east", 6, 600)
            .stocked("A", "west", 4, 400);
        past.when(&order(vec![line("A", 10)])).expect("placed");
        let mut released = |quantity| {
            let outcome = past.when(&cancel(1, quantity)).expect("accepted");
            let released = outcome.events[1..].iter().map(|event| match event {
                Event::Inventory(InventoryEvent::ReservationReleased(released)) => {
                    assert_eq!(released.reason, ReleaseReason::Canceled);
                    (released.warehouse.to_string(), released.quantity)
                }
                other => panic!("{other:?}"),
            });
            released.collect::<Vec<_>>()
        };
        let units = |warehouse: &str, units| (warehouse.to_owned(), units);
        assert_eq!(released(Some(5)), [units("east", 5)]);
        assert_eq!(released(Some(2)), [units("east", 1), units("west", 1)]);
        assert_eq!(released(None), [units("west", 3)]);
        assert!(state(&past).lines[0].held.is_empty());
        past.when(&crate::orders::PlaceOrder {
            order_id: None,
            ..order(vec![line("A", 10)])
        })
        .expect("all of it is available again");
    }
}
