//! Subscriptions: orders that come round by themselves, and the revenue that recurs.
//!
//! The type is called `SubscriptionContract`: `Subscription` is GraphQL's own root type.

mod command;
mod live;
mod load;
mod query;
mod revenue;
mod types;

pub use command::SubscriptionMutation;
pub use live::SubscriptionSubscription;
pub(super) use load::SubscriptionLoader;
pub(super) use query::SubscriptionConnection;
pub use query::SubscriptionQuery;
pub(super) use revenue::MrrMovementConnection;
pub use types::SubscriptionContract;
