//! The caller's tenant and its configuration.

mod command;
mod query;
mod types;

pub use command::TenantMutation;
pub use query::TenantQuery;
