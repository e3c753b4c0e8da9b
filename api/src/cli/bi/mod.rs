//! `entrepot bi`

mod export;
mod logins;

use clap::Subcommand;

use super::CliResult;
use crate::config::Place;

/// What to do for BI.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum BiCommand {
    /// Write a tenant's views as files, all at one position, with a manifest.
    Export(export::ExportArgs),
    /// Make a PostgreSQL login that sees one tenant's views, or change its role. Needs the owner's URL.
    Grant(logins::GrantArgs),
    /// End a login's sessions and take it away, with its workspace.
    Revoke(logins::UserArgs),
    /// List logins with their role, workspace, connection limit and open sessions.
    List(logins::ListArgs),
}

pub(super) async fn run(place: &Place, command: &BiCommand) -> CliResult {
    match command {
        BiCommand::Export(args) => export::run(place, args).await,
        BiCommand::Grant(args) => logins::grant(place, args).await,
        BiCommand::Revoke(args) => logins::revoke(place, args).await,
        BiCommand::List(args) => logins::list(place, args).await,
    }
}
