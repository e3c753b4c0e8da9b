//! `entrepot bi export`

use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::auth::{Role, Roles};
use crate::cli::output::say;
use crate::cli::{CliResult, token};
use crate::config::Place;
use crate::export::files::{self, Request};
use crate::export::format::Format;
use crate::export::view::Reader;
use crate::process;

/// What to export.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// What the files are written in.
    #[arg(long, value_enum)]
    format: Format,
    /// A view, `orders` for example; may be repeated. All views if not given.
    #[arg(long = "view")]
    views: Vec<String>,
    /// The folder to write to; it is made if absent. Files of the same names are replaced.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// Only what this role sees; may be repeated. Everything if not given.
    #[arg(long = "role", value_parser = token::role)]
    roles: Vec<Role>,
    /// The channels whose rows a partner sees; may be repeated.
    #[arg(long = "channel", requires = "roles")]
    channels: Vec<String>,
}

pub(super) async fn run(place: &Place, args: &ExportArgs) -> CliResult {
    let app = process::open(place, &CancellationToken::new()).await?;
    let reader = if args.roles.is_empty() {
        Reader::everybody()
    } else {
        let roles: Roles = args.roles.iter().copied().collect();
        Reader::new(roles, &args.channels)
    };
    let request = Request {
        tenant: args.tenant.clone(),
        format: args.format,
        views: args.views.clone(),
        reader,
        folder: args.out.clone(),
    };
    let exported = files::export(&app.store, &request).await;
    app.store.db().close().await;
    for file in exported?.files {
        let path = args.out.join(&file.file);
        say(format_args!("{}\t{} rows", path.display(), file.rows));
    }
    Ok(())
}
