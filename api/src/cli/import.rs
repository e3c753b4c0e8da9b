//! `entrepot import`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::{position, registry};
use tokio_util::sync::CancellationToken;

use super::CliResult;
use super::output::say;
use crate::config::Place;
use crate::import::{self, Format, ImportRequest, Kind, OnRefusal, progress};
use crate::process::{self, Workers};
use crate::server::stop_on_signal;

/// Between two looks at whether the read models have caught up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to import.
#[derive(Clone, Debug, Args)]
pub(super) struct ImportArgs {
    /// What the file holds.
    #[arg(value_enum)]
    kind: Kind,
    /// The file, `.ndjson`, `.jsonl` or `.csv`; `-` for standard input.
    file: PathBuf,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The channel of orders that name none.
    #[arg(long, default_value = "import")]
    channel: String,
    /// Names the import: the same records from the same source are imported once, however often it is run.
    #[arg(long, default_value = "file")]
    source: String,
    /// How the file is written; by its extension if not given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Stop at the first record that is refused.
    #[arg(long)]
    stop_on_refusal: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(place: &Place, args: &ImportArgs) -> CliResult {
    let stop = stop_on_signal();
    let app = process::open(place, &CancellationToken::new()).await?;
    let tenant = app.store.tenant(&args.tenant).await?;
    let workers = Workers::start(&app.store);
    let request = ImportRequest {
        kind: args.kind,
        format: args.format,
        path: args.file.clone(),
        channel: args.channel.clone(),
        source: args.source.clone(),
        on_refusal: if args.stop_on_refusal {
            OnRefusal::Stop
        } else {
            OnRefusal::Skip
        },
    };
    let report = import::run(
        &app.store,
        tenant,
        request,
        progress::on_stderr().as_ref(),
        &stop,
    )
    .await?;
    caught_up(&app.store, tenant, &stop).await?;
    workers.stop().await;
    app.store.db().close().await;
    if args.json {
        say(serde_json::to_string(&report)?);
    } else {
        say(&report);
    }
    match (report.stopped, report.refused) {
        (true, _) => Err("stopped before the end of the file; run it again to go on".into()),
        (false, 0) => Ok(()),
        (false, refused) => Err(format!("{refused} records were refused").into()),
    }
}

/// Waits until the read models hold what was imported, whoever folds them.
pub(super) async fn caught_up(
    store: &Store,
    tenant: TenantId,
    stop: &CancellationToken,
) -> CliResult {
    let head = store.head(tenant).await?;
    for group in registry::GROUPS {
        while !stop.is_cancelled()
            && !position::reached(store, tenant, group, head, PATIENCE).await?
        {
            tracing::info!(group, "waiting for the read models");
        }
    }
    Ok(())
}
