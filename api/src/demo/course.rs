//! The course of business: wave by wave, stock comes in, orders are placed, paid, and shipped.
//!
//! Within a wave each step is given for all its orders together, so that a few commits suffice.

use std::collections::BTreeMap;

use entrepot_domain::event::Event;
use entrepot_domain::fulfillment::{DeliverShipment, DispatchShipment, ShippedLine};
use entrepot_domain::inventory::{AdjustStock, ReceiptCost, ReceiveStock, TransferStock};
use entrepot_domain::kernel::{Instant, OrderId, ShipmentId, Sku, Warehouse};
use entrepot_domain::orders::{OrderEvent, OrderPlaced};

use super::dice::Dice;
use super::goods::Good;
use super::money;
use super::pen::{Line, Pen};
use super::people::Person;
use super::plan::{self, Fate, Plan};
use super::retailer::Retailer;
use super::{DemoError, ORDERS};

/// Orders of one wave.
const WAVE: usize = 25;
/// A good is ordered again before fewer than this would be left.
const SHORT: i64 = 6;

/// A retailer's business.
pub(super) struct Course<'a> {
    pub(super) pen: &'a Pen<'a>,
    pub(super) retailer: &'a Retailer,
    pub(super) goods: &'a [Good],
    pub(super) now: Instant,
    /// Units of each good that nobody has ordered, in all warehouses.
    pub(super) shelf: Vec<i64>,
}

/// An order that was placed.
pub(super) struct Placed {
    pub(super) plan: Plan,
    pub(super) order: Box<OrderPlaced>,
}

/// Goods of an order that leave one warehouse.
struct Parcel {
    number: usize,
    order_id: OrderId,
    index: usize,
    arrives: Instant,
}

impl Course<'_> {
    /// Runs it, to today.
    pub(super) async fn run(&mut self) -> Result<(), DemoError> {
        for wave in 0..ORDERS / WAVE {
            let numbers = wave * WAVE..(wave + 1) * WAVE;
            let plan = |number| Plan::of(self.retailer, self.goods, number, self.now);
            let plans: Vec<Plan> = numbers.map(plan).collect();
            self.restock(wave, &plans).await?;
            let placed = self.place(plans).await?;
            money::pay(self.pen, &placed).await?;
            money::trouble(self.pen, &placed).await?;
            self.ship(&placed).await?;
            money::settle(self.pen, &placed, self.now).await?;
        }
        Ok(())
    }

    /// Receives what the wave would leave too little of.
    async fn restock(&mut self, wave: usize, plans: &[Plan]) -> Result<(), DemoError> {
        let mut needed = vec![0; self.goods.len()];
        for (good, quantity) in plans.iter().flat_map(|plan| &plan.lines) {
            needed[*good] += quantity;
        }
        let mut lines = Vec::new();
        for (index, good) in self.goods.iter().enumerate() {
            let left = self.shelf[index] - needed[index];
            let Some(cost) = good.cost.filter(|_| left < SHORT) else {
                self.shelf[index] = left;
                continue;
            };
            let mut dice = Dice::of(self.retailer.slug, good.sku, wave);
            let quantity = needed[index] + dice.between(18, 48);
            let warehouses = self.retailer.warehouses;
            let main = dice.percent(88);
            let at = if main {
                0
            } else {
                dice.index(warehouses.len())
            };
            lines.push(self.received(
                (wave, good),
                warehouses[at],
                quantity,
                cost * dice.between(95, 108) / 100,
            ));
            self.shelf[index] = left + quantity;
            if dice.percent(12) {
                lines.extend(self.moved((wave, good), at));
                self.shelf[index] -= 1;
            }
        }
        self.pen.write_all(lines).await.map(drop)
    }

    fn received(
        &self,
        (wave, good): (usize, &Good),
        warehouse: &str,
        quantity: i64,
        cost: i64,
    ) -> Line {
        let receipt = ReceiveStock {
            sku: Sku::from(good.sku),
            warehouse: Warehouse::from(warehouse),
            quantity,
            cost: ReceiptCost::Unit(cost),
            reference: Some(format!("PO-{}-{}", 2_001 + wave, good.sku)),
        };
        self.pen
            .line(format!("receipt:{wave}:{}", good.sku), receipt)
    }

    /// Some of what was just received goes to the next warehouse, and one unit is broken.
    fn moved(&self, (wave, good): (usize, &Good), at: usize) -> [Line; 2] {
        let warehouses = self.retailer.warehouses;
        let (sku, from) = (Sku::from(good.sku), Warehouse::from(warehouses[at]));
        let transfer = TransferStock {
            sku: sku.clone(),
            from: from.clone(),
            to: Warehouse::from(warehouses[(at + 1) % warehouses.len()]),
            quantity: 4,
        };
        let adjusted = AdjustStock {
            sku,
            warehouse: from,
            quantity_delta: -1,
            value_delta_minor: None,
            reason: "damaged in the warehouse".to_owned(),
        };
        [
            self.pen
                .line(format!("transfer:{wave}:{}", good.sku), transfer),
            self.pen
                .line(format!("damage:{wave}:{}", good.sku), adjusted),
        ]
    }

    async fn place(&self, plans: Vec<Plan>) -> Result<Vec<Placed>, DemoError> {
        let mut lines = Vec::with_capacity(plans.len());
        for plan in &plans {
            let recipient = plan::recipient(self.retailer, plan);
            let (address_ref, writes) = match recipient.as_ref().and_then(Person::address) {
                Some(address) => {
                    let order = plan.order_id().0;
                    let subject = plan
                        .customer
                        .map_or(order, |number| plan::customer_id(number).0);
                    let (reference, writes) = self.pen.seal(subject, address, None).await?;
                    (Some(reference), writes)
                }
                None => (None, Vec::new()),
            };
            let command = plan.command(self.retailer, self.goods, address_ref);
            let key = format!("order:{}", plan.number);
            lines.push(self.pen.line(key, command).sealed(writes));
        }
        let receipts = self.pen.write_all(lines).await?;
        let mut placed = Vec::with_capacity(plans.len());
        for (plan, receipt) in plans.into_iter().zip(receipts) {
            if let Some(Event::Order(OrderEvent::Placed(order))) =
                self.pen.first_fact(&receipt).await?
            {
                placed.push(Placed { plan, order });
            }
        }
        Ok(placed)
    }

    async fn ship(&self, placed: &[Placed]) -> Result<(), DemoError> {
        let (mut lines, mut left) = (Vec::new(), Vec::new());
        for placed in placed {
            let (plan, (leaves, arrives)) = (&placed.plan, placed.plan.journey());
            if !plan.ships() || leaves > self.now {
                continue;
            }
            for (part, (warehouse, shipped)) in parts(placed).into_iter().enumerate() {
                let key = format!("dispatch:{}:{part}", plan.number);
                let command = self.dispatched(plan, warehouse, shipped, leaves);
                lines.push(self.pen.line(key, command));
                left.push(Parcel {
                    number: plan.number,
                    order_id: plan.order_id(),
                    index: part,
                    arrives,
                });
            }
        }
        let receipts = self.pen.write_all(lines).await?;
        let shipments = receipts.iter().map(|receipt| ShipmentId(receipt.subject));
        self.deliver(shipments.zip(left).collect()).await
    }

    fn dispatched(
        &self,
        plan: &Plan,
        warehouse: Option<Warehouse>,
        lines: Vec<ShippedLine>,
        leaves: Instant,
    ) -> DispatchShipment {
        let label_cost_minor = plan.label_cost();
        let carriers = self.retailer.carriers;
        let carrier = label_cost_minor.map(|_| carriers[plan.number % carriers.len()].to_owned());
        DispatchShipment {
            order_id: plan.order_id(),
            warehouse,
            lines,
            tracking: carrier
                .as_ref()
                .map(|_| format!("00340434{:012}", plan.number * 7_919)),
            carrier,
            label_cost_minor,
            dispatched_at: Some(leaves),
        }
    }

    async fn deliver(&self, shipments: Vec<(ShipmentId, Parcel)>) -> Result<(), DemoError> {
        let arrived = shipments
            .into_iter()
            .filter(|(_, parcel)| parcel.arrives <= self.now);
        let lines = arrived.map(|(shipment_id, parcel)| {
            let command = DeliverShipment {
                order_id: parcel.order_id,
                shipment_id,
                delivered_at: Some(parcel.arrives),
            };
            self.pen.line(
                format!("deliver:{}:{}", parcel.number, parcel.index),
                command,
            )
        });
        self.pen.write_all(lines.collect()).await.map(drop)
    }
}

/// What leaves each warehouse: what the lines hold there. Services go with the first part.
fn parts(placed: &Placed) -> Vec<(Option<Warehouse>, Vec<ShippedLine>)> {
    let canceled = u32::from(placed.plan.fate == Fate::LineCanceled);
    let mut parts: BTreeMap<Warehouse, Vec<ShippedLine>> = BTreeMap::new();
    let mut services = Vec::new();
    for line in placed
        .order
        .lines
        .iter()
        .filter(|line| line.line > canceled)
    {
        if line.reservations.is_empty() {
            services.push(ShippedLine {
                line: line.line,
                quantity: line.quantity,
            });
        }
        for held in &line.reservations {
            parts
                .entry(held.warehouse.clone())
                .or_default()
                .push(ShippedLine {
                    line: line.line,
                    quantity: held.quantity,
                });
        }
    }
    let mut parts: Vec<_> = parts
        .into_iter()
        .map(|(at, lines)| (Some(at), lines))
        .collect();
    match parts.first_mut() {
        Some((_, first)) => first.extend(services),
        None => parts.push((None, services)),
    }
    parts
}
