//! Changes how much of an item the next cycles order.

use serde::Serialize;

use super::guard::{check_not_canceled, check_value, known, wrong_state};
use super::{QuantityChanged, Subscription, SubscriptionEvent, SubscriptionItem};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Refusal, Refused, Sku, SubscriptionId, quantity};
use crate::world::World;

/// Sets an item's quantity from the next cycle on.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeQuantity {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// Which item.
    pub sku: Sku,
    /// Units each cycle.
    pub quantity: i64,
}

impl Command for ChangeQuantity {
    const NAME: &'static str = "ChangeQuantity";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        let (subscription, _) = known(world, self.subscription_id)?;
        check_not_canceled(subscription)?;
        quantity(self.quantity, "quantity")?;
        check_value(&self.items_after(subscription)?, "quantity")?;
        let changed = QuantityChanged {
            subscription_id: self.subscription_id,
            sku: self.sku.clone(),
            quantity: self.quantity,
        };
        let decision = Decision::about(self.subscription_id.0);
        Ok(decision.with(
            self.subscription_id,
            SubscriptionEvent::QuantityChanged(changed),
        ))
    }
}

impl ChangeQuantity {
    fn items_after(&self, subscription: &Subscription) -> Refused<Vec<SubscriptionItem>> {
        let mut items = subscription.items.clone();
        let Some(item) = items.iter_mut().find(|item| item.sku == self.sku) else {
            return Err(Refusal::not_found("sku", "subscription item"));
        };
        if item.quantity == self.quantity {
            return Err(wrong_state("the item has this quantity already"));
        }
        item.quantity = self.quantity;
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{SUBSCRIPTION, subscribed, subscription};
    use super::*;
    use crate::kernel::QUANTITY_MAX;
    use crate::testing::refused;

    fn change(sku: &str, quantity: i64) -> ChangeQuantity {
        ChangeQuantity {
            subscription_id: SUBSCRIPTION,
            sku: sku.into(),
            quantity,
        }
    }

    #[test]
    fn an_items_quantity_is_set() {
        let mut past = subscribed("2026-01-31");
        past.when(&change("A", 5)).expect("changed");
        assert_eq!(subscription(&past).items[0].quantity, 5);
    }

    #[test]
    fn changes_that_break_a_rule_are_refused() {
        for (command, expected) in [
            (change("B", 5), "NOT_FOUND sku"),
            (change("A", 0), "QUANTITY_NOT_POSITIVE quantity"),
            (change("A", 2), "WRONG_STATE subscriptionId"),
            (change("A", QUANTITY_MAX), "AMOUNT_OUT_OF_RANGE quantity"),
        ] {
            assert_eq!(refused(subscribed("2026-01-31").when(&command)), expected);
        }
    }
}
