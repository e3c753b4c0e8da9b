//! Fulfillment: commands that say what left and what arrived, and what a shipment of an order looks
//! like. Shipments are read with their orders.

mod command;
mod types;

pub use command::FulfillmentMutation;
pub use types::Shipment;
