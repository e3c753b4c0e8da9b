//! `entrepot token`

use std::time::Duration;

use clap::Args;
use entrepot_event_store::clock;

use super::CliResult;
use super::output::say;
use crate::auth::{IssueRequest, Role, Roles, issue_embedded};
use crate::config::{AUDIENCE, Place};

/// What the token says.
#[derive(Clone, Debug, Args)]
pub(super) struct TokenArgs {
    /// The tenant's slug. Without it, `--platform` must be given.
    #[arg(long, required_unless_present = "platform")]
    tenant: Option<String>,
    /// `commerce`, `finance`, `support`, `partner` or `operator`; may be repeated.
    #[arg(long = "role", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// The channels whose rows a partner sees; may be repeated.
    #[arg(long = "channel")]
    channels: Vec<String>,
    /// Reaches every tenant: select one by the header `entrepot-tenant`.
    #[arg(long)]
    platform: bool,
    /// Who the token is for.
    #[arg(long, default_value = "cli")]
    subject: String,
    /// How long it is good for, in minutes; 24 hours at most.
    #[arg(long, default_value_t = 24 * 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
}

pub(super) fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name)
        .ok_or_else(|| "not commerce, finance, support, partner or operator".to_owned())
}

pub(super) fn run(place: &Place, args: &TokenArgs) -> CliResult {
    let request = IssueRequest {
        audience: AUDIENCE.to_owned(),
        subject: args.subject.clone(),
        tenant: args.tenant.clone(),
        platform: args.platform,
        roles: args.roles.iter().copied().collect(),
        channels: args.channels.clone(),
        ttl: Duration::from_mins(args.minutes),
    };
    say(issue_embedded(
        &place.secrets()?.jwt_key(),
        &request,
        clock::now(),
    )?);
    Ok(())
}

/// A token for one role of a tenant, good for a day.
pub(super) fn for_role(
    place: &Place,
    tenant: &str,
    role: Role,
    channels: &[&str],
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let request = IssueRequest {
        audience: AUDIENCE.to_owned(),
        subject: format!("demo-{role}"),
        tenant: Some(tenant.to_owned()),
        platform: false,
        roles: [role].into_iter().collect::<Roles>(),
        channels: channels.iter().map(ToString::to_string).collect(),
        ttl: Duration::from_hours(24),
    };
    Ok(issue_embedded(
        &place.secrets()?.jwt_key(),
        &request,
        clock::now(),
    )?)
}
