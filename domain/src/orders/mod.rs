//! The `orders` area: what customers want, and what it costs them.
//!
//! [`PlaceOrder`] is the heart of it. [`ImportOrder`] records orders that a channel took and
//! computed; its numbers are kept as they are.

mod cancel_line;
mod cancel_order;
mod cancellation;
mod event;
mod hold_order;
mod import_order;
mod place_order;
mod pricing;
mod release_order;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use cancel_line::CancelLine;
pub use cancel_order::CancelOrder;
pub use event::*;
pub use hold_order::HoldOrder;
pub use import_order::{ImportLine, ImportOrder, ImportPayment};
pub use place_order::{NewShipping, PlaceLine, PlaceOrder};
pub use pricing::{DiscountValue, NewDiscount};
pub use release_order::ReleaseOrder;
pub use state::*;
