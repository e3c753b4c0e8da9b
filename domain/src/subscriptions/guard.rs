//! What the subscription commands check alike.

use super::{Subscription, SubscriptionCreated, SubscriptionItem, SubscriptionStatus};
use crate::kernel::{Halt, Refusal, Refused, SubscriptionId, amount, code};
use crate::world::World;

/// A subscription that exists, with its terms.
pub(super) fn known<'a>(
    world: &World<'a>,
    id: SubscriptionId,
) -> Result<(&'a Subscription, &'a SubscriptionCreated), Halt> {
    let subscription = world.subscription(id)?;
    let terms = subscription.terms.as_ref();
    let terms = terms.ok_or_else(|| Refusal::not_found("subscriptionId", "subscription"))?;
    Ok((subscription, terms))
}

/// Refuses a status other than `wanted`.
pub(super) fn check_status(subscription: &Subscription, wanted: SubscriptionStatus) -> Refused<()> {
    if subscription.status == wanted {
        return Ok(());
    }
    Err(wrong_state(match subscription.status {
        SubscriptionStatus::Active => "the subscription is not paused",
        SubscriptionStatus::Paused => "the subscription is paused",
        SubscriptionStatus::Canceled => "the subscription was canceled",
    }))
}

/// Refuses a subscription that was canceled.
pub(super) fn check_not_canceled(subscription: &Subscription) -> Refused<()> {
    match subscription.status {
        SubscriptionStatus::Active | SubscriptionStatus::Paused => Ok(()),
        SubscriptionStatus::Canceled => Err(wrong_state("the subscription was canceled")),
    }
}

/// Refuses items that together cost more than an order may.
pub(super) fn check_value(items: &[SubscriptionItem], field: &str) -> Refused<()> {
    let value =
        |item: &SubscriptionItem| i128::from(item.unit_price_minor) * i128::from(item.quantity);
    amount(items.iter().map(value).sum(), field).map(drop)
}

/// Refuses because the subscription's state does not allow the command.
pub(super) fn wrong_state(message: &str) -> Refusal {
    Refusal::at(code::WRONG_STATE, "subscriptionId", message)
}
