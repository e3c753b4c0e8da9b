//! The published contracts: `schema.graphql`, `schema.sql` and `events.json` at the top of the
//! repository. A test holds the files to what this prints.

use std::io::Write as _;

use clap::{Args, ValueEnum};
use entrepot_domain::event::Event;
use entrepot_migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DbBackend, DbErr, Statement};
use serde_json::json;

use crate::graph;

/// Which contract.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// The contract to print.
    #[arg(value_enum, default_value_t = Contract::Graphql)]
    contract: Contract,
}

/// A published contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Contract {
    /// For frontends: the GraphQL schema.
    Graphql,
    /// For BI: the tables and views of the embedded database.
    Sql,
    /// For partners: every event with the JSON Schema of its payload.
    Events,
}

impl Contract {
    /// The contract's text.
    pub async fn text(self) -> Result<String, DbErr> {
        match self {
            Self::Graphql => Ok(graph::sdl()),
            Self::Sql => sql().await,
            Self::Events => Ok(events()),
        }
    }
}

pub(crate) async fn print(args: &SchemaArgs) -> crate::cli::CliResult {
    let text = args.contract.text().await?;
    match std::io::stdout().write_all(text.as_bytes()) {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn events() -> String {
    let event = |event: entrepot_domain::kernel::EventType| json!({ "type": event.name, "version": event.schema_version, "schema": event.schema });
    let catalogue: Vec<_> = Event::types().into_iter().map(event).collect();
    let mut text = serde_json::to_string_pretty(&catalogue).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of a database that was just migrated.
async fn sql() -> Result<String, DbErr> {
    let db = Database::connect(
        ConnectOptions::new("sqlite::memory:")
            .sqlx_logging(false)
            .to_owned(),
    )
    .await?;
    Migrator::up(&db, None).await?;
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'seaql_%' ORDER BY type DESC, name";
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
        .await?;
    let mut text = String::new();
    for row in rows {
        text.push_str(&row.try_get_by_index::<String>(0)?);
        text.push_str(";\n\n");
    }
    Ok(text)
}
