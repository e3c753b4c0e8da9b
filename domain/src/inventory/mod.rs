//! The `inventory` area.

mod allocation;
mod event;
mod state;

pub use allocation::{LineRequest, Taken, reserve_for_line};
pub use event::*;
pub use state::*;
