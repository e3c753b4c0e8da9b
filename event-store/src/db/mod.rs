//! One database, PostgreSQL or SQLite, behind one set of operations. What differs between the two
//! stands in [`postgres`] and [`sqlite`], and in a few words of SQL where they are said.

mod connections;
mod deletes;
mod error;
mod postgres;
mod rows;
mod sqlite;
mod tx;
mod view;
mod writing;

use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use sea_orm::sea_query::{SelectStatement, Value};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
    QueryResult,
};
use tokio::sync::OwnedMutexGuard;

pub use deletes::Deletes;
pub use error::DbError;
pub use rows::{Merge, Rows};
pub use tx::{Guard, Tx, Wanted, Written};
pub use view::View;

/// Connections past the store, for migrations and for looking: of no tenant, as whoever the URL names.
///
/// As everywhere, the pool's own upkeep is off ([`postgres`]).
pub async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false);
    Database::connect(options).await
}

/// An open database.
#[derive(Clone, Debug)]
pub enum Db {
    /// PostgreSQL 15 or newer.
    Postgres(postgres::Postgres),
    /// One SQLite file.
    Sqlite(sqlite::Sqlite),
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Reads one state of one tenant, whatever is written meanwhile.
    Read,
    /// Appends to the log: what commits survives power loss.
    Append,
    /// Writes read models with their checkpoint. A crash may lose the newest commits, rows and
    /// checkpoint together, and they are then folded again from the log.
    Project,
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// `postgres://…` or `sqlite:<path>`.
    pub url: String,
    /// Connections for each of reading and writing.
    pub connections: u32,
    /// How long a statement may run on PostgreSQL. An answer that has not come a little later is not
    /// waited for any more: the database, or the way to it, is gone.
    pub statement_within: Duration,
}

impl DbOptions {
    /// With the usual patience.
    pub const fn new(url: String, connections: u32) -> Self {
        Self {
            url,
            connections,
            statement_within: postgres::STATEMENT_WITHIN,
        }
    }
}

impl Db {
    /// Opens the database. SQLite files are made if absent.
    pub async fn open(options: &DbOptions) -> Result<Self, DbError> {
        match options.url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                postgres::Postgres::open(options).await.map(Self::Postgres)
            }
            Some(("sqlite", path)) => sqlite::Sqlite::open(path, options).await.map(Self::Sqlite),
            _ => Err(DbError::Url),
        }
    }

    /// Begins a transaction that can see and touch one tenant only.
    pub async fn begin(&self, tenant: TenantId, purpose: Purpose) -> Result<Tx, DbError> {
        match self {
            Self::Postgres(db) => db.begin(Some(tenant), purpose).await,
            Self::Sqlite(db) => db.begin(purpose).await,
        }
    }

    /// Begins a transaction on the tables that are read across tenants (`scope::across_tenants`).
    pub async fn begin_across_tenants(&self, purpose: Purpose) -> Result<Tx, DbError> {
        match self {
            Self::Postgres(db) => db.begin(None, purpose).await,
            Self::Sqlite(db) => db.begin(purpose).await,
        }
    }

    /// Answers a query of tables that are read across tenants, by itself, or one that sets its tenant:
    /// `sql` has `$1` parameters.
    pub async fn ask(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, DbError> {
        let tx = match self {
            Self::Postgres(db) => db.alone().await?,
            Self::Sqlite(db) => db.alone().await?,
        };
        let rows = tx.query_sql(sql, values).await?;
        tx.nothing_open();
        Ok(rows)
    }

    /// Answers a query of one tenant's rows, by itself: where a single statement says all, no
    /// transaction is begun for it.
    pub async fn ask_of(
        &self,
        tenant: TenantId,
        mut select: SelectStatement,
    ) -> Result<Vec<QueryResult>, DbError> {
        let tx = match self {
            Self::Postgres(db) => {
                select.and_where(postgres::as_tenant(tenant));
                db.alone().await?
            }
            Self::Sqlite(db) => db.alone().await?,
        };
        let rows = tx.query_all_raw(self.backend().build(&select)).await?;
        tx.nothing_open();
        Ok(rows)
    }

    /// What streams are folded from, as of now: of each stream the snapshot with this version of its state,
    /// if there is one, and the events after it. `streams` are pairs of id and type. One row an event,
    /// and one where there are none: `wanted_id` and `wanted_type` name the stream, the first row of each
    /// has the snapshot's `snapshot_version` and `state`.
    pub async fn streams(
        &self,
        tenant: TenantId,
        streams: Vec<[Value; 2]>,
        state_version: i32,
    ) -> Result<Vec<QueryResult>, DbError> {
        let (sql, mut wanted) = match self {
            Self::Postgres(_) => postgres::streams(tenant, streams),
            Self::Sqlite(_) => sqlite::streams(streams)?,
        };
        let mut values = vec![tenant.0.into(), state_version.into()];
        values.append(&mut wanted);
        self.ask(&sql, values).await
    }

    /// A count that is another one as soon as any tenant's log is about to move; `None` where nobody
    /// counts.
    pub async fn log_moves(&self) -> Result<Option<i64>, DbError> {
        if self.backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let rows = self.ask("SELECT last_value FROM log_moves", Vec::new());
        let row = rows.await?.pop();
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// A condition that a column is one of these numbers, which are its parameter `$1`.
    pub fn among(&self, numbers: impl Iterator<Item = i64>) -> (&'static str, Value) {
        match self {
            Self::Postgres(_) => postgres::among(numbers.map(Value::from).collect()),
            Self::Sqlite(_) => sqlite::among(&numbers.collect::<Vec<_>>()),
        }
    }

    /// A connection of its own for a rebuild, with temporary tables that stand before the real ones.
    pub async fn begin_apart(&self, tenant: TenantId) -> Result<Tx, DbError> {
        match self {
            Self::Postgres(db) => db.begin_apart(tenant).await,
            Self::Sqlite(db) => db.begin_apart().await,
        }
    }

    /// The turn to write: a transaction that was begun apart takes it before it writes real tables.
    pub async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(db) => Some(db.turn().await),
        }
    }

    /// Which dialect the statements must be in.
    pub const fn backend(&self) -> DbBackend {
        match self {
            Self::Postgres(_) => DbBackend::Postgres,
            Self::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    /// Closes every connection, after what runs on them.
    pub async fn close(&self) {
        match self {
            Self::Postgres(db) => db.close().await,
            Self::Sqlite(db) => db.close().await,
        }
    }
}
