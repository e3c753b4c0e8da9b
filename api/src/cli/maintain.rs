//! `entrepot rebuild` and `entrepot verify`

use clap::Args;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::{rebuild, registry, verify};
use tokio_util::sync::CancellationToken;

use super::CliResult;
use super::output::{counter, say};
use crate::config::Place;
use crate::process;

/// What to rebuild.
#[derive(Clone, Debug, Args)]
pub(super) struct RebuildArgs {
    /// A read model (`orders`, `inventory`, `margins`, …) or `all`.
    #[arg(default_value = "all")]
    model: String,
    /// Only this tenant, by slug.
    #[arg(long)]
    tenant: Option<String>,
}

/// What to verify.
#[derive(Clone, Debug, Args)]
pub(super) struct VerifyArgs {
    /// Only this tenant, by slug.
    #[arg(long)]
    tenant: Option<String>,
}

async fn tenants(
    store: &Store,
    only: Option<&str>,
) -> Result<Vec<(TenantId, String)>, Box<dyn std::error::Error + Send + Sync>> {
    match only {
        Some(slug) => Ok(vec![(store.tenant(slug).await?, slug.to_owned())]),
        None => Ok(store.tenants().await?),
    }
}

pub(super) async fn rebuild(place: &Place, args: &RebuildArgs) -> CliResult {
    if registry::to_rebuild(&args.model).is_empty() {
        let names: Vec<&str> = registry::names()
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        let (model, names) = (&args.model, names.join(", "));
        return Err(format!("no read model `{model}`; there are {names}").into());
    }
    let app = process::open(place, &CancellationToken::new()).await?;
    for (tenant, slug) in tenants(&app.store, args.tenant.as_deref()).await? {
        let groups = registry::to_rebuild(&args.model);
        let head = u64::try_from(app.store.head(tenant).await?).unwrap_or_default();
        let bar = counter(
            &format!("{slug} {}", args.model),
            head * groups.len() as u64,
        );
        let progress = |events| bar.inc(events);
        let positions = rebuild::rebuild(&app.store, &groups, tenant, &progress).await?;
        bar.finish_and_clear();
        for (group, position) in groups.iter().zip(positions) {
            for model in group.models() {
                say(format_args!(
                    "{slug}: {model} rebuilt, at position {position}"
                ));
            }
        }
    }
    app.store.db().close().await;
    Ok(())
}

pub(super) async fn verify(place: &Place, args: &VerifyArgs) -> CliResult {
    let app = process::open(place, &CancellationToken::new()).await?;
    let mut wrong = 0;
    for (tenant, slug) in tenants(&app.store, args.tenant.as_deref()).await? {
        let head = u64::try_from(app.store.head(tenant).await?).unwrap_or_default();
        let bar = counter(&format!("{slug} verify"), head * 3);
        let progress = |events| bar.inc(events);
        let mut findings = verify::log(&app.store, tenant, &progress).await?;
        findings.extend(verify::rows(&app.store, tenant).await?);
        for group in registry::GROUPS {
            findings.extend(
                verify::models(&app.store, &registry::group(group), tenant, &progress).await?,
            );
        }
        bar.finish_and_clear();
        for finding in &findings {
            say(format_args!("{slug}: {finding}"));
        }
        if findings.is_empty() {
            say(format_args!(
                "{slug}: {head} events, log and read models agree"
            ));
        }
        wrong += findings.len();
    }
    app.store.db().close().await;
    if wrong > 0 {
        Err(format!("{wrong} findings").into())
    } else {
        Ok(())
    }
}
