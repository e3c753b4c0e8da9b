//! What the tenant sells, and for how much.

mod command;
mod load;
mod query;
mod types;

pub use command::CatalogMutation;
pub(super) use load::ProductLoader;
pub use query::CatalogQuery;
pub(super) use query::ProductConnection;
pub use types::Product;
