//! Ends a hold.

use serde::Serialize;

use super::{OrderEvent, OrderReleased};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, OrderId, Refusal, code};
use crate::world::World;

/// Releases a held order: it may be shipped again.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseOrder {
    /// Which.
    pub order_id: OrderId,
}

impl Command for ReleaseOrder {
    const NAME: &'static str = "ReleaseOrder";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let order = world.order(self.order_id)?;
        order.check_exists()?;
        if !order.held {
            let message = "the order is not held";
            return Err(Refusal::at(code::WRONG_STATE, "orderId", message).into());
        }
        let released = OrderEvent::Released(OrderReleased {
            order_id: self.order_id,
        });
        Ok(Decision::about(self.order_id.0).with(self.order_id, released))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::HoldOrder;
    use crate::orders::tests::{order_id, state, stocked, worked_order};
    use crate::testing::refused;

    #[test]
    fn only_a_held_order_is_released() {
        let order_id = order_id();
        let release = ReleaseOrder { order_id };
        let mut past = stocked();
        assert_eq!(refused(past.when(&release)), "NOT_FOUND orderId");
        past.when(&worked_order()).expect("placed");
        assert_eq!(refused(past.when(&release)), "WRONG_STATE orderId");
        let reason = "address".to_owned();
        past.when(&HoldOrder { order_id, reason }).expect("held");
        past.when(&release).expect("accepted");
        assert!(!state(&past).held);
    }
}
