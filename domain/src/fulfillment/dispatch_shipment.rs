//! Ships goods of an order: the goods leave the stock, at the cost that margin is measured by.

use serde::Serialize;

use super::issue::{Picked, issue, may_ship_from};
use super::{FulfillmentEvent, ShipmentDispatched, ShippedLine};
use crate::command::{Command, Decision};
use crate::inventory::{InventoryEvent, StockIssued};
use crate::kernel::{
    CODE_MAX, Ctx, Halt, Instant, OrderId, REFERENCE_MAX, Refusal, Refused, ShipmentId, StreamId,
    Warehouse, at_most, code, distinct, non_negative, quantity, text,
};
use crate::orders::Order;
use crate::tenants::Tenant;
use crate::world::World;

/// The most lines of one shipment: those of an order.
const LINES_MAX: usize = 250;

/// Dispatches a shipment.
#[derive(Clone, Debug, Serialize)]
pub struct DispatchShipment {
    /// Whose goods.
    pub order_id: OrderId,
    /// Where they come from; none: the first warehouse that has all of them for the order.
    pub warehouse: Option<Warehouse>,
    /// What; none: everything that is open.
    pub lines: Vec<ShippedLine>,
    /// Who carries them.
    pub carrier: Option<String>,
    /// The carrier's tracking number.
    pub tracking: Option<String>,
    /// What the label cost, in the order's currency.
    pub label_cost_minor: Option<i64>,
    /// When they left; none: now.
    pub dispatched_at: Option<Instant>,
}

impl Command for DispatchShipment {
    const NAME: &'static str = "DispatchShipment";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        let tenant = world.tenant()?;
        self.check(tenant, ctx)?;
        let order = world.order(self.order_id)?;
        order.check_open()?;
        if order.held {
            let message = "the order is held and must not be shipped";
            return Err(Refusal::at(code::WRONG_STATE, "orderId", message).into());
        }
        let picked = self.picked(order)?;
        let lines = picked.iter().map(|picked| ShippedLine {
            line: picked.line.line,
            quantity: picked.quantity,
        });
        let lines = lines.collect();
        let (warehouse, issues) = self.issues(world, tenant, &tracked(world, picked)?)?;

        let shipment_id = ShipmentId(ctx.fresh_id());
        let dispatched = FulfillmentEvent::Dispatched(ShipmentDispatched {
            shipment_id,
            order_id: self.order_id,
            warehouse,
            lines,
            carrier: self.carrier.clone(),
            tracking: self.tracking.clone(),
            label_cost_minor: self.label_cost_minor,
            dispatched_at: self.dispatched_at.unwrap_or(ctx.now),
        });
        let mut decision = Decision::about(shipment_id.0).with(self.order_id, dispatched);
        for issued in issues {
            let stream = StreamId::stock(&issued.sku, &issued.warehouse);
            decision.push(stream, InventoryEvent::Issued(issued));
        }
        Ok(decision)
    }
}

impl DispatchShipment {
    /// What the input says by itself.
    fn check(&self, tenant: &Tenant, ctx: &Ctx) -> Refused<()> {
        if let Some(warehouse) = &self.warehouse {
            tenant.check_warehouse(warehouse, "warehouse")?;
        }
        if let Some(carrier) = &self.carrier {
            text(carrier, CODE_MAX, "carrier")?;
        }
        if let Some(tracking) = &self.tracking {
            text(tracking, REFERENCE_MAX, "tracking")?;
        }
        if let Some(minor) = self.label_cost_minor {
            non_negative(minor, "labelCostMinor")?;
        }
        if let Some(dispatched_at) = self.dispatched_at {
            dispatched_at.not_after(ctx.now, "dispatchedAt")?;
        }
        at_most(self.lines.len(), LINES_MAX, "lines")?;
        let numbers = self.lines.iter().map(|line| line.line);
        distinct(numbers, |index| format!("lines.{index}.line"))
    }

    /// The order lines to ship and how much of each.
    fn picked<'o>(&self, order: &'o Order) -> Refused<Vec<Picked<'o>>> {
        if self.lines.is_empty() {
            let open = order.lines.iter().filter(|line| line.open() > 0);
            let all = open.map(|line| Picked {
                line,
                quantity: line.open(),
                field: "lines".to_owned(),
            });
            return Ok(all.collect());
        }
        let mut picked = Vec::with_capacity(self.lines.len());
        for (index, wanted) in self.lines.iter().enumerate() {
            let line = order.line(wanted.line, &format!("lines.{index}.line"))?;
            let field = format!("lines.{index}.quantity");
            let quantity = quantity(wanted.quantity, &field)?;
            if quantity > line.open() {
                let message = format!("{} units of the line are open", line.open());
                return Err(Refusal::at(code::QUANTITY_EXCEEDS_OPEN, field, message));
            }
            picked.push(Picked {
                line,
                quantity,
                field,
            });
        }
        Ok(picked)
    }

    /// Where the goods come from, and what leaves there.
    fn issues(
        &self,
        world: &World<'_>,
        tenant: &Tenant,
        tracked: &[Picked<'_>],
    ) -> Result<(Option<Warehouse>, Vec<StockIssued>), Halt> {
        if tracked.is_empty() {
            return Ok((self.warehouse.clone(), Vec::new()));
        }
        let candidates = self.candidates(tenant, tracked);
        let positions = candidates.iter().flat_map(|warehouse| {
            let lines = tracked.iter();
            lines.map(|picked| StreamId::stock(&picked.line.sku, warehouse))
        });
        world.want(positions)?;

        let mut refused = None;
        for warehouse in candidates {
            match issue(world, self.order_id, warehouse, tracked) {
                Ok(issues) => return Ok((Some(warehouse.clone()), issues)),
                Err(Halt::Refused(refusal)) => {
                    refused.get_or_insert(refusal);
                }
                Err(Halt::NeedsState) => return Err(Halt::NeedsState),
            }
        }
        Err(refused.unwrap_or_else(no_single_warehouse).into())
    }

    /// The warehouses to try: the one that was named, or all that may ship every line, in the
    /// order in which the tenant takes from them.
    fn candidates<'t>(&'t self, tenant: &'t Tenant, tracked: &[Picked<'_>]) -> Vec<&'t Warehouse> {
        if let Some(warehouse) = &self.warehouse {
            return vec![warehouse];
        }
        let may_ship = |warehouse: &&Warehouse| {
            let mut lines = tracked.iter();
            lines.all(|picked| may_ship_from(picked, warehouse))
        };
        tenant.warehouses.iter().filter(may_ship).collect()
    }
}

/// The lines whose SKU is kept in stock.
fn tracked<'o>(world: &World<'_>, picked: Vec<Picked<'o>>) -> Result<Vec<Picked<'o>>, Halt> {
    world.want(picked.iter().map(|picked| StreamId::sku(&picked.line.sku)))?;
    let mut tracked = Vec::with_capacity(picked.len());
    for picked in picked {
        if world.item(&picked.line.sku)?.tracked {
            tracked.push(picked);
        }
    }
    Ok(tracked)
}

fn no_single_warehouse() -> Refusal {
    let message = "no one warehouse holds all of it: ship in parts and name the warehouse of each";
    Refusal::at(code::OUT_OF_STOCK, "warehouse", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::orders::HoldOrder;
    use crate::orders::tests::{imported, line, order, order_id, state, stocked, worked_order};
    use crate::state::State;
    use crate::testing::{Outcome, Past, refused, retailer};

    fn ship(lines: &[(u32, i64)]) -> DispatchShipment {
        let lines = lines.iter();
        DispatchShipment {
            order_id: order_id(),
            warehouse: None,
            lines: lines
                .map(|(line, quantity)| ShippedLine {
                    line: *line,
                    quantity: *quantity,
                })
                .collect(),
            carrier: None,
            tracking: None,
            label_cost_minor: None,
            dispatched_at: None,
        }
    }

    fn from(warehouse: &str, lines: &[(u32, i64)]) -> DispatchShipment {
        DispatchShipment {
            warehouse: Some(warehouse.into()),
            ..ship(lines)
        }
    }

    /// SKU, warehouse, units and value of what left.
    fn issued(outcome: &Outcome) -> Vec<(&str, &str, i64, i64)> {
        let issued = outcome.events.iter().filter_map(|event| match event {
            Event::Inventory(InventoryEvent::Issued(issued)) => Some((
                issued.sku.as_str(),
                issued.warehouse.as_str(),
                issued.quantity,
                issued.value_minor,
            )),
            _ => None,
        });
        issued.collect()
    }

    fn split_order() -> Past {
        let mut past = retailer()
            .stocked("A", "east", 6, 600)
            .stocked("A", "west", 4, 400);
        past.when(&order(vec![line("A", 10), line("GIFT", 1)]))
            .expect("placed");
        past
    }

    #[test]
    fn a_shipment_that_breaks_a_rule_is_refused_where_it_does() {
        assert_eq!(refused(stocked().when(&ship(&[]))), "NOT_FOUND orderId");
        let mut past = stocked();
        past.when(&worked_order()).expect("placed");
        let later = Instant::parse("2026-01-15T12:00:01Z", "at").ok();
        for (command, expected) in [
            (ship(&[(4, 1)]), "NOT_FOUND lines.0.line"),
            (
                ship(&[(1, 1), (2, 0)]),
                "QUANTITY_NOT_POSITIVE lines.1.quantity",
            ),
            (ship(&[(1, 3)]), "QUANTITY_EXCEEDS_OPEN lines.0.quantity"),
            (
                ship(&[(1, i64::MAX)]),
                "QUANTITY_OUT_OF_RANGE lines.0.quantity",
            ),
            (ship(&[(1, 1), (1, 1)]), "DUPLICATE_ENTRY lines.1.line"),
            (ship(&[(1, 1); 251]), "LIST_TOO_LONG lines"),
            (from("north", &[]), "WAREHOUSE_UNKNOWN warehouse"),
            (from("west", &[(2, 1)]), "OUT_OF_STOCK lines.0.quantity"),
            (
                DispatchShipment {
                    carrier: Some("\0".to_owned()),
                    ..ship(&[])
                },
                "TEXT_MALFORMED carrier",
            ),
            (
                DispatchShipment {
                    tracking: Some(String::new()),
                    ..ship(&[])
                },
                "TEXT_MALFORMED tracking",
            ),
            (
                DispatchShipment {
                    label_cost_minor: Some(-1),
                    ..ship(&[])
                },
                "AMOUNT_NEGATIVE labelCostMinor",
            ),
            (
                DispatchShipment {
                    dispatched_at: later,
                    ..ship(&[])
                },
                "TIME_OUT_OF_ORDER dispatchedAt",
            ),
        ] {
            assert_eq!(refused(past.when(&command)), expected, "{command:?}");
        }
        let reason = "fraud?".to_owned();
        past.when(&HoldOrder {
            order_id: order_id(),
            reason,
        })
        .expect("held");
        assert_eq!(refused(past.when(&ship(&[]))), "WRONG_STATE orderId");
    }

    #[test]
    fn the_worked_order_leaves_at_its_cost() {
        let mut past = stocked();
        past.when(&worked_order()).expect("placed");
        let shipment = DispatchShipment {
            label_cost_minor: Some(745),
            ..ship(&[])
        };
        let outcome = past.when(&shipment).expect("accepted");
        assert_eq!(
            issued(&outcome),
            [
                ("A", "east", 2, 1760),
                ("B", "east", 1, 600),
                ("C", "east", 1, 1145)
            ]
        );
        assert_eq!(refused(past.when(&shipment)), "WRONG_STATE orderId");
        let order = state(&past);
        assert!(
            order
                .lines
                .iter()
                .all(|line| line.held.is_empty() && line.shipped == line.ordered)
        );
    }

    #[test]
    fn lines_of_one_position_take_its_value_one_after_the_other() {
        let mut past = retailer().stocked("A", "east", 3, 10_000);
        past.when(&order(vec![line("A", 1); 3])).expect("placed");
        let outcome = past.when(&ship(&[])).expect("accepted");
        let values: Vec<i64> = issued(&outcome).iter().map(|issued| issued.3).collect();
        assert_eq!(values, [3333, 3334, 3333]);
        match past.state_of(StreamId::stock(&"A".into(), &"east".into())) {
            State::Stock(position) => assert_eq!(*position, crate::inventory::Position::default()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_order_held_in_two_warehouses_is_shipped_from_each() {
        let mut past = split_order();
        assert_eq!(refused(past.when(&ship(&[]))), "OUT_OF_STOCK warehouse");
        assert_eq!(
            refused(past.when(&from("west", &[(1, 5)]))),
            "OUT_OF_STOCK lines.0.quantity"
        );
        let outcome = past.when(&from("west", &[(1, 4)])).expect("accepted");
        assert_eq!(issued(&outcome), [("A", "west", 4, 400)]);
        let outcome = past.when(&ship(&[])).expect("the rest is in the east");
        assert_eq!(issued(&outcome), [("A", "east", 6, 600)]);
        assert_eq!(state(&past).open(), 0);
    }

    #[test]
    fn what_is_not_tracked_leaves_no_stock() {
        let mut past = split_order();
        let outcome = past.when(&ship(&[(2, 1)])).expect("accepted");
        assert_eq!((outcome.events.len(), issued(&outcome).len()), (1, 0));
    }

    #[test]
    fn an_imported_order_takes_what_nobody_holds() {
        let mut past = retailer()
            .stocked("A", "east", 2, 200)
            .stocked("A", "west", 3, 600);
        past.when(&order(vec![line("A", 1)])).expect("placed");
        let import = imported(&[("A", 1), ("A", 2)]);
        let imported = past.when(&import).expect("imported").subject;
        let ship = |warehouse: Option<&str>, lines: &[(u32, i64)]| DispatchShipment {
            order_id: imported.into(),
            warehouse: warehouse.map(Warehouse::from),
            ..ship(lines)
        };
        // One of the two in the east is held for the other order.
        let both = ship(Some("east"), &[(1, 1), (2, 1)]);
        assert_eq!(refused(past.when(&both)), "OUT_OF_STOCK lines.1.quantity");
        let outcome = past
            .when(&ship(None, &[]))
            .expect("all three are free in the west");
        assert_eq!(
            issued(&outcome),
            [("A", "west", 1, 200), ("A", "west", 2, 400)]
        );
    }
}
