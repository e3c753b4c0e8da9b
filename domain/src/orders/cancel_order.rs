//! Gives up everything of an order that was not shipped.

use serde::Serialize;

use super::cancellation::{give_up, release_stock};
use super::{Order, OrderCanceled, OrderEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, OrderId, REASON_MAX, text};
use crate::world::World;

/// Cancels all open units. Shipping is given back if nothing was shipped.
#[derive(Clone, Debug, Serialize)]
pub struct CancelOrder {
    /// Which.
    pub order_id: OrderId,
    /// Why, for people.
    pub reason: String,
}

impl Command for CancelOrder {
    const NAME: &'static str = "CancelOrder";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        text(&self.reason, REASON_MAX, "reason")?;
        let order = world.order(self.order_id)?;
        order.check_exists()?;
        let (shipping_net_minor, shipping_tax_minor) = shipping_back(order);
        if (shipping_net_minor, shipping_tax_minor) == (0, 0) {
            order.check_open()?;
        }
        let open = order.lines.iter().filter(|line| line.open() > 0);
        let open: Vec<_> = open.map(|line| (line, line.open())).collect();
        let given_up = open
            .iter()
            .map(|(line, units)| give_up(self.order_id, line, *units, &self.reason));
        let canceled = OrderEvent::Canceled(OrderCanceled {
            order_id: self.order_id,
            lines: given_up.collect(),
            shipping_net_minor,
            shipping_tax_minor,
            reason: self.reason.clone(),
        });
        let mut decision = Decision::about(self.order_id.0).with(self.order_id, canceled);
        release_stock(&mut decision, world, open)?;
        Ok(decision)
    }
}

/// The shipping that a cancellation gives back, net and tax. It may be all that is left to give
/// back, after the lines were canceled one by one.
fn shipping_back(order: &Order) -> (i64, i64) {
    if order.shipments.is_empty() {
        order.shipping
    } else {
        (0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::orders::CancelLine;
    use crate::orders::tests::{order_id, state, stocked, worked_order};
    use crate::testing::{Past, refused};

    fn cancel() -> CancelOrder {
        CancelOrder {
            order_id: order_id(),
            reason: "changed my mind".to_owned(),
        }
    }

    fn cancel_line(past: &mut Past, line: u32, quantity: Option<i64>) {
        let command = CancelLine {
            order_id: order_id(),
            line,
            quantity,
            reason: "sold out".to_owned(),
        };
        past.when(&command).expect("the line is open");
    }

    fn canceled(past: &mut Past) -> OrderCanceled {
        match past.when(&cancel()).expect("accepted").events.remove(0) {
            Event::Order(OrderEvent::Canceled(canceled)) => canceled,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_order_is_canceled_once() {
        let mut past = stocked();
        assert_eq!(refused(past.when(&cancel())), "NOT_FOUND orderId");
        past.when(&worked_order()).expect("placed");
        let malformed = CancelOrder {
            reason: String::new(),
            ..cancel()
        };
        assert_eq!(refused(past.when(&malformed)), "TEXT_MALFORMED reason");
        past.when(&cancel()).expect("accepted");
        assert_eq!(refused(past.when(&cancel())), "WRONG_STATE orderId");
    }

    #[test]
    fn everything_that_is_left_is_given_back() {
        let mut past = stocked();
        past.when(&worked_order()).expect("placed");
        cancel_line(&mut past, 1, Some(1));
        let canceled = canceled(&mut past);
        let lines: Vec<_> = canceled
            .lines
            .iter()
            .map(|line| (line.line, line.quantity, line.net_minor, line.tax_minor))
            .collect();
        assert_eq!(
            lines,
            [(1, 1, 2222, 184), (2, 1, 1333, 110), (3, 1, 2222, 183)]
        );
        assert_eq!(
            (canceled.shipping_net_minor, canceled.shipping_tax_minor),
            (599, 49)
        );
        let order = state(&past);
        assert_eq!((order.open(), order.shipping), (0, (0, 0)));
        assert!(order.lines.iter().all(|line| line.held.is_empty()));
    }

    #[test]
    fn shipping_is_given_back_after_the_last_line_was_canceled_by_itself() {
        let mut past = stocked();
        past.when(&worked_order()).expect("placed");
        (1..=3).for_each(|line| cancel_line(&mut past, line, None));
        let canceled = canceled(&mut past);
        assert_eq!(
            (canceled.lines.len(), canceled.shipping_net_minor),
            (0, 599)
        );
        assert_eq!(refused(past.when(&cancel())), "WRONG_STATE orderId");
    }
}
