//! Keeps an order from being shipped for now.

use serde::Serialize;

use super::{OrderEvent, OrderHeld};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, OrderId, REASON_MAX, Refusal, code, text};
use crate::world::World;

/// Holds an order. Its stock stays held for it, and it may still be canceled.
#[derive(Clone, Debug, Serialize)]
pub struct HoldOrder {
    /// Which.
    pub order_id: OrderId,
    /// Why, for people.
    pub reason: String,
}

impl Command for HoldOrder {
    const NAME: &'static str = "HoldOrder";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        text(&self.reason, REASON_MAX, "reason")?;
        let order = world.order(self.order_id)?;
        order.check_open()?;
        if order.held {
            let message = "the order is held already";
            return Err(Refusal::at(code::WRONG_STATE, "orderId", message).into());
        }
        let held = OrderEvent::Held(OrderHeld {
            order_id: self.order_id,
            reason: self.reason.clone(),
        });
        Ok(Decision::about(self.order_id.0).with(self.order_id, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tests::{order_id, stocked, worked_order};
    use crate::orders::{CancelOrder, ReleaseOrder};
    use crate::testing::refused;

    fn hold(reason: &str) -> HoldOrder {
        HoldOrder {
            order_id: order_id(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn only_an_open_order_is_held_and_only_once() {
        let mut past = stocked();
        assert_eq!(refused(past.when(&hold("fraud?"))), "NOT_FOUND orderId");
        past.when(&worked_order()).expect("placed");
        assert_eq!(refused(past.when(&hold("a\0"))), "TEXT_MALFORMED reason");
        past.when(&hold("fraud?")).expect("accepted");
        assert_eq!(refused(past.when(&hold("fraud?"))), "WRONG_STATE orderId");

        let reason = "fraud".to_owned();
        past.when(&CancelOrder {
            order_id: order_id(),
            reason,
        })
        .expect("a held order can be");
        past.when(&ReleaseOrder {
            order_id: order_id(),
        })
        .expect("and released");
        assert_eq!(refused(past.when(&hold("again"))), "WRONG_STATE orderId");
    }
}
