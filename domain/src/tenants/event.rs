//! Facts about tenants and their configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Instant, Warehouse, Zone, events};

events! {
    /// Facts of a tenant's own stream.
    TenantEvent {
        /// The first event of every tenant's log.
        Created(TenantCreated) = "tenant.created" v 1,
        /// Commands other than a release are refused from here on, and only operators read.
        Suspended(TenantSuspended) = "tenant.suspended" v 1,
        /// Commands are accepted again.
        Released(TenantReleased) = "tenant.released" v 1,
        /// Tokens issued before a moment no longer give access.
        AccessRevoked(AccessRevoked) = "tenant.access_revoked" v 1,
        /// A configuration revision took effect.
        ConfigActivated(ConfigActivated) = "config.revision_activated" v 1,
    }
}

/// `tenant.created`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantCreated {
    /// The tenant's name in addresses and tokens.
    pub slug: String,
    /// For people.
    pub name: String,
    /// The currency that the tenant reports in.
    pub base_currency: Currency,
    /// The zone of the tenant's civil dates.
    pub time_zone: Zone,
}

/// `tenant.suspended`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantSuspended {
    /// Why, for people.
    pub reason: String,
}

/// `tenant.released`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantReleased {}

/// `tenant.access_revoked`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessRevoked {
    /// Claim `sub` of the tokens; of any subject without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Claim `client_id` (or `azp`) of the tokens; of any client without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Tokens issued before this moment.
    pub issued_before: Instant,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `config.revision_activated`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigActivated {
    /// 1 for the tenant's first revision, one more each time; every event pins the one in force.
    pub revision: i64,
    /// The kind and its new body, whole.
    pub config: Config,
}

/// One kind of configuration, replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum Config {
    /// Tax class to the taxes that apply; a class without taxes is exempt.
    TaxTable(BTreeMap<String, Vec<TaxRate>>),
    /// Where the tenant sells.
    Channels(Vec<Channel>),
    /// Payment provider to the fees that it takes.
    FeeSchedule(BTreeMap<String, Fee>),
    /// The places that hold stock, the first to be taken from first.
    Warehouses(Vec<Warehouse>),
}

/// A tax on a class of goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxRate {
    /// Names the tax and its jurisdiction: `US-NY-STATE`.
    pub code: String,
    /// Parts per million of the net amount: 8.25 % is 82,500.
    pub rate_ppm: i64,
}

/// A place where the tenant sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Channel {
    /// The tenant's code: `web`.
    pub code: String,
    /// For people.
    pub name: String,
}

/// What a provider takes of a captured payment, in the payment's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fee {
    /// Parts per million of the captured amount.
    pub rate_ppm: i64,
    /// Minor units for each capture.
    pub fixed_minor: i64,
}
