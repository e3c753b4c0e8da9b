//! The `fulfillment` area.

mod event;

pub use event::*;
