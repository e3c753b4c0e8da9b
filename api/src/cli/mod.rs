//! The command line: one file a command, or a folder; `rebuild` and `verify` share [`maintain`].

mod bench;
mod bi;
mod demo;
mod import;
mod maintain;
mod output;
mod tenant;
mod token;

use clap::{Parser, Subcommand};

use crate::config::Place;
use crate::server::{self, ServeArgs, stop_on_signal};
use crate::{contracts, process};

/// The open data plane for retail: one log, many readers.
#[derive(Debug, Parser)]
#[command(name = "entrepot", version, about, long_about = None, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    place: Place,
    /// What is logged: `info`, `debug`, `entrepot_event_store=debug`, …
    #[arg(
        long,
        env = "ENTREPOT_LOG",
        default_value = "info,sea_orm_migration=warn,sqlx=warn",
        global = true
    )]
    log: String,
    /// Log as JSON lines.
    #[arg(long, env = "ENTREPOT_LOG_JSON", global = true)]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the graph, project the log, keep the clock.
    Serve(ServeArgs),
    /// Make two filled tenants, `north` and `south`, and serve them. Started again, it serves what is there.
    Demo(ServeArgs),
    /// Read orders, products or stock from a file. Run again, it goes on where it was.
    Import(import::ImportArgs),
    /// Print a token of the embedded issuer, and nothing else.
    Token(token::TokenArgs),
    /// Bring the database's schema up to date. SQLite files are migrated by every command.
    Migrate,
    /// Fold read models again from the log, while they are read and written.
    Rebuild(maintain::RebuildArgs),
    /// Recompute everything and report what does not agree. Exit status 1 if anything does not.
    Verify(maintain::VerifyArgs),
    /// Measure this program on this machine, in databases of its own.
    Bench(crate::bench::BenchArgs),
    /// Print a published contract: the GraphQL schema, the SQL schema or the types of events.
    Schema(contracts::SchemaArgs),
    /// Create, list, suspend and release tenants, and take access to them away.
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Views for BI tools: logins and files.
    #[command(subcommand)]
    Bi(bi::BiCommand),
}

/// Any error that ends a command, in a sentence.
pub(crate) type CliResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl Cli {
    /// How logs are to be written: filter and format.
    pub fn logging(&self) -> (&str, bool) {
        (&self.log, self.log_json)
    }

    /// Runs the command.
    pub async fn run(self) -> CliResult {
        let place = &self.place;
        match &self.command {
            Command::Serve(args) => {
                let stop = stop_on_signal();
                let app = process::open(place, &stop).await?;
                let ready = |address| tracing::info!(%address, "entrepot serves");
                Ok(server::serve(app, args, stop, ready).await?)
            }
            Command::Demo(args) => demo::run(place, args).await,
            Command::Import(args) => import::run(place, args).await,
            Command::Token(args) => token::run(place, args),
            Command::Migrate => Ok(process::migrate(place).await?),
            Command::Rebuild(args) => maintain::rebuild(place, args).await,
            Command::Verify(args) => maintain::verify(place, args).await,
            Command::Bench(args) => bench::run(place, args).await,
            Command::Schema(args) => contracts::print(args).await,
            Command::Tenant(command) => tenant::run(place, command).await,
            Command::Bi(command) => bi::run(place, command).await,
        }
    }
}
