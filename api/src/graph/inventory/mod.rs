//! Stock: how many units of a SKU are in a warehouse, who holds them, what they cost.

mod command;
mod live;
mod load;
mod query;
mod types;

pub use command::InventoryMutation;
pub use live::InventorySubscription;
pub(super) use load::StockLoader;
pub use query::InventoryQuery;
pub(super) use query::StockConnection;
pub use types::StockPosition;
