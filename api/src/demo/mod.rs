//! The demo's retailer: two small tenants with some months behind them, made through the normal
//! command path.
//!
//! Everything is deterministic from the day on which the tenant was created, and every command has
//! a key of its own: a fill that was interrupted goes on, and one that was finished changes nothing.

mod catalog;
mod chance;
mod people;
mod trade;

use std::sync::Arc;

use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::{Actor, ActorKind, Currency, Instant, TenantId, Warehouse, Zone};
use entrepot_domain::tenants::{Channel, Config, ConfigureTenant, CreateTenant, Fee, TaxRate};
use entrepot_event_store::vault::{Vault, VaultWrite};
use entrepot_event_store::{IdempotencyKey, Receipt, Store, StoreError, Submission, SubmitError};

use chance::Chance;

/// The demo's tenants.
pub const SLUGS: [&str; 2] = ["north", "south"];
/// About how many commands make them, for a progress bar.
pub const COMMANDS: u64 = 4_600;

/// Told of each command.
pub type Progress<'a> = &'a (dyn Fn() + Sync);

/// Why the demo is not filled.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The log did not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command was not accepted: a mistake of the demo.
    #[error("command `{0}`: {1}")]
    Command(String, SubmitError),
}

/// A tenant of the demo.
struct Shop<'a> {
    store: &'a Store,
    vault: &'a Vault,
    progress: Progress<'a>,
    tenant: TenantId,
    currency: Currency,
    /// The day's start from which the past is counted back.
    today: Instant,
}

/// What differs between the two tenants.
struct Profile {
    slug: &'static str,
    name: &'static str,
    currency: &'static str,
    time_zone: &'static str,
    tax_code: &'static str,
    tax_ppm: i64,
    reduced_ppm: i64,
}

const PROFILES: [Profile; 2] = [
    Profile {
        slug: SLUGS[0],
        name: "North Outfitters",
        currency: "USD",
        time_zone: "America/New_York",
        tax_code: "US-NY",
        tax_ppm: 82_500,
        reduced_ppm: 0,
    },
    Profile {
        slug: SLUGS[1],
        name: "Süd Ausrüster",
        currency: "EUR",
        time_zone: "Europe/Berlin",
        tax_code: "DE-VAT",
        tax_ppm: 190_000,
        reduced_ppm: 70_000,
    },
];

/// Makes both tenants.
pub async fn fill(store: &Store, vault: &Vault, progress: Progress<'_>) -> Result<(), DemoError> {
    let [north, south] = &PROFILES;
    let (north, south) = tokio::join!(
        fill_one(store, vault, progress, north),
        fill_one(store, vault, progress, south)
    );
    north.and(south)
}

async fn fill_one(
    store: &Store,
    vault: &Vault,
    progress: Progress<'_>,
    profile: &Profile,
) -> Result<(), DemoError> {
    let tenant = store.provision(profile.slug).await?;
    let currency = Currency::parse(profile.currency).unwrap_or_default();
    let now = entrepot_event_store::clock::instant();
    let mut shop = Shop {
        store,
        vault,
        progress,
        tenant,
        currency,
        today: now,
    };
    let created = CreateTenant {
        slug: profile.slug.to_owned(),
        name: profile.name.to_owned(),
        base_currency: currency,
        time_zone: Zone(profile.time_zone.to_owned()),
    };
    shop.give("tenant", created).await?;
    let first = store.read(tenant, 0, 1).await?;
    if let Some(Ok(first)) = first.first().map(|entry| entry.event.as_ref()) {
        let zone = Zone(profile.time_zone.to_owned());
        shop.today = zone.start_of(zone.date_of(first.recorded_at));
    }
    configure(&shop, profile).await?;
    let mut chance = Chance::new(profile.slug);
    catalog::fill(&shop, &mut chance).await?;
    let customers = people::fill(&shop, &mut chance).await?;
    trade::fill(&shop, &mut chance, &customers).await
}

async fn configure(shop: &Shop<'_>, profile: &Profile) -> Result<(), DemoError> {
    let rate = |ppm| {
        vec![TaxRate {
            code: profile.tax_code.to_owned(),
            rate_ppm: ppm,
        }]
    };
    let taxes = [
        ("standard", rate(profile.tax_ppm)),
        ("reduced", rate(profile.reduced_ppm)),
        ("exempt", Vec::new()),
    ];
    let channel = |code: &str, name: &str| Channel {
        code: code.to_owned(),
        name: name.to_owned(),
    };
    let fees = [
        ("stripe", 29_000, 30),
        ("paypal", 34_900, 35),
        ("cash", 0, 0),
    ];
    let fee = |(provider, rate_ppm, fixed_minor): (&str, i64, i64)| {
        (
            provider.to_owned(),
            Fee {
                rate_ppm,
                fixed_minor,
            },
        )
    };
    let configs = [
        Config::TaxTable(
            taxes
                .into_iter()
                .map(|(class, rates)| (class.to_owned(), rates))
                .collect(),
        ),
        Config::Channels(vec![
            channel("web", "Web shop"),
            channel("till", "Stores"),
            channel("marketplace", "Marketplace"),
        ]),
        Config::FeeSchedule(fees.into_iter().map(fee).collect()),
        Config::Warehouses(
            ["central", "east", "west"]
                .into_iter()
                .map(Warehouse::from)
                .collect(),
        ),
    ];
    for (index, config) in configs.into_iter().enumerate() {
        shop.give(&format!("config:{index}"), ConfigureTenant { config })
            .await?;
    }
    Ok(())
}

impl Shop<'_> {
    /// Gives a command once, however often the demo is started.
    async fn give(
        &self,
        key: &str,
        command: impl AnyCommand + 'static,
    ) -> Result<Receipt, DemoError> {
        self.give_sealed(key, command, None, Vec::new()).await
    }

    /// The same with personal data that joins the commit.
    async fn give_sealed(
        &self,
        key: &str,
        command: impl AnyCommand + 'static,
        fingerprint: Option<[u8; 32]>,
        vault: Vec<VaultWrite>,
    ) -> Result<Receipt, DemoError> {
        let actor = Actor {
            kind: ActorKind::Import,
            id: "demo".to_owned(),
            roles: Vec::new(),
        };
        let key = IdempotencyKey {
            client: "demo".to_owned(),
            key: key.to_owned(),
            permanent: true,
        };
        let name = key.key.clone();
        let submission = Submission {
            tenant: self.tenant,
            command: Arc::new(command),
            actor,
            key: Some(key),
            fingerprint,
            correlation_id: None,
            causation_id: None,
            vault,
        };
        let receipt = self.store.submit(submission).await;
        (self.progress)();
        receipt.map_err(|error| DemoError::Command(name, error))
    }

    /// An instant before today.
    fn before(&self, days: i64, minutes: i64) -> Instant {
        const MINUTE: i64 = 60_000_000;
        let micros = self.today.micros() - days * 24 * 60 * MINUTE + minutes * MINUTE;
        Instant::from_micros(micros).unwrap_or(self.today)
    }
}
