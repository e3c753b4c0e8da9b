//! The two retailers and how they are set up.

use std::collections::BTreeMap;

use entrepot_domain::kernel::{Currency, Warehouse, Zone};
use entrepot_domain::tenants::{Channel, Config, CreateTenant, Fee, TaxRate};

use super::goods::Good;

/// A retailer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retailer {
    pub(super) slug: &'static str,
    name: &'static str,
    currency: &'static str,
    zone: &'static str,
    pub(super) country: &'static str,
    /// The first is taken from first.
    pub(super) warehouses: &'static [&'static str],
    pub(super) carriers: &'static [&'static str],
    /// Taxes of what is not food; of food.
    standard: &'static [(&'static str, i64)],
    food: &'static [(&'static str, i64)],
}

/// Both.
pub(super) const RETAILERS: [Retailer; 2] = [
    Retailer {
        slug: "north",
        name: "North & Harbor",
        currency: "USD",
        zone: "America/New_York",
        country: "US",
        warehouses: &["newark", "buffalo"],
        carriers: &["ups", "usps"],
        standard: &[("US-NY-STATE", 40_000), ("US-NY-LOCAL", 45_000)],
        food: &[],
    },
    Retailer {
        slug: "south",
        name: "Südwind Waren",
        currency: "EUR",
        zone: "Europe/Berlin",
        country: "DE",
        warehouses: &["berlin", "leipzig", "hamburg"],
        carriers: &["dhl", "dpd"],
        standard: &[("DE-VAT", 190_000)],
        food: &[("DE-VAT-REDUCED", 70_000)],
    },
];

impl Retailer {
    pub(super) fn currency(&self) -> Currency {
        Currency::parse(self.currency).unwrap_or_default()
    }

    pub(super) fn zone(&self) -> Zone {
        Zone(self.zone.to_owned())
    }

    /// The price of a good here, in minor units.
    pub(super) fn price(&self, good: &Good) -> i64 {
        if self.currency == "EUR" {
            good.eur
        } else {
            good.usd
        }
    }

    pub(super) fn created(&self) -> CreateTenant {
        CreateTenant {
            slug: self.slug.to_owned(),
            name: self.name.to_owned(),
            base_currency: self.currency(),
            time_zone: self.zone(),
        }
    }

    /// Every kind of configuration, with a name for its key.
    pub(super) fn configs(&self) -> [(&'static str, Config); 4] {
        let taxes = |rates: &[(&str, i64)]| -> Vec<TaxRate> {
            let rate = |(code, rate_ppm): &(&str, i64)| TaxRate {
                code: (*code).to_owned(),
                rate_ppm: *rate_ppm,
            };
            rates.iter().map(rate).collect()
        };
        let table = [
            ("standard", self.standard),
            ("food", self.food),
            ("exempt", &[]),
        ];
        let table = table.map(|(class, rates)| (class.to_owned(), taxes(rates)));
        let channels = [
            ("web", "Web shop"),
            ("till", "Store"),
            ("marketplace", "Marketplace"),
        ];
        let channels = channels.map(|(code, name)| Channel {
            code: code.to_owned(),
            name: name.to_owned(),
        });
        let fees = [
            ("stripe", 29_000, 30),
            ("paypal", 34_900, 49),
            ("marketplace", 120_000, 0),
        ];
        let fees = fees.map(|(provider, rate_ppm, fixed_minor)| {
            let fee = Fee {
                rate_ppm,
                fixed_minor,
            };
            (provider.to_owned(), fee)
        });
        let warehouses = self.warehouses.iter().copied().map(Warehouse::from);
        [
            ("taxes", Config::TaxTable(BTreeMap::from(table))),
            ("channels", Config::Channels(channels.into())),
            ("fees", Config::FeeSchedule(BTreeMap::from(fees))),
            ("warehouses", Config::Warehouses(warehouses.collect())),
        ]
    }
}
