//! What decisions know of the tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::{AccessRevoked, Channel, Config, Fee, TaxRate, TenantEvent};
use crate::event::Event;
use crate::kernel::{Currency, Instant, Refusal, Refused, Warehouse, Zone, code};
use crate::state::Aggregate;

/// The tenant and its active configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tenant {
    status: Status,
    /// The tenant's name in addresses and tokens.
    pub slug: String,
    /// For people.
    pub name: String,
    /// The currency that the tenant reports in.
    pub base_currency: Currency,
    /// The zone of the tenant's civil dates.
    pub time_zone: Zone,
    /// The newest revision in force; 0 before the first.
    pub config_rev: i64,
    taxes: BTreeMap<String, Vec<TaxRate>>,
    channels: Vec<Channel>,
    fees: BTreeMap<String, Fee>,
    /// In the order in which stock is taken from them.
    pub warehouses: Vec<Warehouse>,
    #[serde(default)]
    revocations: Vec<AccessRevoked>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Unknown,
    Active,
    Suspended,
}

impl Tenant {
    /// Whether `tenant.created` happened.
    pub fn exists(&self) -> bool {
        self.status != Status::Unknown
    }

    /// Whether commands are refused.
    pub fn suspended(&self) -> bool {
        self.status == Status::Suspended
    }

    /// The revocations of access in force.
    pub fn revocations(&self) -> &[AccessRevoked] {
        &self.revocations
    }

    /// Whether a token no longer gives access to the tenant.
    pub fn revoked(&self, subject: &str, client: &str, issued_at: Instant) -> bool {
        let named = |name: &Option<String>, given| name.as_deref().is_none_or(|it| it == given);
        self.revocations.iter().any(|revoked| {
            issued_at < revoked.issued_before
                && named(&revoked.subject, subject)
                && named(&revoked.client, client)
        })
    }

    /// The tax table: class to taxes.
    pub const fn tax_table(&self) -> &BTreeMap<String, Vec<TaxRate>> {
        &self.taxes
    }

    /// Where the tenant sells.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Payment provider to the fees that it takes.
    pub const fn fee_schedule(&self) -> &BTreeMap<String, Fee> {
        &self.fees
    }

    /// The taxes of a class.
    pub fn taxes(&self, class: &str, field: &str) -> Refused<&[TaxRate]> {
        self.taxes.get(class).map(Vec::as_slice).ok_or_else(|| {
            let message = format!("tax class `{class}` is not in the tenant's tax table");
            Refusal::at(code::TAX_CLASS_UNKNOWN, field, message)
        })
    }

    /// Refuses a channel that is not configured.
    pub fn check_channel(&self, channel: &str, field: &str) -> Refused<()> {
        if self.channels.iter().any(|known| known.code == channel) {
            return Ok(());
        }
        let message = format!("channel `{channel}` is not configured");
        Err(Refusal::at(code::CHANNEL_UNKNOWN, field, message))
    }

    /// Refuses a warehouse that is not configured.
    pub fn check_warehouse(&self, warehouse: &Warehouse, field: &str) -> Refused<()> {
        if self.warehouses.contains(warehouse) {
            return Ok(());
        }
        let message = format!("warehouse `{warehouse}` is not configured");
        Err(Refusal::at(code::WAREHOUSE_UNKNOWN, field, message))
    }

    /// What a provider is expected to take, if the schedule says.
    pub fn fee(&self, provider: &str) -> Option<&Fee> {
        self.fees.get(provider)
    }
}

impl AccessRevoked {
    /// Whether another revocation takes away all that this one does.
    pub fn covered_by(&self, other: &Self) -> bool {
        let within =
            |own: &Option<String>, theirs: &Option<String>| theirs.is_none() || own == theirs;
        self.issued_before <= other.issued_before
            && within(&self.subject, &other.subject)
            && within(&self.client, &other.client)
    }
}

impl Aggregate for Tenant {
    fn evolve(&mut self, event: &Event) {
        let Event::Tenant(event) = event else { return };
        match event {
            TenantEvent::Created(created) => {
                self.status = Status::Active;
                self.slug.clone_from(&created.slug);
                self.name.clone_from(&created.name);
                self.base_currency = created.base_currency;
                self.time_zone = created.time_zone.clone();
            }
            TenantEvent::Suspended(_) => self.status = Status::Suspended,
            TenantEvent::Released(_) => self.status = Status::Active,
            TenantEvent::AccessRevoked(revoked) => {
                self.revocations.retain(|known| !known.covered_by(revoked));
                self.revocations.push(revoked.clone());
            }
            TenantEvent::ConfigActivated(activated) => {
                self.config_rev = activated.revision;
                match activated.config.clone() {
                    Config::TaxTable(taxes) => self.taxes = taxes,
                    Config::Channels(channels) => self.channels = channels,
                    Config::FeeSchedule(fees) => self.fees = fees,
                    Config::Warehouses(warehouses) => self.warehouses = warehouses,
                }
            }
        }
    }
}
