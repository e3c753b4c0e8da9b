//! Facts about subscriptions. Amounts are minor units of the subscription's currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, CustomerId, Date, OrderId, Sku, SubscriptionId, Zone, events};

events! {
    /// Facts of a subscription's stream.
    SubscriptionEvent {
        /// A customer wants goods again and again.
        Created(SubscriptionCreated) = "subscription.created" v 1,
        /// A cycle made its order.
        Renewed(SubscriptionRenewed) = "subscription.renewed" v 1,
        /// A cycle was due and could not make its order; it is due again later.
        RenewalFailed(RenewalFailed) = "subscription.renewal_failed" v 1,
        /// A cycle makes no order.
        CycleSkipped(CycleSkipped) = "subscription.cycle_skipped" v 1,
        /// No cycle runs until the subscription is resumed.
        Paused(SubscriptionPaused) = "subscription.paused" v 1,
        /// Cycles run again, on the first anchor date that is not past.
        Resumed(SubscriptionResumed) = "subscription.resumed" v 1,
        /// An item's quantity holds from the next cycle on.
        QuantityChanged(QuantityChanged) = "subscription.quantity_changed" v 1,
        /// No cycle runs any more.
        Canceled(SubscriptionCanceled) = "subscription.canceled" v 1,
    }
}

/// `subscription.created`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionCreated {
    /// The new subscription.
    pub subscription_id: SubscriptionId,
    /// Who wants the goods.
    pub customer_id: CustomerId,
    /// The channel that its orders count for.
    pub channel: String,
    /// Of every price.
    pub currency: Currency,
    /// At least one.
    pub items: Vec<SubscriptionItem>,
    /// How often.
    pub interval: Interval,
    /// The date of cycle 0; every later date is computed from it.
    pub anchor: Date,
    /// The day of the month that dates fall on or are clamped from, 1 to 31.
    pub anchor_day: i8,
    /// The zone in which a cycle's day begins.
    pub time_zone: Zone,
}

/// Something that every cycle orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionItem {
    /// What.
    pub sku: Sku,
    /// Units each cycle.
    pub quantity: i64,
    /// Minor units for one unit, tax excluded; fixed when the subscription was made.
    pub unit_price_minor: i64,
}

/// How often a subscription comes round: every `count` units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Days, weeks, months or years.
    pub unit: IntervalUnit,
    /// At least 1.
    pub count: i32,
}

/// The unit of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalUnit {
    /// Civil days.
    Day,
    /// Seven days.
    Week,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
}

/// `subscription.renewed`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionRenewed {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The cycle, from 0.
    pub cycle: i64,
    /// First day of the cycle's period.
    pub from: Date,
    /// First day of the next period.
    pub to: Date,
    /// The order that the cycle made.
    pub order_id: OrderId,
}

/// `subscription.renewal_failed`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RenewalFailed {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The cycle that stays due.
    pub cycle: i64,
    /// The refusal's code.
    pub code: String,
    /// The refusal in a sentence.
    pub message: String,
    /// The day on which it is tried again.
    pub retry_on: Date,
}

/// `subscription.cycle_skipped`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CycleSkipped {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The cycle that makes no order.
    pub cycle: i64,
}

/// `subscription.paused`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionPaused {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The day on which it resumes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_on: Option<Date>,
}

/// `subscription.resumed`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionResumed {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// The cycle that is due next.
    pub next_cycle: i64,
}

/// `subscription.quantity_changed`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuantityChanged {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// Which item.
    pub sku: Sku,
    /// Units each cycle from the next one on.
    pub quantity: i64,
}

/// `subscription.canceled`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionCanceled {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// Why, for people.
    pub reason: String,
}
