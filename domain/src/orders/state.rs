//! What decisions know of an order: quantities are the truth, statuses are derived from them.

use serde::{Deserialize, Serialize};

use super::event::{OrderEvent, OrderLine, OrderPlaced};
use crate::event::Event;
use crate::fulfillment::FulfillmentEvent;
use crate::kernel::{
    Currency, CustomerId, Instant, Refusal, Refused, ReservationId, ShipmentId, Sku, Warehouse,
    code,
};
use crate::state::Aggregate;

/// An order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    /// Whether `order.placed` happened.
    pub exists: bool,
    /// Whether it must not be shipped for now.
    pub held: bool,
    /// Of every amount.
    pub currency: Currency,
    /// Who ordered.
    pub customer_id: Option<CustomerId>,
    /// Lines in order of their numbers.
    pub lines: Vec<LineState>,
    /// Net shipping charged and the tax on it, less what a cancellation gave back.
    pub shipping: (i64, i64),
    /// Shipments made, with whether they were delivered.
    pub shipments: Vec<ShipmentState>,
}

/// A line's quantity and money vectors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LineState {
    /// The line's number.
    pub line: u32,
    /// What was ordered.
    pub sku: Sku,
    /// Units ordered.
    pub ordered: i64,
    /// Units given up.
    pub canceled: i64,
    /// Units shipped.
    pub shipped: i64,
    /// Net amount of all ordered units.
    pub net_minor: i64,
    /// Tax of all ordered units.
    pub tax_minor: i64,
    /// Stock still held, by warehouse.
    pub held: Vec<HeldStock>,
}

/// Stock still held for a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldStock {
    /// The reservation in the stock's stream.
    pub reservation_id: ReservationId,
    /// Where.
    pub warehouse: Warehouse,
    /// Units not yet shipped or released.
    pub quantity: i64,
}

/// A shipment of the order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShipmentState {
    /// Which.
    pub shipment_id: ShipmentId,
    /// When the goods left.
    pub dispatched_at: Instant,
    /// Whether it arrived.
    pub delivered: bool,
}

impl LineState {
    /// Units that are neither shipped nor given up.
    pub const fn open(&self) -> i64 {
        self.ordered - self.canceled - self.shipped
    }

    /// The held stock that is free again once `quantity` units are given up, in the order in
    /// which it was reserved.
    pub fn freed_by(&self, quantity: i64) -> Vec<HeldStock> {
        first_units(self.held.iter(), quantity)
    }

    /// The held stock that `quantity` units shipped from a warehouse use up.
    pub fn used_by(&self, warehouse: &Warehouse, quantity: i64) -> Vec<HeldStock> {
        let there = self.held.iter().filter(|held| held.warehouse == *warehouse);
        first_units(there, quantity)
    }

    /// Units held in a warehouse.
    pub fn held_in(&self, warehouse: &Warehouse) -> i64 {
        let there = self.held.iter().filter(|held| held.warehouse == *warehouse);
        there.map(|held| held.quantity).sum()
    }

    fn give_up(&mut self, quantity: i64) {
        self.canceled += quantity;
        self.shrink(&self.freed_by(quantity));
    }

    fn ship(&mut self, warehouse: Option<&Warehouse>, quantity: i64) {
        self.shipped += quantity;
        if let Some(warehouse) = warehouse {
            self.shrink(&self.used_by(warehouse, quantity));
        }
    }

    /// Takes units that were freed or used from the held stock.
    fn shrink(&mut self, gone: &[HeldStock]) {
        for held in &mut self.held {
            let same = gone
                .iter()
                .filter(|gone| gone.reservation_id == held.reservation_id);
            held.quantity -= same.map(|gone| gone.quantity).sum::<i64>();
        }
        self.held.retain(|held| held.quantity > 0);
    }
}

/// The first `quantity` units of held stock, or all of it if there are fewer.
fn first_units<'h>(held: impl Iterator<Item = &'h HeldStock>, mut quantity: i64) -> Vec<HeldStock> {
    let mut units = Vec::new();
    for held in held {
        let taken = held.quantity.min(quantity);
        if taken > 0 {
            units.push(HeldStock {
                quantity: taken,
                ..held.clone()
            });
            quantity -= taken;
        }
    }
    units
}

impl From<&OrderLine> for LineState {
    fn from(line: &OrderLine) -> Self {
        let held = line.reservations.iter().map(|reservation| HeldStock {
            reservation_id: reservation.reservation_id,
            warehouse: reservation.warehouse.clone(),
            quantity: reservation.quantity,
        });
        Self {
            line: line.line,
            sku: line.sku.clone(),
            ordered: line.quantity,
            net_minor: line.net_minor,
            tax_minor: line.taxes.iter().map(|tax| tax.amount_minor).sum(),
            held: held.collect(),
            ..Self::default()
        }
    }
}

impl Order {
    /// Units that are neither shipped nor given up, over all lines.
    pub fn open(&self) -> i64 {
        self.lines.iter().map(LineState::open).sum()
    }

    /// A line by its number.
    pub fn line(&self, line: u32, field: &str) -> Refused<&LineState> {
        let found = self.lines.iter().find(|candidate| candidate.line == line);
        found.ok_or_else(|| Refusal::not_found(field, "order line"))
    }

    /// Refuses if the order is unknown.
    pub fn check_exists(&self) -> Refused<()> {
        if self.exists {
            Ok(())
        } else {
            Err(Refusal::not_found("orderId", "order"))
        }
    }

    /// Refuses if nothing is open any more.
    pub fn check_open(&self) -> Refused<()> {
        self.check_exists()?;
        if self.open() > 0 {
            return Ok(());
        }
        Err(Refusal::at(
            code::WRONG_STATE,
            "orderId",
            "nothing of the order is open any more",
        ))
    }

    fn place(&mut self, placed: &OrderPlaced) {
        self.exists = true;
        self.currency = placed.currency;
        self.customer_id = placed.customer_id;
        self.lines = placed.lines.iter().map(LineState::from).collect();
        if let Some(shipping) = &placed.shipping {
            let tax = shipping.taxes.iter().map(|tax| tax.amount_minor).sum();
            self.shipping = (shipping.net_minor, tax);
        }
    }

    fn give_up(&mut self, line: u32, quantity: i64) {
        if let Some(line) = self
            .lines
            .iter_mut()
            .find(|candidate| candidate.line == line)
        {
            line.give_up(quantity);
        }
    }
}

impl Aggregate for Order {
    fn entries(&self) -> usize {
        self.lines.len()
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Order(OrderEvent::Placed(placed)) => self.place(placed),
            Event::Order(OrderEvent::Held(_)) => self.held = true,
            Event::Order(OrderEvent::Released(_)) => self.held = false,
            Event::Order(OrderEvent::LineCanceled(line)) => self.give_up(line.line, line.quantity),
            Event::Order(OrderEvent::Canceled(canceled)) => {
                canceled
                    .lines
                    .iter()
                    .for_each(|line| self.give_up(line.line, line.quantity));
                self.shipping.0 -= canceled.shipping_net_minor;
                self.shipping.1 -= canceled.shipping_tax_minor;
            }
            Event::Fulfillment(FulfillmentEvent::Dispatched(shipment)) => {
                for shipped in &shipment.lines {
                    let line = self.lines.iter_mut().find(|line| line.line == shipped.line);
                    if let Some(line) = line {
                        line.ship(shipment.warehouse.as_ref(), shipped.quantity);
                    }
                }
                self.shipments.push(ShipmentState {
                    shipment_id: shipment.shipment_id,
                    dispatched_at: shipment.dispatched_at,
                    delivered: false,
                });
            }
            Event::Fulfillment(FulfillmentEvent::Delivered(delivered)) => {
                let known = self.shipments.iter_mut();
                known
                    .filter(|shipment| shipment.shipment_id == delivered.shipment_id)
                    .for_each(|shipment| shipment.delivered = true);
            }
            _ => {}
        }
    }
}
