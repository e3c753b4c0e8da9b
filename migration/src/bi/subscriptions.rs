//! Subscriptions, and the monthly revenue that recurs from them (MRR).

use super::{
    CURRENCY, Column, POSITION, UPDATED_AT, View, day, id, instant, integer, micros, text,
};

const CUSTOMER_ID: Column = id("customer_id", "Who wants the goods: customers.customer_id.");
const CHANNEL: Column = text("channel", "Code of the channel that its orders count for.");
const STATUS: Column = text("status", "active, paused or canceled.");

pub(super) const SUBSCRIPTIONS: View = View {
    name: "subscriptions",
    grain: "One row a subscription, as it stands now.",
    group: "core",
    key: &["subscription_id"],
    from: "rm_subscriptions",
    columns: &[
        id("subscription_id", "The subscription."),
        STATUS,
        CUSTOMER_ID,
        CHANNEL,
        CURRENCY,
        integer("next_cycle", "The cycle that is due next."),
        day(
            "next_on",
            "The day on which it is due, in the time zone of the tenant; null unless active.",
        ),
        instant("created_at", "When it began, UTC."),
        day(
            "created_on",
            "The day of created_at in the time zone of the tenant.",
        ),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const RECURRING_REVENUE: View = View {
    name: "recurring_revenue",
    grain: "One row a subscription: the monthly revenue that recurs from it now.",
    group: "core",
    key: &["subscription_id"],
    from: "rm_subscriptions",
    columns: &[
        id(
            "subscription_id",
            "The subscription: subscriptions.subscription_id.",
        ),
        STATUS,
        CUSTOMER_ID,
        CHANNEL,
        CURRENCY,
        micros("mrr", "Monthly recurring revenue; 0 unless active."),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const MRR_MOVEMENTS: View = View {
    name: "mrr_movements",
    grain: "One row a change of monthly recurring revenue; their sum is the revenue now.",
    group: "core",
    key: &["subscription_id", "position"],
    from: "rm_mrr_movements",
    columns: &[
        id(
            "subscription_id",
            "Whose revenue changed: subscriptions.subscription_id.",
        ),
        integer(
            "position",
            "Position in the log of the tenant of the event that changed it.",
        ),
        text(
            "kind",
            "new, expansion, contraction, churn (also a pause) or reactivation (a resumption).",
        ),
        CURRENCY,
        micros("amount", "The change, negative if revenue was lost."),
        instant("moved_at", "When, UTC."),
        day(
            "moved_on",
            "The day of moved_at in the time zone of the tenant.",
        ),
    ],
};
