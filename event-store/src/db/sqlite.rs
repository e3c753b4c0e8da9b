//! SQLite: one file, one writer at a time, readers beside it (WAL).

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, SqliteConnection, SqlitePool};
use sea_query_sqlx::SqlxValues;
use serde_json::Value as Json;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::tx::{Conn, Tx};
use super::{DbError, DbOptions, Guard, Purpose, Wanted, rows::Rows};

/// How long a writer of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A SQLite database.
#[derive(Clone, Debug)]
pub struct Sqlite {
    connect: SqliteConnectOptions,
    readers: SqlitePool,
    /// Syncs every commit: a command is acknowledged only when it survives power loss.
    appender: SqlitePool,
    /// Syncs no commit: rows and checkpoint go together, and are folded again if lost. It does sync what
    /// it checkpoints, which is the log's as well.
    projector: SqlitePool,
    /// Writers of this process queue here in order, and not at the file's lock, which they would poll.
    turn: Arc<Mutex<()>>,
}

impl Sqlite {
    pub(super) async fn open(path: &str, options: &DbOptions) -> Result<Self, DbError> {
        let path = path.trim_start_matches("//");
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory")
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let pool = |connections, synchronous| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
                .connect_lazy_with(connect.clone().synchronous(synchronous))
        };
        let db = Self {
            appender: pool(1, SqliteSynchronous::Full),
            // No commit waits for the disk, but a checkpoint does: it moves the log's pages, too.
            projector: pool(1, SqliteSynchronous::Normal),
            readers: pool(options.connections, SqliteSynchronous::Full),
            turn: Arc::default(),
            connect: connect.clone(),
        };
        db.appender.acquire().await?;
        Ok(db)
    }

    pub(super) async fn begin(&self, purpose: Purpose) -> Result<Tx, DbError> {
        let (pool, turn, begin) = match purpose {
            Purpose::Read => (&self.readers, None, "BEGIN"),
            Purpose::Append => (
                &self.appender,
                Some(Arc::clone(&self.turn).lock_owned().await),
                "BEGIN IMMEDIATE",
            ),
            Purpose::Project => (
                &self.projector,
                Some(Arc::clone(&self.turn).lock_owned().await),
                "BEGIN IMMEDIATE",
            ),
        };
        let conn = Conn::Sqlite(pool.acquire().await?);
        let tx = Tx::new(conn, begin.to_owned(), (None, purpose), turn);
        tx.open().await?;
        Ok(tx)
    }

    /// A connection of its own, with no transaction yet: one that had read the file could not write
    /// it once somebody else has.
    pub(super) async fn begin_apart(&self) -> Result<Tx, DbError> {
        let apart = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(self.connect.clone());
        let conn = Conn::Sqlite(apart.acquire().await?);
        Ok(Tx::new(conn, String::new(), (None, Purpose::Project), None))
    }

    /// A connection to read by, without a transaction.
    pub(super) async fn alone(&self) -> Result<Tx, DbError> {
        let conn = Conn::Sqlite(self.readers.acquire().await?);
        Ok(Tx::new(conn, String::new(), (None, Purpose::Read), None))
    }

    /// The turn to write.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.projector.close().await;
        self.appender.close().await;
    }
}

/// Writes rows of several tables, if the guard hits; whether it did.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    guard: Option<Guard>,
    tables: Vec<Rows>,
) -> Result<bool, DbError> {
    if let Some(Guard { update, values }) = guard {
        let values = SqlxValues(sea_orm::Values(values));
        let update = sqlx::query_with(AssertSqlSafe(update), values);
        if update.execute(&mut *conn).await?.rows_affected() != 1 {
            return Ok(false);
        }
    }
    for rows in tables {
        let (sql, json) = insert(&rows)?;
        let insert = sqlx::query(AssertSqlSafe(sql)).bind(json);
        insert.execute(&mut *conn).await?;
    }
    Ok(true)
}

/// `INSERT … SELECT … FROM json_each(?)`: one statement text, however many rows.
fn insert(rows: &Rows) -> Result<(String, String), DbError> {
    let picks: Vec<String> = rows
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| match column.kind {
            ArrayType::Bytes | ArrayType::Uuid => format!("unhex(value ->> {index})"),
            _ => format!("value ->> {index}"),
        })
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM json_each($1) WHERE true{}",
        rows.table,
        rows.names(),
        picks.join(", "),
        rows.on_conflict()
    );
    let table = array(rows.rows().iter().map(|row| {
        let values = row.iter().zip(&rows.columns);
        values
            .map(|(value, column)| json(value, column.name))
            .collect()
    }))?;
    Ok((sql, table))
}

/// Rows of values as a JSON array of arrays.
fn array(rows: impl Iterator<Item = Result<Vec<Json>, DbError>>) -> Result<String, DbError> {
    let rows: Vec<Vec<Json>> = rows.collect::<Result<_, _>>()?;
    serde_json::to_string(&rows).map_err(|error| DbError::Sqlx(sqlx::Error::Encode(error.into())))
}

fn json(value: &Value, column: &'static str) -> Result<Json, DbError> {
    Ok(match value {
        Value::BigInt(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Bool(value) => Json::from(*value),
        Value::String(value) => Json::from(value.clone()),
        Value::Uuid(value) => Json::from(value.map(|id| id.simple().to_string())),
        Value::Bytes(value) => Json::from(value.as_ref().map(hex::encode)),
        _ => return Err(DbError::Type(column)),
    })
}

/// `json_each($2) CROSS JOIN …`: SQLite keeps the order of a cross join, so that the table is looked
/// into by its index. Blobs travel as hex.
pub(super) fn lookup(
    table: &str,
    columns: &[Wanted],
    wanted: &[Vec<Value>],
) -> Result<(String, Vec<Value>), DbError> {
    let mut conditions = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let value = wanted.first().and_then(|row| row.get(index));
        let pick = format!("wanted.value ->> {index}");
        let pick = match value {
            Some(Value::Uuid(_) | Value::Bytes(_)) => format!("unhex({pick})"),
            _ => pick,
        };
        conditions.push(format!("found.{} {pick}", column.compared()));
    }
    let sql = format!(
        "SELECT found.* FROM json_each($2) AS wanted CROSS JOIN {table} AS found
         WHERE found.tenant_id = $1 AND {}",
        conditions.join(" AND ")
    );
    let list = array(wanted.iter().map(|row| {
        let values = row.iter().zip(columns);
        let values = values.map(|(value, column)| json(value, column.name()));
        values.collect()
    }))?;
    Ok((sql, vec![list.into()]))
}

/// The statement of [`Db::streams`](super::Db::streams), and its parameter `$3`.
pub(super) fn streams(streams: Vec<[Value; 2]>) -> Result<(String, Vec<Value>), DbError> {
    let sql = "SELECT wanted.id AS wanted_id, wanted.type AS wanted_type,
            snapshot.version AS snapshot_version,
            CASE WHEN event.version = snapshot.version + 1 OR event.version IS NULL
                THEN snapshot.state END AS state,
            event.*
        FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS type FROM json_each($3)) AS wanted
        LEFT JOIN snapshot ON snapshot.tenant_id = $1 AND snapshot.stream_id = wanted.id
            AND snapshot.stream_type = wanted.type AND snapshot.state_version = $2
        LEFT JOIN event ON event.tenant_id = $1 AND event.stream_id = wanted.id
            AND event.stream_type = wanted.type AND event.version > coalesce(snapshot.version, 0)";
    let pair =
        |[id, kind]: [Value; 2]| Ok(vec![json(&id, "stream_id")?, json(&kind, "stream_type")?]);
    Ok((
        sql.to_owned(),
        vec![array(streams.into_iter().map(pair))?.into()],
    ))
}

/// A condition that a column is one of these numbers, and its parameter: a JSON array.
pub(super) fn among(numbers: &[i64]) -> (&'static str, Value) {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let list = format!("[{}]", numbers.join(","));
    ("IN (SELECT value FROM json_each($1))", list.into())
}
