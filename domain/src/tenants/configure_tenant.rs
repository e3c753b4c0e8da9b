//! Puts a configuration revision into force: one kind of configuration, replaced as a whole.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{Channel, Config, ConfigActivated, Fee, TaxRate, TenantEvent};
use crate::command::{Command, Decision};
use crate::kernel::{
    CODE_MAX, Ctx, Halt, NAME_MAX, Refusal, Refused, StreamId, Warehouse, at_most, code, distinct,
    non_negative, rate, text,
};
use crate::world::World;

/// The most classes, channels, providers or warehouses of a tenant.
const ENTRIES_MAX: usize = 500;
/// Warehouses. An order of 250 lines looks at each line's stock in each of them: more would be more
/// streams than a lane keeps in memory.
const WAREHOUSES_MAX: usize = 50;
/// The most taxes of one class: each stands on every order line of the class.
const TAXES_MAX: usize = 20;

/// Replaces one kind of the tenant's configuration.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigureTenant {
    /// The kind and its new body, whole.
    pub config: Config,
    /// The revision that the new body was made from; whatever is in force without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_revision: Option<i64>,
}

impl From<Config> for ConfigureTenant {
    fn from(config: Config) -> Self {
        Self {
            config,
            expected_revision: None,
        }
    }
}

impl Command for ConfigureTenant {
    const NAME: &'static str = "ConfigureTenant";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        match &self.config {
            Config::TaxTable(classes) => check_tax_table(classes)?,
            Config::Channels(channels) => check_channels(channels)?,
            Config::FeeSchedule(fees) => check_fees(fees)?,
            Config::Warehouses(warehouses) => check_warehouses(warehouses)?,
        }
        let revision = world.tenant()?.config_rev;
        if self
            .expected_revision
            .is_some_and(|expected| expected != revision)
        {
            let message = format!("revision {revision} is in force");
            return Err(Refusal::at(code::STALE, "expectedRevision", message).into());
        }
        let activated = ConfigActivated {
            revision: revision + 1,
            config: self.config.clone(),
        };
        let activated = TenantEvent::ConfigActivated(activated);
        Ok(Decision::about(Uuid::nil()).with(StreamId::TENANT, activated))
    }
}

fn check_tax_table(classes: &BTreeMap<String, Vec<TaxRate>>) -> Refused<()> {
    at_most(classes.len(), ENTRIES_MAX, "taxTable")?;
    for (class, taxes) in classes {
        text(class, CODE_MAX, "taxTable")?;
        at_most(taxes.len(), TAXES_MAX, &format!("taxTable.{class}"))?;
        for (index, tax) in taxes.iter().enumerate() {
            let field = format!("taxTable.{class}.{index}");
            text(&tax.code, CODE_MAX, &format!("{field}.code"))?;
            rate(tax.rate_ppm, &format!("{field}.ratePpm"))?;
        }
        let codes = taxes.iter().map(|tax| &tax.code);
        distinct(codes, |index| format!("taxTable.{class}.{index}.code"))?;
    }
    Ok(())
}

fn check_channels(channels: &[Channel]) -> Refused<()> {
    at_most(channels.len(), ENTRIES_MAX, "channels")?;
    for (index, channel) in channels.iter().enumerate() {
        text(&channel.code, CODE_MAX, &format!("channels.{index}.code"))?;
        text(&channel.name, NAME_MAX, &format!("channels.{index}.name"))?;
    }
    let codes = channels.iter().map(|channel| &channel.code);
    distinct(codes, |index| format!("channels.{index}.code"))
}

fn check_fees(fees: &BTreeMap<String, Fee>) -> Refused<()> {
    at_most(fees.len(), ENTRIES_MAX, "feeSchedule")?;
    for (provider, fee) in fees {
        text(provider, CODE_MAX, "feeSchedule")?;
        rate(fee.rate_ppm, &format!("feeSchedule.{provider}.ratePpm"))?;
        let fixed = format!("feeSchedule.{provider}.fixedMinor");
        non_negative(fee.fixed_minor, &fixed)?;
    }
    Ok(())
}

fn check_warehouses(warehouses: &[Warehouse]) -> Refused<()> {
    at_most(warehouses.len(), WAREHOUSES_MAX, "warehouses")?;
    for (index, warehouse) in warehouses.iter().enumerate() {
        warehouse.check(&format!("warehouses.{index}"))?;
    }
    distinct(warehouses, |index| format!("warehouses.{index}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::testing::{refused, retailer};

    fn tax_table(class: &str, taxes: &[(&str, i64)]) -> Config {
        let taxes = taxes.iter().map(|(code, rate_ppm)| TaxRate {
            code: (*code).to_owned(),
            rate_ppm: *rate_ppm,
        });
        Config::TaxTable(BTreeMap::from([(class.to_owned(), taxes.collect())]))
    }

    fn channels(codes: &[&str]) -> Config {
        let channel = |code: &&str| Channel {
            code: (*code).to_owned(),
            name: "Channel".to_owned(),
        };
        Config::Channels(codes.iter().map(channel).collect())
    }

    fn fee(rate_ppm: i64, fixed_minor: i64) -> Config {
        let fee = Fee {
            rate_ppm,
            fixed_minor,
        };
        Config::FeeSchedule(BTreeMap::from([("stripe".to_owned(), fee)]))
    }

    fn warehouses(codes: &[&str]) -> Config {
        Config::Warehouses(codes.iter().copied().map(Warehouse::from).collect())
    }

    #[test]
    fn a_body_that_breaks_a_rule_is_refused_where_it_does() {
        let long = "x".repeat(65);
        let many: Vec<String> = (0..=ENTRIES_MAX)
            .map(|number| format!("w{number}"))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (config, expected) in [
            (tax_table("a\0b", &[]), "TEXT_MALFORMED taxTable"),
            (tax_table(&long, &[]), "TEXT_MALFORMED taxTable"),
            (
                tax_table("c", &[("", 1)]),
                "TEXT_MALFORMED taxTable.c.0.code",
            ),
            (
                tax_table("c", &[("t", -1)]),
                "RATE_OUT_OF_RANGE taxTable.c.0.ratePpm",
            ),
            (
                tax_table("c", &[("t", 1_000_001)]),
                "RATE_OUT_OF_RANGE taxTable.c.0.ratePpm",
            ),
            (
                tax_table("c", &[("t", 1), ("t", 2)]),
                "DUPLICATE_ENTRY taxTable.c.1.code",
            ),
            (tax_table("c", &[("t", 1); 21]), "LIST_TOO_LONG taxTable.c"),
            (channels(&["web", "web"]), "DUPLICATE_ENTRY channels.1.code"),
            (channels(&[" web"]), "TEXT_MALFORMED channels.0.code"),
            (channels(&many), "LIST_TOO_LONG channels"),
            (
                fee(i64::MAX, 0),
                "RATE_OUT_OF_RANGE feeSchedule.stripe.ratePpm",
            ),
            (fee(0, -1), "AMOUNT_NEGATIVE feeSchedule.stripe.fixedMinor"),
            (
                fee(0, i64::MAX),
                "AMOUNT_OUT_OF_RANGE feeSchedule.stripe.fixedMinor",
            ),
            (warehouses(&["east", &long]), "TEXT_MALFORMED warehouses.1"),
            (
                warehouses(&["east", "west", "east"]),
                "DUPLICATE_ENTRY warehouses.2",
            ),
            (
                warehouses(&many[..=WAREHOUSES_MAX]),
                "LIST_TOO_LONG warehouses",
            ),
        ] {
            let command = ConfigureTenant::from(config);
            assert_eq!(refused(retailer().when(&command)), expected, "{command:?}");
        }
    }

    #[test]
    fn a_body_made_from_another_revision_is_refused() {
        let mut past = retailer();
        let made_from = |revision| ConfigureTenant {
            expected_revision: Some(revision),
            ..ConfigureTenant::from(channels(&["web"]))
        };
        past.when(&made_from(4)).expect("revision 4 is in force");
        assert_eq!(refused(past.when(&made_from(4))), "STALE expectedRevision");
        past.when(&made_from(5)).expect("read again");
    }

    #[test]
    fn a_revision_is_one_more_than_the_last() {
        let mut past = retailer();
        let revisions = [channels(&["web"]), warehouses(&[]), fee(1_000_000, 0)].map(|config| {
            let outcome = past.when(&ConfigureTenant::from(config)).expect("accepted");
            match &outcome.events[..] {
                [Event::Tenant(TenantEvent::ConfigActivated(activated))] => activated.revision,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(revisions, [5, 6, 7]);
    }
}
