//! Commands on shipments.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::fulfillment as domain;
use entrepot_domain::kernel::{OrderId, ShipmentId, Warehouse};
use entrepot_event_store::Receipt;
use entrepot_projections::orders::OrderDoc;

use super::types::Shipment;
use crate::graph::command::{CommandResult, Outgoing, submit};
use crate::graph::orders::{Order, OrderLoader};
use crate::graph::scalar::{BigInt, DateTime};
use crate::graph::{gid, loader};

/// Commands on shipments.
#[derive(Debug, Default)]
pub struct FulfillmentMutation;

/// The answer to a command on a shipment.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ShipmentPayload {
    #[graphql(skip)]
    order_id: OrderId,
    #[graphql(skip)]
    receipt: Option<Receipt>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[ComplexObject]
impl ShipmentPayload {
    /// The shipment as the command left it, or newer. Null if the command was refused.
    async fn shipment(&self, ctx: &Context<'_>) -> Result<Option<Shipment>> {
        let (Some(receipt), Some(order)) = (self.receipt, self.shipped(ctx).await?) else {
            return Ok(None);
        };
        let mut shipments = order.shipments.iter();
        let shipment = shipments.find(|shipment| shipment.shipment_id.0 == receipt.subject);
        Ok(shipment.map(|shipment| Shipment::new(shipment, order.currency)))
    }

    /// The order that is shipped, as the command left it, or newer. Null if the command was refused.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        Ok(self.shipped(ctx).await?.map(Order::from))
    }
}

impl ShipmentPayload {
    async fn shipped(&self, ctx: &Context<'_>) -> Result<Option<Arc<OrderDoc>>> {
        match self.receipt {
            Some(_) => loader::load::<OrderLoader, _>(ctx, self.order_id.0).await,
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    order_id: OrderId,
    outgoing: Outgoing<C>,
) -> Result<Option<ShipmentPayload>> {
    let (receipt, result) = submit(ctx, outgoing).await?;
    Ok(Some(ShipmentPayload {
        order_id,
        receipt,
        result,
    }))
}

fn order_id(id: &ID) -> Result<OrderId> {
    gid::decode(id, "Order", "orderId").map(OrderId)
}

/// Units of one order line that leave.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct ShipmentDispatchLineInput {
    /// The order line's number.
    line: u32,
    /// Units, above zero and at most those that are open.
    quantity: BigInt,
}

/// Goods that left.
#[derive(Clone, Debug, InputObject)]
pub struct ShipmentDispatchInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Whose goods.
    order_id: ID,
    /// The warehouse that they left; without it the first that has all of them for the order.
    warehouse: Option<String>,
    /// What left, each line once; all units that are open without it.
    #[graphql(default)]
    lines: Vec<ShipmentDispatchLineInput>,
    /// Who carries them.
    carrier: Option<String>,
    /// The carrier's tracking number.
    tracking: Option<String>,
    /// What the label cost, in minor units of the order's currency.
    label_cost_minor: Option<BigInt>,
    /// When they left; now without it.
    dispatched_at: Option<DateTime>,
}

/// Goods that arrived.
#[derive(Clone, Debug, InputObject)]
pub struct ShipmentDeliverInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Whose goods.
    order_id: ID,
    /// Which shipment.
    shipment_id: ID,
    /// When they arrived; now without it.
    delivered_at: Option<DateTime>,
}

#[Object]
impl FulfillmentMutation {
    /// Records that goods of an order left. They leave the stock in the same commit, at the cost
    /// that margins are measured by; revenue is recognized.
    async fn shipment_dispatch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What leaves.")] input: ShipmentDispatchInput,
    ) -> Result<Option<ShipmentPayload>> {
        let line = |line: ShipmentDispatchLineInput| domain::ShippedLine {
            line: line.line,
            quantity: line.quantity.0,
        };
        let command = domain::DispatchShipment {
            order_id: order_id(&input.order_id)?,
            warehouse: input.warehouse.map(Warehouse),
            lines: input.lines.into_iter().map(line).collect(),
            carrier: input.carrier,
            tracking: input.tracking,
            label_cost_minor: input.label_cost_minor.map(|cost| cost.0),
            dispatched_at: input.dispatched_at.map(|at| at.0),
        };
        run(
            ctx,
            command.order_id,
            Outgoing::new(command, input.idempotency_key),
        )
        .await
    }

    /// Records that a shipment arrived.
    async fn shipment_deliver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which shipment, and when.")] input: ShipmentDeliverInput,
    ) -> Result<Option<ShipmentPayload>> {
        let command = domain::DeliverShipment {
            order_id: order_id(&input.order_id)?,
            shipment_id: gid::decode(&input.shipment_id, "Shipment", "shipmentId")
                .map(ShipmentId)?,
            delivered_at: input.delivered_at.map(|at| at.0),
        };
        run(
            ctx,
            command.order_id,
            Outgoing::new(command, input.idempotency_key),
        )
        .await
    }
}
