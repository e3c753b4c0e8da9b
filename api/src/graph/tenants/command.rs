//! Commands on tenants.

use std::collections::BTreeMap;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::{TenantId, Warehouse, Zone};
use entrepot_domain::tenants as domain;

use super::types::Tenant;
use crate::graph::command::{CommandResult, Outgoing, refused, submit, submit_to};
use crate::graph::error::{self, bad_input, fault};
use crate::graph::scalar::{BigInt, CurrencyCode, DateTime};
use crate::graph::session::session;

/// Commands on tenants.
#[derive(Debug, Default)]
pub struct TenantMutation;

/// The answer to a command on a tenant.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct TenantPayload {
    #[graphql(skip)]
    tenant_id: Option<TenantId>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[async_graphql::ComplexObject]
impl TenantPayload {
    /// The tenant as the command left it, or newer. Null if the command was refused.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        match self.tenant_id {
            Some(tenant) => Tenant::read(session(ctx)?, tenant).await,
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    command: C,
    key: Option<String>,
) -> Result<Option<TenantPayload>> {
    let (receipt, result) = submit(ctx, Outgoing::new(command, key)).await?;
    let session = session(ctx)?;
    let tenant = session.tenant()?;
    session.app.access.changed(tenant);
    Ok(Some(TenantPayload {
        tenant_id: receipt.map(|_| tenant),
        result,
    }))
}

/// A new tenant.
#[derive(Clone, Debug, InputObject)]
pub struct TenantCreateInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Its name in addresses and tokens: at most 40 lower-case letters, digits and hyphens.
    slug: String,
    /// The name that people read: `North & Harbor`.
    name: String,
    /// The currency that it reports in; it can never change.
    base_currency: CurrencyCode,
    /// The IANA time zone of its civil days: `Europe/Berlin`.
    time_zone: String,
}

/// A suspension.
#[derive(Clone, Debug, InputObject)]
pub struct TenantSuspendInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Why, for people.
    reason: String,
}

/// The end of a suspension.
#[derive(Clone, Debug, InputObject)]
pub struct TenantReleaseInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
}

/// Whose access is taken away: of the tokens of a subject, of a client, of both together, or of
/// everybody if neither is named.
#[derive(Clone, Debug, InputObject)]
pub struct AccessRevokeInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Claim `sub` of the tokens.
    subject: Option<String>,
    /// Claim `client_id` (or `azp`, or else `sub`) of the tokens.
    client: Option<String>,
    /// Only of tokens issued before this moment, which must not lie in the future; now without it.
    issued_before: Option<DateTime>,
    /// Why, for people.
    reason: Option<String>,
}

/// One kind of configuration, whole: give exactly one of them. It replaces what was there.
#[derive(Clone, Debug, InputObject)]
pub struct TenantConfigureInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The taxes of each class of goods.
    tax_table: Option<Vec<TaxClassInput>>,
    /// Where the tenant sells.
    channels: Option<Vec<ChannelInput>>,
    /// What payment providers take.
    fee_schedule: Option<Vec<ProviderFeeInput>>,
    /// The codes of the places that hold stock, the first to be taken from first.
    warehouses: Option<Vec<String>>,
    /// The `configRevision` that this was made from: refused as `STALE` if another is in force. Without
    /// it, whatever is there is replaced.
    expected_revision: Option<BigInt>,
}

/// A class of goods with its taxes.
#[derive(Clone, Debug, InputObject)]
pub struct TaxClassInput {
    /// The class, as SKUs and shipping name it.
    class: String,
    /// The taxes that apply; none for an exempt class.
    rates: Vec<TaxRateInput>,
}

/// A tax and its rate.
#[derive(Clone, Debug, InputObject)]
pub struct TaxRateInput {
    /// Names the tax and its jurisdiction: `US-NY-STATE`.
    code: String,
    /// Parts per million of the net amount: 8.25 % is 82,500.
    rate_ppm: BigInt,
}

/// A place where the tenant sells.
#[derive(Clone, Debug, InputObject)]
pub struct ChannelInput {
    /// The tenant's code: `web`.
    code: String,
    /// The name that people read: `Web shop`.
    name: String,
}

/// What a payment provider takes of each capture, in the payment's currency.
#[derive(Clone, Debug, InputObject)]
pub struct ProviderFeeInput {
    /// The provider's code.
    provider: String,
    /// Parts per million of the captured amount.
    rate_ppm: BigInt,
    /// Minor units for each capture.
    fixed_minor: BigInt,
}

impl TenantConfigureInput {
    fn config(self) -> Result<domain::Config> {
        match (
            self.tax_table,
            self.channels,
            self.fee_schedule,
            self.warehouses,
        ) {
            (Some(classes), None, None, None) => tax_table(classes).map(domain::Config::TaxTable),
            (None, Some(channels), None, None) => Ok(domain::Config::Channels(
                channels.into_iter().map(channel).collect(),
            )),
            (None, None, Some(fees), None) => fee_schedule(fees).map(domain::Config::FeeSchedule),
            (None, None, None, Some(codes)) => Ok(domain::Config::Warehouses(
                codes.into_iter().map(Warehouse).collect(),
            )),
            _ => Err(bad_input(
                "input",
                "give exactly one of taxTable, channels, feeSchedule, warehouses",
            )),
        }
    }
}

fn tax_table(classes: Vec<TaxClassInput>) -> Result<BTreeMap<String, Vec<domain::TaxRate>>> {
    let mut table = BTreeMap::new();
    for (index, TaxClassInput { class, rates }) in classes.into_iter().enumerate() {
        let rate = |rate: TaxRateInput| domain::TaxRate {
            code: rate.code,
            rate_ppm: rate.rate_ppm.0,
        };
        if table
            .insert(class, rates.into_iter().map(rate).collect())
            .is_some()
        {
            return Err(bad_input(
                &format!("taxTable.{index}.class"),
                "each class may be given once",
            ));
        }
    }
    Ok(table)
}

fn fee_schedule(fees: Vec<ProviderFeeInput>) -> Result<BTreeMap<String, domain::Fee>> {
    let mut schedule = BTreeMap::new();
    for (index, fee) in fees.into_iter().enumerate() {
        let takes = domain::Fee {
            rate_ppm: fee.rate_ppm.0,
            fixed_minor: fee.fixed_minor.0,
        };
        if schedule.insert(fee.provider, takes).is_some() {
            return Err(bad_input(
                &format!("feeSchedule.{index}.provider"),
                "each provider may be given once",
            ));
        }
    }
    Ok(schedule)
}

fn channel(channel: ChannelInput) -> domain::Channel {
    domain::Channel {
        code: channel.code,
        name: channel.name,
    }
}

#[Object]
impl TenantMutation {
    /// Creates a tenant: the first event of a log of its own. For the operator of the platform.
    async fn tenant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new tenant.")] input: TenantCreateInput,
    ) -> Result<Option<TenantPayload>> {
        let session = session(ctx)?;
        if !session.requester().platform() {
            return Err(fault(
                "FORBIDDEN",
                "only the operator of the platform creates tenants",
            ));
        }
        let command = domain::CreateTenant {
            slug: input.slug,
            name: input.name,
            base_currency: input.base_currency.0,
            time_zone: Zone(input.time_zone),
        };
        if let Err(refusal) = command.check() {
            return Ok(Some(TenantPayload {
                tenant_id: None,
                result: refused(refusal),
            }));
        }
        let tenant = session
            .app
            .store
            .provision(&command.slug)
            .await
            .map_err(error::store)?;
        let outgoing = Outgoing::new(command, input.idempotency_key);
        let (receipt, result) = submit_to(ctx, tenant, outgoing).await?;
        Ok(Some(TenantPayload {
            tenant_id: receipt.map(|_| tenant),
            result,
        }))
    }

    /// Closes the tenant until it is released: commands are refused, and everybody but operators is
    /// refused queries and live updates as well.
    async fn tenant_suspend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Why.")] input: TenantSuspendInput,
    ) -> Result<Option<TenantPayload>> {
        run(
            ctx,
            domain::SuspendTenant {
                reason: input.reason,
            },
            input.idempotency_key,
        )
        .await
    }

    /// Accepts the suspended tenant's commands again.
    async fn tenant_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nothing but a key.")] input: TenantReleaseInput,
    ) -> Result<Option<TenantPayload>> {
        run(ctx, domain::ReleaseTenant {}, input.idempotency_key).await
    }

    /// Takes access away from tokens that were issued before: their requests are refused and their
    /// streams and sockets end within seconds, on every node. Tokens issued later are good.
    async fn access_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: AccessRevokeInput,
    ) -> Result<Option<TenantPayload>> {
        let command = domain::RevokeAccess {
            subject: input.subject,
            client: input.client,
            issued_before: input.issued_before.map(|at| at.0),
            reason: input.reason,
        };
        run(ctx, command, input.idempotency_key).await
    }

    /// Replaces one kind of the tenant's configuration. Events from here on pin the new revision.
    async fn tenant_configure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One kind of configuration, whole.")] mut input: TenantConfigureInput,
    ) -> Result<Option<TenantPayload>> {
        let key = input.idempotency_key.take();
        run(
            ctx,
            domain::ConfigureTenant {
                expected_revision: input.expected_revision.take().map(|revision| revision.0),
                config: input.config()?,
            },
            key,
        )
        .await
    }
}
