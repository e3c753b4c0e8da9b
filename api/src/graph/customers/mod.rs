//! Customers, and who they are to those who may know.

mod command;
mod load;
mod query;
mod types;

pub use command::CustomerMutation;
pub(super) use load::CustomerLoader;
pub(super) use query::CustomerConnection;
pub use query::CustomerQuery;
pub use types::Customer;
