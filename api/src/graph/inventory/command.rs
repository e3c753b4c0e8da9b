//! Commands on stock.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::event::Event;
use entrepot_domain::inventory::{self as domain, InventoryEvent};
use entrepot_domain::kernel::{ReservationId, Sku, Warehouse};
use entrepot_event_store::Receipt;
use entrepot_projections::inventory::Inventory;
use entrepot_projections::model::Fold as _;

use super::load::StockLoader;
use super::types::StockPosition;
use crate::graph::command::{CommandResult, Outgoing, events, submit};
use crate::graph::error::bad_input;
use crate::graph::scalar::{BigInt, DateTime};
use crate::graph::session::session;
use crate::graph::{gid, loader};

/// The kind of a reservation's global id.
const RESERVATION: &str = "Reservation";

/// Commands on stock.
#[derive(Debug, Default)]
pub struct InventoryMutation;

/// The answer to a command on stock.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct StockPayload {
    #[graphql(skip)]
    receipt: Option<Receipt>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[ComplexObject]
impl StockPayload {
    /// The stock that was touched, as the command left it, or newer: one position, or of a transfer
    /// two, the one that was left first. Null if the command was refused.
    async fn stock_positions(&self, ctx: &Context<'_>) -> Result<Option<Vec<StockPosition>>> {
        let Some(receipt) = &self.receipt else {
            return Ok(None);
        };
        let events = events(session(ctx)?, receipt).await?;
        let mut positions = Vec::new();
        for key in events
            .iter()
            .flat_map(|event| Inventory::keys(&event.event))
        {
            let row = loader::load::<StockLoader, _>(ctx, key).await?;
            positions.extend(row.map(StockPosition));
        }
        Ok(Some(positions))
    }

    /// The reservation that was made, given up or taken from. Null if there was none, or if the
    /// command was refused.
    async fn reservation_id(&self, ctx: &Context<'_>) -> Result<Option<ID>> {
        let Some(receipt) = &self.receipt else {
            return Ok(None);
        };
        let events = events(session(ctx)?, receipt).await?;
        let reservation = events.iter().find_map(|event| reservation(&event.event));
        Ok(reservation.map(|id| gid::encode(RESERVATION, id.0)))
    }
}

fn reservation(event: &Event) -> Option<ReservationId> {
    let Event::Inventory(event) = event else {
        return None;
    };
    match event {
        InventoryEvent::Reserved(reserved) => Some(reserved.reservation_id),
        InventoryEvent::ReservationReleased(released) => Some(released.reservation_id),
        InventoryEvent::Issued(issued) => issued.reservation_id,
        InventoryEvent::Received(_)
        | InventoryEvent::Adjusted(_)
        | InventoryEvent::TransferDispatched(_)
        | InventoryEvent::TransferReceived(_) => None,
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    command: C,
    key: Option<String>,
) -> Result<Option<StockPayload>> {
    let (receipt, result) = submit(ctx, Outgoing::new(command, key)).await?;
    Ok(Some(StockPayload { receipt, result }))
}

/// Goods that came in, with what they cost: give either `unitCostMinor` or `totalCostMinor`.
#[derive(Clone, Debug, InputObject)]
pub struct StockReceiveInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// The code of the warehouse.
    warehouse: String,
    /// In the SKU's base unit, above zero.
    quantity: BigInt,
    /// What each unit cost, in minor units of the tenant's base currency.
    unit_cost_minor: Option<BigInt>,
    /// What all units cost together.
    total_cost_minor: Option<BigInt>,
    /// The supplier's or the tenant's own number of the receipt.
    reference: Option<String>,
}

/// Units that are to be held for somebody.
#[derive(Clone, Debug, InputObject)]
pub struct StockReserveInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// The code of the warehouse; the first in the tenant's order that has all the units without it.
    warehouse: Option<String>,
    /// In the SKU's base unit, above zero.
    quantity: BigInt,
    /// When the units become free by themselves; never without it.
    expires_at: Option<DateTime>,
}

/// Units that are no longer held.
#[derive(Clone, Debug, InputObject)]
pub struct StockReleaseInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// The code of the warehouse.
    warehouse: String,
    /// Which reservation. Those of orders are released by their orders alone.
    reservation_id: ID,
    /// Units; all that the reservation holds without it.
    quantity: Option<BigInt>,
}

/// Units that leave for good, outside of any order.
#[derive(Clone, Debug, InputObject)]
pub struct StockIssueInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// The code of the warehouse.
    warehouse: String,
    /// In the SKU's base unit, above zero.
    quantity: BigInt,
    /// The reservation that holds them; without it they are taken from what nobody holds.
    reservation_id: Option<ID>,
}

/// What a count, damage or a find corrects.
#[derive(Clone, Debug, InputObject)]
pub struct StockAdjustInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// The code of the warehouse.
    warehouse: String,
    /// Units found or, negative, lost; zero corrects the value alone.
    quantity_delta: BigInt,
    /// Value gained or, negative, written off, in minor units of the tenant's base currency. The
    /// units' share at average cost without it; units found where nothing is on hand need it.
    value_delta_minor: Option<BigInt>,
    /// Why, for people.
    reason: String,
}

/// Units that move to another warehouse.
#[derive(Clone, Debug, InputObject)]
pub struct StockTransferInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// The code of the warehouse that they leave.
    from: String,
    /// The code of the warehouse that they go to.
    to: String,
    /// In the SKU's base unit, above zero and at most those that nobody holds.
    quantity: BigInt,
}

fn cost(unit: Option<BigInt>, total: Option<BigInt>) -> Result<domain::ReceiptCost> {
    match (unit, total) {
        (Some(BigInt(unit)), None) => Ok(domain::ReceiptCost::Unit(unit)),
        (None, Some(BigInt(total))) => Ok(domain::ReceiptCost::Total(total)),
        _ => Err(bad_input(
            "unitCostMinor",
            "give either unitCostMinor or totalCostMinor",
        )),
    }
}

#[Object]
impl InventoryMutation {
    /// Receives goods into a warehouse, with what they cost.
    async fn stock_receive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What arrived, and its cost.")] input: StockReceiveInput,
    ) -> Result<Option<StockPayload>> {
        let command = domain::ReceiveStock {
            sku: Sku(input.sku),
            warehouse: Warehouse(input.warehouse),
            quantity: input.quantity.0,
            cost: cost(input.unit_cost_minor, input.total_cost_minor)?,
            reference: input.reference,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Holds units for somebody, outside of any order.
    async fn stock_reserve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to keep back.")] input: StockReserveInput,
    ) -> Result<Option<StockPayload>> {
        let command = domain::ReserveStock {
            sku: Sku(input.sku),
            warehouse: input.warehouse.map(Warehouse),
            quantity: input.quantity.0,
            expires_at: input.expires_at.map(|at| at.0),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Gives up a reservation that no order owns, or a part of it.
    async fn stock_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is no longer kept.")] input: StockReleaseInput,
    ) -> Result<Option<StockPayload>> {
        let reservation_id = gid::decode(&input.reservation_id, RESERVATION, "reservationId")?;
        let command = domain::ReleaseStock {
            sku: Sku(input.sku),
            warehouse: Warehouse(input.warehouse),
            reservation_id: ReservationId(reservation_id),
            quantity: input.quantity.map(|quantity| quantity.0),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Takes units out for good, outside of any order, at their share of the stock's value.
    async fn stock_issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What leaves.")] input: StockIssueInput,
    ) -> Result<Option<StockPayload>> {
        let reservation = input.reservation_id.as_ref();
        let reservation_id = gid::decode_opt(reservation, RESERVATION, "reservationId")?;
        let command = domain::IssueStock {
            sku: Sku(input.sku),
            warehouse: Warehouse(input.warehouse),
            quantity: input.quantity.0,
            reservation_id: reservation_id.map(ReservationId),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Corrects quantity and value by a difference.
    async fn stock_adjust(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was found or lost, and why.")] input: StockAdjustInput,
    ) -> Result<Option<StockPayload>> {
        let command = domain::AdjustStock {
            sku: Sku(input.sku),
            warehouse: Warehouse(input.warehouse),
            quantity_delta: input.quantity_delta.0,
            value_delta_minor: input.value_delta_minor.map(|delta| delta.0),
            reason: input.reason,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Moves units from one warehouse to another at the value that they have. They leave and arrive
    /// in one commit.
    async fn stock_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What moves, and where to.")] input: StockTransferInput,
    ) -> Result<Option<StockPayload>> {
        let command = domain::TransferStock {
            sku: Sku(input.sku),
            from: Warehouse(input.from),
            to: Warehouse(input.to),
            quantity: input.quantity.0,
        };
        run(ctx, command, input.idempotency_key).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_has_one_cost() {
        let given = BigInt(5);
        assert!(matches!(
            cost(Some(given), None),
            Ok(domain::ReceiptCost::Unit(5))
        ));
        assert!(matches!(
            cost(None, Some(given)),
            Ok(domain::ReceiptCost::Total(5))
        ));
        assert!(cost(Some(given), Some(given)).is_err() && cost(None, None).is_err());
    }
}
