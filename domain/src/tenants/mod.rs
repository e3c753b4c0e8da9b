//! Tenants and their configuration on the log.
//!
//! Every command reads the tenant: its currency and zone, its taxes, channels, fees and warehouses.

mod create_tenant;
mod event;
mod state;

pub use create_tenant::CreateTenant;
pub use event::*;
pub use state::*;
