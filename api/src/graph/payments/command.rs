//! Commands on payments.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::{OrderId, PaymentId};
use entrepot_domain::payments as domain;
use entrepot_event_store::Receipt;
use entrepot_projections::model::Fold as _;
use entrepot_projections::orders::{OrderDoc, Orders};

use super::types::{Payment, PaymentAttempt};
use crate::graph::command::{CommandResult, Outgoing, events, submit};
use crate::graph::orders::{Order, OrderLoader};
use crate::graph::scalar::{BigInt, CurrencyCode, DateTime};
use crate::graph::session::session;
use crate::graph::{gid, loader};

/// Commands on payments.
#[derive(Debug, Default)]
pub struct PaymentMutation;

/// The answer to a command on a payment.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct PaymentPayload {
    #[graphql(skip)]
    receipt: Option<Receipt>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[ComplexObject]
impl PaymentPayload {
    /// The payment as the command left it, or newer. Null if the command was refused.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
        let (Some(receipt), Some(order)) = (self.receipt, self.paid(ctx).await?) else {
            return Ok(None);
        };
        let mut payments = order.payments.iter();
        let payment = payments.find(|payment| payment.payment_id.0 == receipt.subject);
        Ok(payment.map(|payment| Payment::new(payment, order.currency)))
    }

    /// The order that is paid, as the command left it, or newer. Null if the command was refused.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        Ok(self.paid(ctx).await?.map(Order::from))
    }
}

impl PaymentPayload {
    /// The order that is paid. Most commands name the payment alone: its events name the order.
    async fn paid(&self, ctx: &Context<'_>) -> Result<Option<Arc<OrderDoc>>> {
        let Some(receipt) = &self.receipt else {
            return Ok(None);
        };
        let events = events(session(ctx)?, receipt).await?;
        match events
            .iter()
            .find_map(|event| Orders::keys(&event.event).pop())
        {
            Some(OrderId(id)) => loader::load::<OrderLoader, _>(ctx, id).await,
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    command: C,
    key: Option<String>,
) -> Result<Option<PaymentPayload>> {
    let (receipt, result) = submit(ctx, Outgoing::new(command, key)).await?;
    Ok(Some(PaymentPayload { receipt, result }))
}

fn payment_id(id: &ID) -> Result<PaymentId> {
    gid::decode(id, "Payment", "paymentId").map(PaymentId)
}

fn new_payment_id(id: Option<&ID>) -> Result<Option<PaymentId>> {
    Ok(gid::decode_opt(id, "Payment", "paymentId")?.map(PaymentId))
}

fn order_id(id: &ID) -> Result<OrderId> {
    gid::decode(id, "Order", "orderId").map(OrderId)
}

const fn minor(amount: Option<BigInt>) -> Option<i64> {
    match amount {
        Some(BigInt(minor)) => Some(minor),
        None => None,
    }
}

/// Money that a provider holds for the tenant.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentAuthorizeInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// A uuid of the caller's choice; made here without it.
    payment_id: Option<ID>,
    /// What is paid.
    order_id: ID,
    /// Who holds the money: a name of the tenant's choice, which its fee schedule may know.
    provider: String,
    /// The provider's own id.
    provider_ref: Option<String>,
    /// What may be captured, in minor units, above zero.
    amount_minor: BigInt,
    /// Checked if given: the order's currency.
    currency: Option<CurrencyCode>,
    /// When the provider lets go; never without it.
    expires_at: Option<DateTime>,
}

/// Money that a provider moves to the tenant.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentCaptureInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which payment.
    payment_id: ID,
    /// Minor units, at most what may still be captured; all of that without it.
    amount_minor: Option<BigInt>,
    /// The provider's own id of the capture.
    provider_ref: Option<String>,
    /// What the provider took, in minor units; estimated by the tenant's fee schedule without it.
    fee_minor: Option<BigInt>,
}

/// A payment whose rest is given up.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentVoidInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which payment.
    payment_id: ID,
}

/// Money that moves back to the customer.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentRefundInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which payment.
    payment_id: ID,
    /// Minor units, at most what was captured and not refunded; all of that without it.
    amount_minor: Option<BigInt>,
    /// The provider's own id of the refund.
    provider_ref: Option<String>,
    /// Why, for people.
    reason: String,
}

/// Money that moved without this program: at a till, in a channel, by bank transfer.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentRecordExternalInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// A uuid of the caller's choice; made here without it.
    payment_id: Option<ID>,
    /// What is paid.
    order_id: ID,
    /// Who moved the money.
    provider: String,
    /// The provider's own id.
    provider_ref: Option<String>,
    /// Minor units, above zero.
    amount_minor: BigInt,
    /// Checked if given: the order's currency.
    currency: Option<CurrencyCode>,
    /// When the money moved; now without it.
    captured_at: Option<DateTime>,
    /// What the provider took, in minor units; estimated by the tenant's fee schedule without it.
    fee_minor: Option<BigInt>,
}

/// What a provider really took.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentAssessFeeInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which payment.
    payment_id: ID,
    /// The whole fee of the payment so far, in minor units; it replaces any estimate.
    amount_minor: BigInt,
}

/// A provider call that got no answer.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentReportUnknownInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which payment.
    payment_id: ID,
    /// What was attempted.
    attempt: PaymentAttempt,
    /// Minor units that may have moved.
    amount_minor: BigInt,
}

/// What became of a provider call that got no answer.
#[derive(Clone, Debug, InputObject)]
pub struct PaymentResolveUnknownInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which payment.
    payment_id: ID,
    /// Whether the money moved.
    happened: bool,
    /// The provider's own id of what happened.
    provider_ref: Option<String>,
}

#[Object]
impl PaymentMutation {
    /// Starts a payment of an order: a provider holds money for the tenant.
    async fn payment_authorize(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new payment.")] input: PaymentAuthorizeInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::AuthorizePayment {
            payment_id: new_payment_id(input.payment_id.as_ref())?,
            order_id: order_id(&input.order_id)?,
            provider: input.provider,
            provider_ref: input.provider_ref,
            amount_minor: input.amount_minor.0,
            currency: input.currency.map(|currency| currency.0),
            expires_at: input.expires_at.map(|at| at.0),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Records that money moved to the tenant: what is authorized, or a part of it.
    async fn payment_capture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment, and how much.")] input: PaymentCaptureInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::CapturePayment {
            payment_id: payment_id(&input.payment_id)?,
            amount_minor: minor(input.amount_minor),
            provider_ref: input.provider_ref,
            fee_minor: minor(input.fee_minor),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Gives up what is not captured.
    async fn payment_void(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment.")] input: PaymentVoidInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::VoidPayment {
            payment_id: payment_id(&input.payment_id)?,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Records that money moved back to the customer: what was captured, or a part of it.
    async fn payment_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment, and how much.")] input: PaymentRefundInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::RefundPayment {
            payment_id: payment_id(&input.payment_id)?,
            amount_minor: minor(input.amount_minor),
            provider_ref: input.provider_ref,
            reason: input.reason,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Starts a payment of an order by money that moved without this program.
    async fn payment_record_external(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment as its provider has it.")] input: PaymentRecordExternalInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::RecordExternalPayment {
            payment_id: new_payment_id(input.payment_id.as_ref())?,
            order_id: order_id(&input.order_id)?,
            provider: input.provider,
            provider_ref: input.provider_ref,
            amount_minor: input.amount_minor.0,
            currency: input.currency.map(|currency| currency.0),
            captured_at: input.captured_at.map(|at| at.0),
            fee_minor: minor(input.fee_minor),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// States what a provider really took, once it is known.
    async fn payment_assess_fee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment, and its fee.")] input: PaymentAssessFeeInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::AssessFee {
            payment_id: payment_id(&input.payment_id)?,
            amount_minor: input.amount_minor.0,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Records that a provider call got no answer: the payment is blocked until it is known whether
    /// the money moved.
    async fn payment_report_unknown(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment, and what was tried.")] input: PaymentReportUnknownInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::ReportUnknownOutcome {
            payment_id: payment_id(&input.payment_id)?,
            attempt: input.attempt.into(),
            amount_minor: input.amount_minor.0,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Says whether a call that got no answer moved money after all.
    async fn payment_resolve_unknown(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment, and how it ended.")] input: PaymentResolveUnknownInput,
    ) -> Result<Option<PaymentPayload>> {
        let command = domain::ResolveOutcome {
            payment_id: payment_id(&input.payment_id)?,
            happened: input.happened,
            provider_ref: input.provider_ref,
        };
        run(ctx, command, input.idempotency_key).await
    }
}
