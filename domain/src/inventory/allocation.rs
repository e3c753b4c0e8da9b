//! Which warehouses an order line's units come from.

use std::collections::BTreeMap;

use super::{OrderLineRef, StockReserved};
use crate::kernel::{Ctx, Halt, Refusal, Refused, ReservationId, Sku, StreamId, Warehouse, code};
use crate::tenants::Tenant;
use crate::world::World;

/// Units of one SKU wanted for one order line.
#[derive(Debug)]
pub struct LineRequest<'a> {
    /// What; the SKU is known and tracked.
    pub sku: &'a Sku,
    /// Units, above zero.
    pub quantity: i64,
    /// Who they are held for.
    pub order_line: OrderLineRef,
    /// The input field to name when stock is short.
    pub field: String,
}

/// Units that earlier lines of the same decision took, by SKU and warehouse: positions do not know
/// them until the decision is appended.
#[derive(Debug, Default)]
pub struct Taken(BTreeMap<StreamId, i64>);

impl Taken {
    fn units(&self, stream: StreamId) -> i64 {
        self.0.get(&stream).copied().unwrap_or(0)
    }

    fn add(&mut self, stream: StreamId, quantity: i64) {
        *self.0.entry(stream).or_default() += quantity;
    }
}

/// Holds a line's units in the first warehouse, in the tenant's order, that has all of them; if
/// none has, in several, the first taking all that it has.
///
/// Refuses if all warehouses together have too few.
pub fn reserve_for_line(
    world: &World<'_>,
    ctx: &Ctx,
    tenant: &Tenant,
    request: &LineRequest<'_>,
    taken: &mut Taken,
) -> Result<Vec<StockReserved>, Halt> {
    let free = free_units(world, tenant, request.sku, taken)?;
    let parts = split(&free, request.quantity, &request.field)?;
    let reserve = |(warehouse, quantity): (&Warehouse, i64)| {
        taken.add(StreamId::stock(request.sku, warehouse), quantity);
        StockReserved {
            reservation_id: ReservationId(ctx.fresh_id()),
            sku: request.sku.clone(),
            warehouse: warehouse.clone(),
            quantity,
            order_line: Some(request.order_line),
            expires_at: None,
        }
    };
    Ok(parts.into_iter().map(reserve).collect())
}

/// Units that nobody holds and no earlier line took, by warehouse in the tenant's order.
fn free_units<'t>(
    world: &World<'_>,
    tenant: &'t Tenant,
    sku: &Sku,
    taken: &Taken,
) -> Result<Vec<(&'t Warehouse, i64)>, Halt> {
    let warehouses = &tenant.warehouses;
    world.want(
        warehouses
            .iter()
            .map(|warehouse| StreamId::stock(sku, warehouse)),
    )?;
    let free = |warehouse: &'t Warehouse| {
        let available = world.position(sku, warehouse)?.available();
        let units = available - taken.units(StreamId::stock(sku, warehouse));
        Ok((warehouse, units.max(0)))
    };
    warehouses.iter().map(free).collect()
}

/// Takes `quantity` from one warehouse if one has it, else from several by priority.
fn split<'t>(
    free: &[(&'t Warehouse, i64)],
    quantity: i64,
    field: &str,
) -> Refused<Vec<(&'t Warehouse, i64)>> {
    if let Some((warehouse, _)) = free.iter().find(|(_, units)| *units >= quantity) {
        return Ok(vec![(*warehouse, quantity)]);
    }
    let mut left = quantity;
    let mut parts = Vec::new();
    for (warehouse, units) in free.iter().filter(|(_, units)| *units > 0) {
        let part = left.min(*units);
        parts.push((*warehouse, part));
        left -= part;
        if left == 0 {
            return Ok(parts);
        }
    }
    Err(out_of_stock(quantity, quantity - left, field))
}

/// Refuses because only `available` of the `requested` units are there.
pub(super) fn out_of_stock(requested: i64, available: i64, field: &str) -> Refusal {
    let message = format!("{requested} units are requested and {available} are available");
    Refusal::at(code::OUT_OF_STOCK, field, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_from(free: [i64; 2], quantity: i64) -> Result<Vec<(String, i64)>, String> {
        let warehouses = ["east", "west"].map(Warehouse::from);
        let free: Vec<_> = warehouses.iter().zip(free).collect();
        split(&free, quantity, "lines.0.quantity")
            .map(|parts| {
                let named = |(warehouse, units): (&Warehouse, i64)| (warehouse.to_string(), units);
                parts.into_iter().map(named).collect()
            })
            .map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_line_is_not_split_if_one_warehouse_has_all_of_it() {
        assert_eq!(taken_from([6, 10], 10), Ok(vec![("west".to_owned(), 10)]));
        assert_eq!(taken_from([10, 10], 10), Ok(vec![("east".to_owned(), 10)]));
    }

    #[test]
    fn a_split_line_takes_no_more_than_it_needs() {
        let parts = vec![("east".to_owned(), 6), ("west".to_owned(), 6)];
        assert_eq!(taken_from([6, 10], 12), Ok(parts));
    }

    #[test]
    fn too_few_units_are_refused_with_both_numbers() {
        let message = "OUT_OF_STOCK: 17 units are requested and 16 are available";
        assert_eq!(taken_from([6, 10], 17), Err(message.to_owned()));
    }
}
