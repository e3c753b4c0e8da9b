//! Margins: what order lines earned. A margin whose cost is unknown is null, never zero.

mod live;
mod load;
mod query;
mod sums;
mod types;

pub use live::MarginSubscription;
pub(super) use load::{MarginLoader, of_order, of_orders};
pub(super) use query::MarginConnection;
pub use query::MarginQuery;
pub use types::MarginLine;
