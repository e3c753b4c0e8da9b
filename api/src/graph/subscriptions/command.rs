//! Commands on subscriptions.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::{CustomerId, Sku, SubscriptionId, Zone};
use entrepot_domain::subscriptions as domain;
use uuid::Uuid;

use super::load::SubscriptionLoader;
use super::types::{IntervalUnit, SubscriptionContract};
use crate::graph::command::{CommandResult, Outgoing, submit};
use crate::graph::error::bad_input;
use crate::graph::scalar::{BigInt, CurrencyCode, Date};
use crate::graph::{gid, loader};

/// Commands on subscriptions.
#[derive(Debug, Default)]
pub struct SubscriptionMutation;

/// The answer to a command on a subscription.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SubscriptionPayload {
    #[graphql(skip)]
    subscription_id: Option<Uuid>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[async_graphql::ComplexObject]
impl SubscriptionPayload {
    /// The subscription as the command left it, or newer. Null if the command was refused.
    async fn subscription(&self, ctx: &Context<'_>) -> Result<Option<SubscriptionContract>> {
        match self.subscription_id {
            Some(id) => Ok(loader::load::<SubscriptionLoader, _>(ctx, id)
                .await?
                .map(SubscriptionContract::from)),
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    command: C,
    key: Option<String>,
) -> Result<Option<SubscriptionPayload>> {
    let (receipt, result) = submit(ctx, Outgoing::new(command, key)).await?;
    Ok(Some(SubscriptionPayload {
        subscription_id: receipt.map(|receipt| receipt.subject),
        result,
    }))
}

/// Something to order in every cycle.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionItemInput {
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
    /// Units each cycle, above zero.
    quantity: BigInt,
    /// For one unit, minor units, tax excluded. The catalog's price of today without it; fixed from
    /// then on.
    unit_price_minor: Option<BigInt>,
}

/// How often a subscription comes round: every `count` units.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionIntervalInput {
    /// Days, weeks, months or years.
    unit: IntervalUnit,
    /// 1 to 1000.
    #[graphql(default = 1)]
    count: i32,
}

/// A new subscription.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionCreateInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// A uuid of the caller's choice; made here without it.
    subscription_id: Option<ID>,
    /// Who gets the goods.
    customer_id: ID,
    /// The channel that its orders count for.
    channel: String,
    /// Of every price; the tenant's base currency without it.
    currency: Option<CurrencyCode>,
    /// 1 to 50, each SKU once.
    items: Vec<SubscriptionItemInput>,
    /// How often.
    interval: SubscriptionIntervalInput,
    /// The first day on which a cycle may be due; not before today in the subscription's time zone.
    anchor: Date,
    /// The day of the month for months and years, 1 to 31; the anchor's without it. A month that is
    /// too short takes its last day.
    anchor_day: Option<i32>,
    /// The IANA time zone in which a cycle's day begins; the tenant's without it.
    time_zone: Option<String>,
}

impl SubscriptionCreateInput {
    fn command(self) -> Result<domain::CreateSubscription> {
        let item = |item: SubscriptionItemInput| domain::NewItem {
            sku: Sku(item.sku),
            quantity: item.quantity.0,
            unit_price_minor: item.unit_price_minor.map(|price| price.0),
        };
        let anchor_day = self.anchor_day.map(i8::try_from).transpose();
        Ok(domain::CreateSubscription {
            subscription_id: gid::decode_opt(
                self.subscription_id.as_ref(),
                "Subscription",
                "subscriptionId",
            )?
            .map(SubscriptionId),
            customer_id: CustomerId(gid::decode(&self.customer_id, "Customer", "customerId")?),
            channel: self.channel,
            currency: self.currency.map(|currency| currency.0),
            items: self.items.into_iter().map(item).collect(),
            interval: domain::Interval {
                unit: self.interval.unit.into(),
                count: self.interval.count,
            },
            anchor: self.anchor.0,
            anchor_day: anchor_day.map_err(|_| bad_input("anchorDay", "must be 1 to 31"))?,
            time_zone: self.time_zone.map(Zone),
        })
    }
}

/// A cycle that is due.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionRunCycleInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which subscription.
    subscription_id: ID,
    /// The cycle that is due next, so that none runs twice.
    cycle: BigInt,
}

/// A pause.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionPauseInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which subscription.
    subscription_id: ID,
    /// The day on which it resumes by itself, after today; never without it.
    resume_on: Option<Date>,
}

/// The end of a pause.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionResumeInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which subscription.
    subscription_id: ID,
}

/// Cycles that make no order.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionSkipInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which subscription.
    subscription_id: ID,
    /// How many, 1 to 24; one without it.
    cycles: Option<BigInt>,
}

/// Another quantity of an item.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionChangeQuantityInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which subscription.
    subscription_id: ID,
    /// Which of its items.
    sku: String,
    /// Units each cycle from the next one on, above zero.
    quantity: BigInt,
}

/// The end of a subscription.
#[derive(Clone, Debug, InputObject)]
pub struct SubscriptionCancelInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which subscription.
    subscription_id: ID,
    /// Why, for people.
    reason: String,
}

fn subscription_id(id: &ID) -> Result<SubscriptionId> {
    gid::decode(id, "Subscription", "subscriptionId").map(SubscriptionId)
}

#[Object]
impl SubscriptionMutation {
    /// Starts a subscription, at prices fixed now.
    async fn subscription_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new subscription.")] mut input: SubscriptionCreateInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let key = input.idempotency_key.take();
        run(ctx, input.command()?, key).await
    }

    /// Runs the cycle that is due: places its order and reserves its stock, in one commit. If the
    /// order is refused, the failure is recorded and the cycle is due again the next day. The clock
    /// does the same by itself.
    async fn subscription_run_cycle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which cycle.")] input: SubscriptionRunCycleInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let subscription_id = subscription_id(&input.subscription_id)?;
        let command = domain::RunCycle {
            subscription_id,
            cycle: input.cycle.0,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Stops the cycles for a while.
    async fn subscription_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which subscription, and until when.")] input: SubscriptionPauseInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let subscription_id = subscription_id(&input.subscription_id)?;
        let command = domain::PauseSubscription {
            subscription_id,
            resume_on: input.resume_on.map(|day| day.0),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Lets the cycles run again, from the first one that is not past.
    async fn subscription_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which subscription.")] input: SubscriptionResumeInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let command = domain::ResumeSubscription {
            subscription_id: subscription_id(&input.subscription_id)?,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Lets the next cycles pass without an order.
    async fn subscription_skip(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which subscription, and how many cycles.")] input: SubscriptionSkipInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let subscription_id = subscription_id(&input.subscription_id)?;
        let command = domain::SkipCycle {
            subscription_id,
            cycles: input.cycles.map(|cycles| cycles.0),
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Sets an item's quantity from the next cycle on.
    async fn subscription_change_quantity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which item, and how much of it.")] input: SubscriptionChangeQuantityInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let subscription_id = subscription_id(&input.subscription_id)?;
        let command = domain::ChangeQuantity {
            subscription_id,
            sku: Sku(input.sku),
            quantity: input.quantity.0,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Ends a subscription for good. Orders that it made stay.
    async fn subscription_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which subscription, and why.")] input: SubscriptionCancelInput,
    ) -> Result<Option<SubscriptionPayload>> {
        let subscription_id = subscription_id(&input.subscription_id)?;
        let command = domain::CancelSubscription {
            subscription_id,
            reason: input.reason,
        };
        run(ctx, command, input.idempotency_key).await
    }
}
