//! Takes access away from whoever has it by a token that was issued before.

use serde::Serialize;
use uuid::Uuid;

use super::{AccessRevoked, TenantEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Instant, REASON_MAX, Refusal, StreamId, code, text};
use crate::world::World;

/// The most revocations that are kept apart. One of everybody takes the place of all before it.
const REVOCATIONS_MAX: usize = 1_000;
/// The longest subject or client, as tokens bound them.
const NAME_MAX: usize = 512;

/// Revokes tokens of the tenant: those of a subject, of a client, of a subject with a client, or
/// all of them. Tokens issued later are not concerned.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeAccess {
    /// Claim `sub` of the tokens; any without it.
    pub subject: Option<String>,
    /// Claim `client_id` (or `azp`) of the tokens; any without it.
    pub client: Option<String>,
    /// Tokens issued before this moment; now without it.
    pub issued_before: Option<Instant>,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for RevokeAccess {
    const NAME: &'static str = "RevokeAccess";
    const WHEN_SUSPENDED: bool = true;

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        for (name, field) in [(&self.subject, "subject"), (&self.client, "client")] {
            if let Some(name) = name {
                text(name, NAME_MAX, field)?;
            }
        }
        if let Some(reason) = &self.reason {
            text(reason, REASON_MAX, "reason")?;
        }
        let issued_before = self.issued_before.unwrap_or(ctx.now);
        let revoked = AccessRevoked {
            subject: self.subject.clone(),
            client: self.client.clone(),
            issued_before: issued_before.not_after(ctx.now, "issuedBefore")?,
            reason: self.reason.clone(),
        };
        let known = world.tenant()?.revocations();
        if known.len() >= REVOCATIONS_MAX && !known.iter().any(|it| it.covered_by(&revoked)) {
            let message = format!(
                "{REVOCATIONS_MAX} revocations are in force; revoke the access of everybody instead"
            );
            return Err(Refusal::new(code::LIST_TOO_LONG, message).into());
        }
        Ok(
            Decision::about(Uuid::nil())
                .with(StreamId::TENANT, TenantEvent::AccessRevoked(revoked)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::testing::{Past, refused, retailer};

    fn revoke(subject: Option<&str>, client: Option<&str>) -> RevokeAccess {
        RevokeAccess {
            subject: subject.map(str::to_owned),
            client: client.map(str::to_owned),
            issued_before: None,
            reason: None,
        }
    }

    fn revocations(past: &Past) -> Vec<(Option<String>, Option<String>)> {
        let mut tenant = super::super::Tenant::default();
        for fact in &past.events {
            if let Event::Tenant(_) = &fact.event {
                crate::state::Aggregate::evolve(&mut tenant, &fact.event);
            }
        }
        let known = tenant.revocations().iter();
        known
            .map(|it| (it.subject.clone(), it.client.clone()))
            .collect()
    }

    #[test]
    fn a_wider_or_later_revocation_takes_the_place_of_those_that_it_covers() {
        let mut past = retailer();
        for (subject, client) in [
            (Some("ann"), None),
            (Some("ann"), Some("app")),
            (None, Some("app")),
        ] {
            past.when(&revoke(subject, client)).expect("accepted");
        }
        assert_eq!(
            revocations(&past).len(),
            2,
            "the app's covers Ann's by the app"
        );
        past.when(&revoke(Some("ann"), None)).expect("again");
        assert_eq!(
            revocations(&past),
            [
                (None, Some("app".to_owned())),
                (Some("ann".to_owned()), None)
            ]
        );
        past.when(&revoke(None, None)).expect("everybody");
        assert_eq!(revocations(&past), [(None, None)]);
    }

    #[test]
    fn what_is_not_issued_yet_is_not_revoked() {
        let later = Instant::parse("2100-01-01T00:00:00Z", "at").expect("a moment");
        let command = RevokeAccess {
            issued_before: Some(later),
            ..revoke(None, None)
        };
        assert_eq!(
            refused(retailer().when(&command)),
            "TIME_OUT_OF_ORDER issuedBefore"
        );
        let empty = revoke(Some(""), None);
        assert_eq!(refused(retailer().when(&empty)), "TEXT_MALFORMED subject");
    }

    #[test]
    fn revocations_are_bounded() {
        let mut past = retailer();
        for number in 0..REVOCATIONS_MAX {
            let subject = format!("s{number}");
            past.when(&revoke(Some(&subject), None)).expect("accepted");
        }
        assert_eq!(
            refused(past.when(&revoke(Some("one more"), None))),
            "LIST_TOO_LONG"
        );
        past.when(&revoke(Some("s7"), None)).expect("it is known");
        past.when(&revoke(None, None)).expect("everybody");
    }
}
