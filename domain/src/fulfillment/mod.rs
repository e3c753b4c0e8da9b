//! The `fulfillment` area: goods leave, goods arrive. Its facts stand in the order's stream.

mod deliver_shipment;
mod dispatch_shipment;
mod event;
mod issue;

pub use deliver_shipment::DeliverShipment;
pub use dispatch_shipment::DispatchShipment;
pub use event::*;
