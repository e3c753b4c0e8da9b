//! Commands on orders.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::customers::ExternalRef;
use entrepot_domain::kernel::{CustomerId, OrderId, Sku};
use entrepot_domain::orders as domain;
use uuid::Uuid;

use super::load::OrderLoader;
use super::types::{LineDiscountScope, Order};
use crate::graph::command::{CommandResult, Outgoing, submit};
use crate::graph::personal::{AddressInput, seal_address};
use crate::graph::scalar::{BigInt, CurrencyCode, DateTime};
use crate::graph::{gid, loader};

/// Commands on orders.
#[derive(Debug, Default)]
pub struct OrderMutation;

/// The answer to a command on an order.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct OrderPayload {
    #[graphql(skip)]
    order_id: Option<Uuid>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[async_graphql::ComplexObject]
impl OrderPayload {
    /// The order as the command left it, or newer. Null if the command was refused.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        match self.order_id {
            Some(id) => Ok(loader::load::<OrderLoader, _>(ctx, id)
                .await?
                .map(Order::from)),
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    outgoing: Outgoing<C>,
) -> Result<Option<OrderPayload>> {
    let (receipt, mut result) = submit(ctx, outgoing).await?;
    // The rule speaks of the reference that the input's channel and id make.
    for field in result
        .user_errors
        .iter_mut()
        .filter_map(|error| error.field.as_mut())
    {
        if field.first().is_some_and(|name| name == "externalRef") {
            *field = vec!["externalId".to_owned()];
        }
        field.pop_if(|name| name == "value");
    }
    let order_id = receipt.map(|receipt| receipt.subject);
    Ok(Some(OrderPayload { order_id, result }))
}

/// A discount on a line or an order: give either an amount or a rate.
#[derive(Clone, Debug, InputObject)]
pub struct DiscountInput {
    /// Names the discount: a promotion, a coupon, a reason.
    code: String,
    /// Minor units of the order's currency, tax excluded.
    amount_minor: Option<BigInt>,
    /// Parts per million of what it applies to: 10 % is 100,000.
    rate_ppm: Option<BigInt>,
}

impl DiscountInput {
    fn command(self, field: &str) -> Result<domain::NewDiscount> {
        let value = match (self.amount_minor, self.rate_ppm) {
            (Some(BigInt(amount)), None) => domain::DiscountValue::Amount(amount),
            (None, Some(BigInt(rate))) => domain::DiscountValue::Rate(rate),
            _ => {
                return Err(crate::graph::error::bad_input(
                    field,
                    "give either amountMinor or ratePpm",
                ));
            }
        };
        Ok(domain::NewDiscount {
            code: self.code,
            value,
        })
    }
}

fn discounts(inputs: Vec<DiscountInput>, field: &str) -> Result<Vec<domain::NewDiscount>> {
    inputs
        .into_iter()
        .enumerate()
        .map(|(index, input)| input.command(&format!("{field}.{index}")))
        .collect()
}

/// A line of a new order.
#[derive(Clone, Debug, InputObject)]
pub struct OrderPlaceLineInput {
    /// What is ordered.
    sku: String,
    /// In the SKU's base unit, above zero.
    quantity: BigInt,
    /// For one unit, minor units, tax excluded. The catalog's price without it.
    unit_price_minor: Option<BigInt>,
    /// Taken off the line before discounts of the order.
    #[graphql(default)]
    discounts: Vec<DiscountInput>,
}

/// Delivery to be charged.
#[derive(Clone, Debug, InputObject)]
pub struct ShippingInput {
    /// For people: `standard`.
    method: String,
    /// Minor units, tax excluded.
    amount_minor: BigInt,
    /// Names the taxes that apply, through the tenant's tax table.
    tax_class: String,
}

/// A new order.
#[derive(Clone, Debug, InputObject)]
pub struct OrderPlaceInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// A uuid of the caller's choice; made here without it.
    order_id: Option<ID>,
    /// The channel's code in the tenant's configuration.
    channel: String,
    /// The order's id in the channel.
    external_id: Option<String>,
    /// Who orders, if known.
    customer_id: Option<ID>,
    /// Of every amount; the tenant's base currency without it.
    currency: Option<CurrencyCode>,
    /// 1 to 250.
    lines: Vec<OrderPlaceLineInput>,
    /// Taken off the order and split over its lines by largest remainder.
    #[graphql(default)]
    discounts: Vec<DiscountInput>,
    /// Delivery to be charged.
    shipping: Option<ShippingInput>,
    /// Where the goods go. Kept outside the log, sealed under the customer's key.
    shipping_address: Option<AddressInput>,
    /// When the customer ordered; now without it.
    placed_at: Option<DateTime>,
}

impl OrderPlaceInput {
    fn command(self, address_ref: Option<Uuid>) -> Result<domain::PlaceOrder> {
        let external_ref = self.external_id.map(|id| ExternalRef {
            system: self.channel.clone(),
            id,
        });
        let line = |(index, line): (usize, OrderPlaceLineInput)| {
            Ok(domain::PlaceLine {
                sku: Sku(line.sku),
                quantity: line.quantity.0,
                unit_price_minor: line.unit_price_minor.map(|price| price.0),
                discounts: discounts(line.discounts, &format!("lines.{index}.discounts"))?,
            })
        };
        Ok(domain::PlaceOrder {
            order_id: gid::decode_opt(self.order_id.as_ref(), "Order", "orderId")?.map(OrderId),
            channel: self.channel,
            external_ref,
            customer_id: gid::decode_opt(self.customer_id.as_ref(), "Customer", "customerId")?
                .map(CustomerId),
            address_ref,
            currency: self.currency.map(|currency| currency.0),
            lines: self
                .lines
                .into_iter()
                .enumerate()
                .map(line)
                .collect::<Result<_>>()?,
            discounts: discounts(self.discounts, "discounts")?,
            shipping: self.shipping.map(|shipping| domain::NewShipping {
                method: shipping.method,
                amount_minor: shipping.amount_minor.0,
                tax_class: shipping.tax_class,
            }),
            placed_at: self.placed_at.map(|at| at.0),
            subscription_id: None,
        })
    }
}

/// A discount as the channel gave it.
#[derive(Clone, Debug, InputObject)]
pub struct OrderImportDiscountInput {
    /// Names the discount.
    code: String,
    /// Whether the channel gave it to the line or to the order.
    scope: LineDiscountScope,
    /// Minor units, tax excluded.
    amount_minor: BigInt,
}

/// A tax as the channel charged it.
#[derive(Clone, Debug, InputObject)]
pub struct OrderImportTaxInput {
    /// Names the tax and its jurisdiction.
    code: String,
    /// Parts per million, if the channel says.
    rate_ppm: Option<BigInt>,
    /// Minor units.
    amount_minor: BigInt,
}

impl From<OrderImportTaxInput> for domain::Tax {
    fn from(tax: OrderImportTaxInput) -> Self {
        Self {
            code: tax.code,
            rate_ppm: tax.rate_ppm.map(|rate| rate.0),
            amount_minor: tax.amount_minor.0,
        }
    }
}

/// A line as the channel has it.
#[derive(Clone, Debug, InputObject)]
pub struct OrderImportLineInput {
    /// What was ordered.
    sku: String,
    /// In the SKU's base unit; zero if money moved and goods did not.
    quantity: BigInt,
    /// For one unit, if the channel says.
    unit_price_minor: Option<BigInt>,
    /// Before discounts, tax excluded.
    gross_minor: BigInt,
    /// The channel's own allocations.
    #[graphql(default)]
    discounts: Vec<OrderImportDiscountInput>,
    /// The channel's own taxes.
    #[graphql(default)]
    taxes: Vec<OrderImportTaxInput>,
    /// Checked if given: gross less discounts.
    net_minor: Option<BigInt>,
}

/// Delivery as the channel charged it.
#[derive(Clone, Debug, InputObject)]
pub struct OrderImportShippingInput {
    /// How it is delivered, for people: `standard`.
    method: String,
    /// Minor units, tax excluded.
    net_minor: BigInt,
    /// The channel's own taxes.
    #[graphql(default)]
    taxes: Vec<OrderImportTaxInput>,
}

/// Money that moved when the order was made.
#[derive(Clone, Debug, InputObject)]
pub struct OrderImportPaymentInput {
    /// Who moved it.
    provider: String,
    /// The provider's own id.
    provider_ref: Option<String>,
    /// Minor units.
    amount_minor: BigInt,
}

/// An order that a channel took. Its numbers are kept as they are.
#[derive(Clone, Debug, InputObject)]
pub struct OrderImportInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The channel's code in the tenant's configuration.
    channel: String,
    /// The order's id in the channel: imported once.
    external_id: String,
    /// The customer's id in the channel; an unknown one is registered.
    customer_external_id: Option<String>,
    /// The currency of every amount here.
    currency: CurrencyCode,
    /// When the customer ordered.
    placed_at: DateTime,
    /// 1 to 250.
    lines: Vec<OrderImportLineInput>,
    /// Delivery charged.
    shipping: Option<OrderImportShippingInput>,
    /// Checked if given: what the customer was to pay.
    total_minor: Option<BigInt>,
    /// Money that moved already.
    #[graphql(default)]
    payments: Vec<OrderImportPaymentInput>,
    /// Whether the goods have left, as in a shop.
    #[graphql(default)]
    shipped: bool,
}

impl From<OrderImportInput> for domain::ImportOrder {
    fn from(input: OrderImportInput) -> Self {
        let line = |line: OrderImportLineInput| domain::ImportLine {
            sku: Sku(line.sku),
            quantity: line.quantity.0,
            unit_price_minor: line.unit_price_minor.map(|price| price.0),
            gross_minor: line.gross_minor.0,
            discounts: line
                .discounts
                .into_iter()
                .map(|discount| domain::Discount {
                    scope: discount.scope.into(),
                    code: discount.code,
                    amount_minor: discount.amount_minor.0,
                })
                .collect(),
            taxes: line.taxes.into_iter().map(Into::into).collect(),
            net_minor: line.net_minor.map(|net| net.0),
        };
        let payment = |payment: OrderImportPaymentInput| domain::ImportPayment {
            provider: payment.provider,
            provider_ref: payment.provider_ref,
            amount_minor: payment.amount_minor.0,
        };
        Self {
            channel: input.channel,
            external_id: input.external_id,
            customer_external_id: input.customer_external_id,
            currency: input.currency.0,
            placed_at: input.placed_at.0,
            lines: input.lines.into_iter().map(line).collect(),
            shipping: input.shipping.map(|shipping| domain::Shipping {
                method: shipping.method,
                net_minor: shipping.net_minor.0,
                taxes: shipping.taxes.into_iter().map(Into::into).collect(),
            }),
            total_minor: input.total_minor.map(|total| total.0),
            payments: input.payments.into_iter().map(payment).collect(),
            shipped: input.shipped,
        }
    }
}

/// An order and why.
#[derive(Clone, Debug, InputObject)]
pub struct OrderReasonInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which order.
    order_id: ID,
    /// Why, for people.
    reason: String,
}

/// An order.
#[derive(Clone, Debug, InputObject)]
pub struct OrderReleaseInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which order.
    order_id: ID,
}

/// Open units of one line.
#[derive(Clone, Debug, InputObject)]
pub struct OrderLineCancelInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which order.
    order_id: ID,
    /// The line's number.
    line: u32,
    /// Units to give up; all that are open without it.
    quantity: Option<BigInt>,
    /// Why, for people.
    reason: String,
}

fn order_id(id: &ID) -> Result<OrderId> {
    gid::decode(id, "Order", "orderId").map(OrderId)
}

#[Object]
impl OrderMutation {
    /// Places an order: prices, discounts and taxes are computed here, and its stock is reserved in
    /// the same commit, or it is refused with what is short.
    async fn order_place(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new order.")] mut input: OrderPlaceInput,
    ) -> Result<Option<OrderPayload>> {
        let key = input.idempotency_key.take();
        let Some(address) = input.shipping_address.take() else {
            return run(ctx, Outgoing::new(input.command(None)?, key)).await;
        };
        let customer = gid::decode_opt(input.customer_id.as_ref(), "Customer", "customerId")?;
        let fingerprint = format!("{input:?}{address:?}");
        let sealed = seal_address(ctx, customer, &address, &fingerprint).await?;
        let outgoing = Outgoing {
            command: input.command(Some(sealed.record_id))?,
            key,
            fingerprint: Some(sealed.fingerprint),
            vault: sealed.writes,
        };
        run(ctx, outgoing).await
    }

    /// Takes over an order that a channel made, with the channel's own allocations.
    async fn order_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order as its channel has it.")] mut input: OrderImportInput,
    ) -> Result<Option<OrderPayload>> {
        let key = input.idempotency_key.take();
        run(ctx, Outgoing::new(domain::ImportOrder::from(input), key)).await
    }

    /// Keeps an order from being shipped for now.
    async fn order_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order, and why.")] input: OrderReasonInput,
    ) -> Result<Option<OrderPayload>> {
        let command = domain::HoldOrder {
            order_id: order_id(&input.order_id)?,
            reason: input.reason,
        };
        run(ctx, Outgoing::new(command, input.idempotency_key)).await
    }

    /// Ends a hold.
    async fn order_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: OrderReleaseInput,
    ) -> Result<Option<OrderPayload>> {
        let command = domain::ReleaseOrder {
            order_id: order_id(&input.order_id)?,
        };
        run(ctx, Outgoing::new(command, input.idempotency_key)).await
    }

    /// Gives up all units that are not shipped, and frees their stock.
    async fn order_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order, and why.")] input: OrderReasonInput,
    ) -> Result<Option<OrderPayload>> {
        let command = domain::CancelOrder {
            order_id: order_id(&input.order_id)?,
            reason: input.reason,
        };
        run(ctx, Outgoing::new(command, input.idempotency_key)).await
    }

    /// Gives up open units of one line, and frees their stock.
    async fn order_line_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which line, and how much of it.")] input: OrderLineCancelInput,
    ) -> Result<Option<OrderPayload>> {
        let command = domain::CancelLine {
            order_id: order_id(&input.order_id)?,
            line: input.line,
            quantity: input.quantity.map(|quantity| quantity.0),
            reason: input.reason,
        };
        run(ctx, Outgoing::new(command, input.idempotency_key)).await
    }
}
