//! `entrepot tenant`

use clap::{Args, Subcommand};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::{Actor, ActorKind, Currency, Instant, Zone};
use entrepot_domain::tenants::{CreateTenant, ReleaseTenant, RevokeAccess, SuspendTenant};
use entrepot_event_store::{Store, Submission, SubmitError};
use tokio_util::sync::CancellationToken;

use super::CliResult;
use super::output::say;
use crate::config::Place;
use crate::process;

/// What to do with tenants.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// Create a tenant: the first event of a log of its own.
    Create(CreateArgs),
    /// List tenants with the position of their logs.
    List,
    /// Close a tenant until it is released: commands are refused, and only operators read.
    Suspend {
        /// The tenant's slug.
        slug: String,
        /// Why, for people.
        #[arg(long)]
        reason: String,
    },
    /// Accept a suspended tenant's commands again.
    Release {
        /// The tenant's slug.
        slug: String,
    },
    /// Take access away from tokens issued until now: requests are refused, streams end within seconds.
    Revoke(RevokeArgs),
}

/// Whose tokens. Without a subject and a client, everybody's.
#[derive(Clone, Debug, Args)]
pub(super) struct RevokeArgs {
    /// The tenant's slug.
    slug: String,
    /// Claim `sub` of the tokens.
    #[arg(long)]
    subject: Option<String>,
    /// Claim `client_id` (or `azp`, or else `sub`) of the tokens.
    #[arg(long)]
    client: Option<String>,
    /// Only tokens issued before this moment: RFC 3339, not in the future. Default: now.
    #[arg(long, value_parser = instant)]
    issued_before: Option<Instant>,
    /// Why, for people.
    #[arg(long)]
    reason: Option<String>,
}

/// A new tenant.
#[derive(Clone, Debug, Args)]
pub(super) struct CreateArgs {
    /// Its name in addresses and tokens: lower-case letters, digits and hyphens.
    slug: String,
    /// For people; the slug without it.
    #[arg(long)]
    name: Option<String>,
    /// ISO 4217 code of the currency that it reports in; can never change.
    #[arg(long, value_parser = currency)]
    currency: Currency,
    /// IANA time zone of its civil dates.
    #[arg(long, default_value = "UTC")]
    time_zone: String,
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::try_from(code.to_owned())
}

fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text, "issued-before").map_err(|refusal| refusal.message)
}

pub(super) async fn run(place: &Place, command: &TenantCommand) -> CliResult {
    let app = process::open(place, &CancellationToken::new()).await?;
    let done = match command {
        TenantCommand::Create(args) => create(&app.store, args).await,
        TenantCommand::List => list(&app.store).await,
        TenantCommand::Suspend { slug, reason } => {
            submit(
                &app.store,
                slug,
                SuspendTenant {
                    reason: reason.clone(),
                },
            )
            .await
        }
        TenantCommand::Release { slug } => submit(&app.store, slug, ReleaseTenant {}).await,
        TenantCommand::Revoke(args) => {
            let command = RevokeAccess {
                subject: args.subject.clone(),
                client: args.client.clone(),
                issued_before: args.issued_before,
                reason: args.reason.clone(),
            };
            submit(&app.store, &args.slug, command).await
        }
    };
    app.store.db().close().await;
    done
}

async fn create(store: &Store, args: &CreateArgs) -> CliResult {
    let command = CreateTenant {
        slug: args.slug.clone(),
        name: args.name.clone().unwrap_or_else(|| args.slug.clone()),
        base_currency: args.currency,
        time_zone: Zone(args.time_zone.clone()),
    };
    command.check()?;
    store.provision(&args.slug).await?;
    submit(store, &args.slug, command).await
}

async fn list(store: &Store) -> CliResult {
    for (tenant, slug) in store.tenants().await? {
        say(format_args!("{slug}\t{}", store.head(tenant).await?));
    }
    Ok(())
}

async fn submit(store: &Store, slug: &str, command: impl AnyCommand + 'static) -> CliResult {
    let actor = Actor {
        kind: ActorKind::Operator,
        id: "cli".to_owned(),
        roles: Vec::new(),
    };
    match store
        .submit(Submission::new(store.tenant(slug).await?, actor, command))
        .await
    {
        Ok(receipt) => {
            say(format_args!(
                "{slug}: done, at position {}",
                receipt.last_position
            ));
            Ok(())
        }
        Err(SubmitError::Refused(refusal)) => Err(refusal.into()),
        Err(error) => Err(error.into()),
    }
}
