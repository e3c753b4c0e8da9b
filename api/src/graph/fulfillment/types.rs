//! What a shipment looks like.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use entrepot_domain::kernel::{Currency, Warehouse};
use entrepot_projections::orders::ShipmentDoc;

use crate::graph::gid;
use crate::graph::scalar::{BigInt, DateTime, Money};

/// A shipment of an order's lines.
pub struct Shipment {
    shipment: ShipmentDoc,
    currency: Currency,
}

impl Shipment {
    /// One of an order's shipments.
    pub(in crate::graph) fn new(shipment: &ShipmentDoc, currency: Currency) -> Self {
        Self {
            shipment: shipment.clone(),
            currency,
        }
    }
}

/// A shipment of an order's lines.
#[Object]
impl Shipment {
    /// Global id.
    async fn id(&self) -> ID {
        gid::encode("Shipment", self.shipment.shipment_id.0)
    }

    /// The warehouse that the goods left; null if the channel shipped them.
    async fn warehouse(&self) -> Option<&str> {
        self.shipment.warehouse.as_ref().map(Warehouse::as_str)
    }

    /// What it holds.
    async fn lines(&self) -> Vec<ShipmentLine> {
        let lines = self.shipment.lines.iter();
        lines
            .map(|line| ShipmentLine {
                line: line.line,
                quantity: BigInt(line.quantity),
            })
            .collect()
    }

    /// Who carries it.
    async fn carrier(&self) -> Option<&str> {
        self.shipment.carrier.as_deref()
    }

    /// The carrier's tracking number.
    async fn tracking(&self) -> Option<&str> {
        self.shipment.tracking.as_deref()
    }

    /// What the label cost.
    async fn label_cost(&self, _ctx: &Context<'_>) -> Result<Option<Money>> {
        Ok(self
            .shipment
            .label_cost_minor
            .map(|minor| Money::new(minor, self.currency)))
    }

    /// When it left.
    async fn dispatched_at(&self) -> DateTime {
        DateTime(self.shipment.dispatched_at)
    }

    /// When it arrived.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.shipment.delivered_at.map(DateTime)
    }
}

/// Units of one order line in a shipment.
#[derive(Clone, Debug, SimpleObject)]
pub struct ShipmentLine {
    /// The order line's number.
    line: u32,
    /// Units.
    quantity: BigInt,
}
