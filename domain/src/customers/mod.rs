//! The `customers` area.

mod event;
mod state;

pub use event::*;
pub use state::*;
