//! What a tenant looks like.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use entrepot_domain::kernel::{StreamId, TenantId, Warehouse};
use entrepot_domain::state::State;
use entrepot_domain::tenants as domain;

use crate::graph::error;
use crate::graph::scalar::{BigInt, CurrencyCode};
use crate::graph::session::{Session, session};

/// A brand, a franchisee, a reseller: whose log this is.
pub struct Tenant(Box<domain::Tenant>);

/// Whether commands are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TenantStatus {
    /// Commands are accepted.
    Active,
    /// Only the release is, and only operators read.
    Suspended,
}

impl Tenant {
    /// The tenant as of the end of its log: there is no read model of one row. `None` before it was
    /// created.
    pub(super) async fn read(session: &Session, tenant: TenantId) -> Result<Option<Self>> {
        match session
            .app
            .store
            .state(tenant, StreamId::TENANT)
            .await
            .map_err(error::store)?
        {
            State::Tenant(tenant) if tenant.exists() => Ok(Some(Self(tenant))),
            _ => Ok(None),
        }
    }
}

/// A brand, a franchisee, a reseller: whose log this is.
#[Object]
impl Tenant {
    /// Its name in addresses and tokens.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name that people read: `North & Harbor`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The currency that it reports in.
    async fn base_currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.base_currency)
    }

    /// The IANA time zone of its civil days.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone.0
    }

    /// Whether commands are accepted.
    async fn status(&self) -> TenantStatus {
        if self.0.suspended() {
            TenantStatus::Suspended
        } else {
            TenantStatus::Active
        }
    }

    /// What is in force.
    async fn config(&self) -> TenantConfig<'_> {
        TenantConfig(&self.0)
    }
}

/// A tenant's configuration in force.
pub struct TenantConfig<'a>(&'a domain::Tenant);

/// A tenant's configuration in force.
#[Object]
impl TenantConfig<'_> {
    /// Counts the changes; every event of the log pins the revision that was in force. 0 before the
    /// first.
    async fn config_revision(&self) -> BigInt {
        BigInt(self.0.config_rev)
    }

    /// The taxes of each class of goods.
    async fn tax_table(&self) -> Vec<TaxClass> {
        let table = self.0.tax_table().iter();
        table
            .map(|(class, rates)| TaxClass {
                class: class.clone(),
                rates: rates.iter().map(Into::into).collect(),
            })
            .collect()
    }

    /// Where the tenant sells; to a partner, its own channels.
    async fn channels(&self, ctx: &Context<'_>) -> Result<Vec<Channel>> {
        let own = session(ctx)?.channels();
        let visible =
            |channel: &&domain::Channel| own.is_none_or(|own| own.contains(&channel.code));
        let channels = self.0.channels().iter().filter(visible);
        Ok(channels
            .map(|channel| Channel {
                code: channel.code.clone(),
                name: channel.name.clone(),
            })
            .collect())
    }

    /// What payment providers take.
    async fn fee_schedule(&self, _ctx: &Context<'_>) -> Result<Option<Vec<ProviderFee>>> {
        let fees = self.0.fee_schedule().iter();
        let fee = |(provider, fee): (&String, &domain::Fee)| ProviderFee {
            provider: provider.clone(),
            rate_ppm: BigInt(fee.rate_ppm),
            fixed_minor: BigInt(fee.fixed_minor),
        };
        Ok(Some(fees.map(fee).collect()))
    }

    /// The codes of the places that hold stock, the first to be taken from first.
    async fn warehouses(&self) -> Vec<&str> {
        self.0.warehouses.iter().map(Warehouse::as_str).collect()
    }
}

/// A class of goods with its taxes.
#[derive(Clone, Debug, SimpleObject)]
pub struct TaxClass {
    /// The class, as SKUs and shipping name it.
    class: String,
    /// The taxes that apply; none for an exempt class.
    rates: Vec<TaxRate>,
}

/// A tax and its rate.
#[derive(Clone, Debug, SimpleObject)]
pub struct TaxRate {
    /// Names the tax and its jurisdiction: `US-NY-STATE`.
    code: String,
    /// Parts per million of the net amount: 8.25 % is 82,500.
    rate_ppm: BigInt,
}

impl From<&domain::TaxRate> for TaxRate {
    fn from(rate: &domain::TaxRate) -> Self {
        Self {
            code: rate.code.clone(),
            rate_ppm: BigInt(rate.rate_ppm),
        }
    }
}

/// A place where the tenant sells.
#[derive(Clone, Debug, SimpleObject)]
pub struct Channel {
    /// The tenant's code: `web`.
    code: String,
    /// The name that people read: `Web shop`.
    name: String,
}

/// What a payment provider takes of each capture, in the payment's currency.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProviderFee {
    /// The provider's code.
    provider: String,
    /// Parts per million of the captured amount.
    rate_ppm: BigInt,
    /// Minor units for each capture.
    fixed_minor: BigInt,
}
