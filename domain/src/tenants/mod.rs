//! Tenants and their configuration on the log.
//!
//! Every command reads the tenant: its currency and zone, its taxes, channels, fees and warehouses.

mod configure_tenant;
mod create_tenant;
mod event;
mod release_tenant;
mod revoke_access;
mod state;
mod suspend_tenant;

pub use configure_tenant::ConfigureTenant;
pub use create_tenant::CreateTenant;
pub use event::*;
pub use release_tenant::ReleaseTenant;
pub use revoke_access::RevokeAccess;
pub use state::*;
pub use suspend_tenant::SuspendTenant;
