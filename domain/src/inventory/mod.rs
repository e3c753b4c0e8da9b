//! Stock: what is where, who holds it, what it cost.

mod adjust_stock;
mod allocation;
mod event;
mod expire_reservation;
mod guard;
mod issue_stock;
#[cfg(test)]
mod laws;
mod receive_stock;
mod release_stock;
mod reserve_stock;
mod state;
mod transfer_stock;

pub use adjust_stock::AdjustStock;
pub use allocation::{LineRequest, Taken, reserve_for_line};
pub use event::*;
pub use expire_reservation::ExpireReservation;
pub use issue_stock::IssueStock;
pub use receive_stock::{ReceiptCost, ReceiveStock};
pub use release_stock::ReleaseStock;
pub use reserve_stock::ReserveStock;
pub use state::*;
pub use transfer_stock::TransferStock;
