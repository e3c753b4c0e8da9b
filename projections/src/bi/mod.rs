//! Read models of group `bi`: flat rows behind the SQL views. A document is the row.

mod order_lines;
mod orders;
mod payments;
mod shipments;

pub use order_lines::{BiOrderLines, LineKey};
pub use orders::BiOrders;
pub use payments::BiPayments;
pub use shipments::BiShipments;

#[cfg(test)]
mod tests;
