//! The document of a subscription: all that the graph shows of it.

use entrepot_domain::kernel::{Date, Instant, OrderId, SubscriptionId};
use entrepot_domain::subscriptions::{Subscription, SubscriptionStatus};
use serde::{Deserialize, Serialize};

/// A subscription with its terms and a summary of its cycles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubscriptionDoc {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// Terms, items, status and the next cycle: the same fold as decisions read.
    pub state: Subscription,
    /// The day on which the next cycle runs or is tried again; none unless active.
    pub next_on: Option<Date>,
    /// Monthly recurring revenue in millionths of a minor unit; 0 unless active.
    pub mrr_micros: i64,
    /// Cycles that made an order.
    pub orders: i64,
    /// Cycles that were skipped.
    pub skipped: i64,
    /// The newest cycle that made an order.
    pub last_order: Option<CycleDoc>,
    /// How often the next cycle could not make its order so far.
    pub failures: i64,
    /// The newest failure, also if the cycle was made good later.
    pub last_failure: Option<FailureDoc>,
    /// Why no cycle runs any more.
    pub cancellation: Option<EndDoc>,
    /// When the subscription was recorded.
    pub created_at: Instant,
    /// When its newest event was recorded.
    pub updated_at: Instant,
    /// Its newest event.
    pub position: i64,
    /// The movements that were folded since the document was loaded: rows of their own.
    #[serde(skip)]
    pub(crate) movements: Vec<Movement>,
}

/// A cycle that made an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleDoc {
    /// The cycle, from 0.
    pub cycle: i64,
    /// First day of its period.
    pub from: Date,
    /// First day of the next period.
    pub to: Date,
    /// The order that it made.
    pub order_id: OrderId,
    /// When.
    pub renewed_at: Instant,
}

/// A cycle that could not make its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureDoc {
    /// The cycle.
    pub cycle: i64,
    /// The refusal's code.
    pub code: String,
    /// The refusal in a sentence.
    pub message: String,
    /// The day on which it was to be tried again.
    pub retry_on: Date,
    /// When it failed.
    pub failed_at: Instant,
}

/// The end of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndDoc {
    /// Why, for people.
    pub reason: String,
    /// When.
    pub canceled_at: Instant,
}

/// A change of monthly recurring revenue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) position: i64,
    pub(crate) kind: MovementKind,
    pub(crate) amount_micros: i64,
    pub(crate) moved_at: Instant,
}

/// Why monthly recurring revenue changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// A subscription was made.
    New,
    /// An active subscription brings more.
    Expansion,
    /// An active subscription brings less.
    Contraction,
    /// A subscription brings nothing any more: canceled, or paused for now.
    Churn,
    /// A paused subscription was resumed.
    Reactivation,
}

impl MovementKind {
    /// The name in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Expansion => "expansion",
            Self::Contraction => "contraction",
            Self::Churn => "churn",
            Self::Reactivation => "reactivation",
        }
    }
}

impl SubscriptionDoc {
    /// The status' name in rows.
    pub const fn status(&self) -> &'static str {
        match self.state.status {
            SubscriptionStatus::Active => "active",
            SubscriptionStatus::Paused => "paused",
            SubscriptionStatus::Canceled => "canceled",
        }
    }
}
