//! Orders with their lines, payments and shipments.

mod command;
mod live;
mod load;
mod query;
mod sums;
mod types;

pub use command::OrderMutation;
pub use live::OrderSubscription;
pub(super) use load::OrderLoader;
pub use query::OrderQuery;
pub(super) use query::{OrderConnection, OrderFilter, OrderSort, list};
pub use types::Order;
