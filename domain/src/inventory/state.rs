//! What decisions know of a SKU's stock in one warehouse: quantity and value carried, never a unit
//! cost, so that no rounding is ever lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::InventoryEvent;
use crate::event::Event;
use crate::kernel::{Instant, ReservationId, share};
use crate::state::Aggregate;

/// A position. `0 <= reserved <= on_hand`, and no quantity means no value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Units there.
    pub on_hand: i64,
    /// What they cost, in the tenant's base currency.
    pub value_minor: i64,
    /// Units held for somebody.
    pub reserved: i64,
    /// Reservations of their own. What is held for an order line stands in the order alone, so
    /// that a position stays small however many orders are open.
    pub reservations: BTreeMap<ReservationId, Reservation>,
}

/// Units held outside of any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Units.
    pub quantity: i64,
    /// When they become free by themselves.
    pub expires_at: Option<Instant>,
}

impl Reservation {
    /// Whether its time has run out.
    pub fn expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl Position {
    /// Units that nobody holds.
    pub const fn available(&self) -> i64 {
        self.on_hand - self.reserved
    }

    /// The value of `quantity` units at average cost: `round(value × quantity ÷ on hand)`, half to
    /// even. The last unit takes what is left. Zero if nothing is there.
    pub fn value_of(&self, quantity: i64) -> i64 {
        if self.on_hand <= 0 {
            return 0;
        }
        i64::try_from(share(self.value_minor, quantity, self.on_hand)).unwrap_or(self.value_minor)
    }

    fn shrink(&mut self, reservation_id: ReservationId, quantity: i64) {
        self.reserved -= quantity;
        if let Some(reservation) = self.reservations.get_mut(&reservation_id) {
            reservation.quantity -= quantity;
            if reservation.quantity == 0 {
                self.reservations.remove(&reservation_id);
            }
        }
    }

    fn add(&mut self, quantity: i64, value_minor: i64) {
        self.on_hand += quantity;
        self.value_minor += value_minor;
    }
}

impl Aggregate for Position {
    fn entries(&self) -> usize {
        self.reservations.len()
    }

    fn evolve(&mut self, event: &Event) {
        let Event::Inventory(event) = event else {
            return;
        };
        match event {
            InventoryEvent::Received(received) => self.add(received.quantity, received.value_minor),
            InventoryEvent::Reserved(reserved) => {
                self.reserved += reserved.quantity;
                if reserved.order_line.is_none() {
                    let reservation = Reservation {
                        quantity: reserved.quantity,
                        expires_at: reserved.expires_at,
                    };
                    self.reservations
                        .insert(reserved.reservation_id, reservation);
                }
            }
            InventoryEvent::ReservationReleased(released) => {
                self.shrink(released.reservation_id, released.quantity);
            }
            InventoryEvent::Issued(issued) => {
                self.add(-issued.quantity, -issued.value_minor);
                if let Some(reservation_id) = issued.reservation_id {
                    self.shrink(reservation_id, issued.quantity);
                }
            }
            InventoryEvent::Adjusted(adjusted) => {
                self.add(adjusted.quantity_delta, adjusted.value_delta_minor);
            }
            InventoryEvent::TransferDispatched(out) => self.add(-out.quantity, -out.value_minor),
            InventoryEvent::TransferReceived(received) => {
                self.add(received.quantity, received.value_minor);
            }
        }
    }
}
