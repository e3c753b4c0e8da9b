//! The published contracts: `schema.graphql` with `contracts/*.graphql`, `schema.sql` and `events.json` at
//! the top of the repository, and `docs/errors.md`. A test holds the files to what this prints.

use std::io::Write as _;

use clap::{Args, ValueEnum};
use entrepot_domain::event::Event;
use entrepot_event_store::db::connect;
use entrepot_migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use serde_json::json;

use crate::auth::Role;
use crate::codes;
use crate::graph::contract;

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
    /// The GraphQL schema, whole, with the directives of Federation.
    Graphql,
    /// What of it role commerce may use.
    Commerce,
    /// What of it role finance may use.
    Finance,
    /// What of it role support may use.
    Support,
    /// What of it role partner may use.
    Partner,
    /// What of it role operator may use.
    Operator,
    /// For BI: the tables and views of the embedded database.
    Sql,
    /// For partners: every event with the JSON Schema of its payload.
    Events,
    /// Every error code with what it means.
    Errors,
}

/// Why a contract cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The embedded database could not be made.
    #[error(transparent)]
    Db(#[from] DbErr),
    /// The policy's tables leave something that is no schema.
    #[error(transparent)]
    Graph(#[from] contract::ContractError),
}

impl Contract {
    /// The contract's text.
    pub async fn text(self) -> Result<String, PrintError> {
        let of_role = |role| Ok(contract::sdl(role)?);
        match self {
            Self::Graphql => Ok(contract::federated()?),
            Self::Commerce => of_role(Role::Commerce),
            Self::Finance => of_role(Role::Finance),
            Self::Support => of_role(Role::Support),
            Self::Partner => of_role(Role::Partner),
            Self::Operator => of_role(Role::Operator),
            Self::Sql => Ok(sql().await?),
            Self::Events => Ok(events()),
            Self::Errors => Ok(codes::page()),
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
    let types: Vec<_> = Event::types().into_iter().map(event).collect();
    let mut text = serde_json::to_string_pretty(&types).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of a database that was just migrated.
async fn sql() -> Result<String, DbErr> {
    let db = connect("sqlite::memory:", 1).await?;
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
