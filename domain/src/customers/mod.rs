//! The `customers` area.

mod erase_customer;
mod event;
mod register_customer;
mod state;
mod update_customer;

pub use erase_customer::EraseCustomer;
pub use event::*;
pub use register_customer::RegisterCustomer;
pub use state::*;
pub use update_customer::UpdateCustomer;
