//! Payments: commands that move money, and what a payment of an order looks like. Payments are read
//! with their orders.

mod command;
mod types;

pub use command::PaymentMutation;
pub use types::Payment;
