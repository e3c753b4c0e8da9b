//! Creates a tenant: the first event of its own log.

use serde::Serialize;
use uuid::Uuid;

use super::TenantCreated;
use super::TenantEvent;
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Currency, Halt, Refusal, Refused, StreamId, Zone, code, text};
use crate::world::World;

/// The longest slug, in bytes.
const SLUG_MAX: usize = 40;
/// The longest name, in bytes.
const NAME_MAX: usize = 200;

/// Creates the tenant whose log this is.
#[derive(Clone, Debug, Serialize)]
pub struct CreateTenant {
    /// The tenant's name in addresses and tokens: lower-case letters, digits and hyphens.
    pub slug: String,
    /// For people.
    pub name: String,
    /// The currency that the tenant reports in; it can never change.
    pub base_currency: Currency,
    /// The zone of the tenant's civil dates.
    pub time_zone: Zone,
}

impl Command for CreateTenant {
    const NAME: &'static str = "CreateTenant";
    const CREATES_TENANT: bool = true;

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        if world.tenant()?.exists() {
            let message = format!("tenant `{}` exists", self.slug);
            return Err(Refusal::at(code::ALREADY_EXISTS, "slug", message).into());
        }
        self.check()?;
        let created = TenantCreated {
            slug: self.slug.clone(),
            name: self.name.clone(),
            base_currency: self.base_currency,
            time_zone: self.time_zone.clone(),
        };
        Ok(Decision::about(Uuid::nil()).with(StreamId::TENANT, TenantEvent::Created(created)))
    }
}

impl CreateTenant {
    /// The rules that need no past: checked before a tenant is given its place in the database.
    pub fn check(&self) -> Refused<()> {
        check_slug(&self.slug)?;
        text(&self.name, NAME_MAX, "name")?;
        self.time_zone.check("timeZone")
    }
}

fn check_slug(slug: &str) -> Refused<()> {
    text(slug, SLUG_MAX, "slug")?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.chars().all(allowed) && slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    let message = "a slug is lower-case letters, digits and hyphens, and starts with a letter";
    Err(Refusal::at(code::TEXT_MALFORMED, "slug", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::past;

    fn north() -> CreateTenant {
        CreateTenant {
            slug: "north".to_owned(),
            name: "North".to_owned(),
            base_currency: Currency::default(),
            time_zone: Zone("America/New_York".to_owned()),
        }
    }

    #[test]
    fn a_tenant_is_created_once() {
        let mut past = past();
        past.when(&north()).expect("the first is accepted");
        let refusal = past.when(&north()).expect_err("the second is refused");
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            (code::ALREADY_EXISTS, Some("slug"))
        );
    }

    #[test]
    fn a_time_zone_is_checked_against_the_iana_database() {
        let command = CreateTenant {
            time_zone: Zone("Mars/Olympus".to_owned()),
            ..north()
        };
        assert_eq!(
            past().when(&command).map(drop).map_err(|r| r.code),
            Err(code::TIME_ZONE_UNKNOWN)
        );
    }
}
