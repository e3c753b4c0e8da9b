//! What decisions know of an order: quantities are the truth, statuses are derived from them.

use serde::{Deserialize, Serialize};

use super::event::{OrderEvent, OrderLine, OrderPlaced};
use crate::event::Event;
use crate::fulfillment::FulfillmentEvent;
use crate::kernel::{Currency, CustomerId, Refusal, Refused, ReservationId, Sku, Warehouse, code};
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
    pub shipment_id: crate::kernel::ShipmentId,
    /// Whether it arrived.
    pub delivered: bool,
}

impl LineState {
    /// Units that are neither shipped nor given up.
    pub const fn open(&self) -> i64 {
        self.ordered - self.canceled - self.shipped
    }

    fn give_up(&mut self, quantity: i64) {
        self.canceled += quantity;
        self.consume(quantity);
    }

    /// Takes units from the held stock, in the order in which it was reserved.
    fn consume(&mut self, mut quantity: i64) {
        for held in &mut self.held {
            let taken = held.quantity.min(quantity);
            held.quantity -= taken;
            quantity -= taken;
        }
        self.held.retain(|held| held.quantity > 0);
    }

    fn take_from(&mut self, warehouse: &Warehouse, quantity: i64) {
        let mut left = quantity;
        for held in self
            .held
            .iter_mut()
            .filter(|held| held.warehouse == *warehouse)
        {
            let taken = held.quantity.min(left);
            held.quantity -= taken;
            left -= taken;
        }
        self.held.retain(|held| held.quantity > 0);
    }
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
                        line.shipped += shipped.quantity;
                        if let Some(warehouse) = &shipment.warehouse {
                            line.take_from(warehouse, shipped.quantity);
                        }
                    }
                }
                let shipment_id = shipment.shipment_id;
                self.shipments.push(ShipmentState {
                    shipment_id,
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
