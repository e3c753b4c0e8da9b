//! Receives goods with their cost.

use serde::Serialize;

use super::guard::{check_room, configured_position};
use super::{InventoryEvent, StockReceived};
use crate::command::{Command, Decision};
use crate::kernel::{
    Ctx, Halt, REFERENCE_MAX, Refused, Sku, StreamId, Warehouse, amount, non_negative, quantity,
    text,
};
use crate::world::World;

/// Receives units of a SKU into a warehouse.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiveStock {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
    /// Units.
    pub quantity: i64,
    /// What they cost.
    pub cost: ReceiptCost,
    /// The supplier's or the tenant's own number of the receipt.
    pub reference: Option<String>,
}

/// What received units cost, in minor units of the tenant's base currency.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptCost {
    /// Each of them.
    Unit(i64),
    /// All of them together.
    Total(i64),
}

impl Command for ReceiveStock {
    const NAME: &'static str = "ReceiveStock";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let position = configured_position(world, &self.sku, &self.warehouse, "warehouse")?;
        quantity(self.quantity, "quantity")?;
        let value_minor = self.cost.value(self.quantity)?;
        check_room(
            position,
            (self.quantity, "quantity"),
            (value_minor, self.cost.field()),
        )?;
        if let Some(reference) = &self.reference {
            text(reference, REFERENCE_MAX, "reference")?;
        }
        let received = StockReceived {
            sku: self.sku.clone(),
            warehouse: self.warehouse.clone(),
            quantity: self.quantity,
            value_minor,
            receipt_id: ctx.fresh_id(),
            reference: self.reference.clone(),
        };
        let stream = StreamId::stock(&self.sku, &self.warehouse);
        Ok(Decision::about(stream.id).with(stream, InventoryEvent::Received(received)))
    }
}

impl ReceiptCost {
    /// What all the units cost.
    fn value(self, quantity: i64) -> Refused<i64> {
        match self {
            Self::Unit(minor) => {
                let unit = non_negative(minor, self.field())?;
                amount(i128::from(unit) * i128::from(quantity), self.field())
            }
            Self::Total(minor) => non_negative(minor, self.field()),
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Unit(_) => "unitCostMinor",
            Self::Total(_) => "totalCostMinor",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::position;
    use super::*;
    use crate::kernel::{AMOUNT_MAX, QUANTITY_MAX};
    use crate::testing::{refused, retailer};

    fn receive(quantity: i64, cost: ReceiptCost) -> ReceiveStock {
        ReceiveStock {
            sku: "A".into(),
            warehouse: "east".into(),
            quantity,
            cost,
            reference: Some("PO-17".to_owned()),
        }
    }

    #[test]
    fn goods_are_received_by_unit_cost_or_by_total() {
        let mut past = retailer();
        past.when(&receive(3, ReceiptCost::Unit(880)))
            .expect("unit");
        past.when(&receive(1, ReceiptCost::Total(99)))
            .expect("total");
        let position = position(&past, "A", "east");
        assert_eq!((position.on_hand, position.value_minor), (4, 2739));
    }

    #[test]
    fn receipts_that_break_a_rule_are_refused() {
        let good = receive(1, ReceiptCost::Unit(1));
        for (command, expected) in [
            (
                ReceiveStock {
                    sku: "Z".into(),
                    ..good.clone()
                },
                "SKU_UNKNOWN sku",
            ),
            (
                ReceiveStock {
                    sku: "GIFT".into(),
                    ..good.clone()
                },
                "WRONG_STATE sku",
            ),
            (
                ReceiveStock {
                    warehouse: "moon".into(),
                    ..good.clone()
                },
                "WAREHOUSE_UNKNOWN warehouse",
            ),
            (
                ReceiveStock {
                    reference: Some(String::new()),
                    ..good
                },
                "TEXT_MALFORMED reference",
            ),
            (
                receive(0, ReceiptCost::Unit(1)),
                "QUANTITY_NOT_POSITIVE quantity",
            ),
            (
                receive(1, ReceiptCost::Total(-1)),
                "AMOUNT_NEGATIVE totalCostMinor",
            ),
            (
                receive(QUANTITY_MAX, ReceiptCost::Unit(AMOUNT_MAX)),
                "AMOUNT_OUT_OF_RANGE unitCostMinor",
            ),
        ] {
            assert_eq!(refused(retailer().when(&command)), expected);
        }
    }

    #[test]
    fn a_position_has_a_largest_quantity_and_value() {
        let mut past = retailer().stocked("A", "east", QUANTITY_MAX, AMOUNT_MAX);
        let command = receive(1, ReceiptCost::Unit(0));
        assert_eq!(
            refused(past.when(&command)),
            "QUANTITY_OUT_OF_RANGE quantity"
        );
        let mut past = retailer().stocked("A", "east", 1, AMOUNT_MAX);
        let command = receive(1, ReceiptCost::Unit(1));
        assert_eq!(
            refused(past.when(&command)),
            "AMOUNT_OUT_OF_RANGE unitCostMinor"
        );
    }
}
