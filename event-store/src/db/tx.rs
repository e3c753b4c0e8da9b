//! A transaction: sea-orm reads on it, and rows are written to it in bulk.

use entrepot_domain::kernel::TenantId;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, Row as _};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::error::NulInText;
use super::{DbError, Rows, postgres, sqlite};

/// A connection with a transaction open on it.
#[derive(Debug)]
pub(super) enum Conn {
    Postgres(PoolConnection<sqlx::Postgres>),
    Sqlite(PoolConnection<sqlx::Sqlite>),
}

/// What is said of a transaction that ended.
const OVER: &str = "the transaction is over";

/// An `UPDATE` of one row, which other writes depend on.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The statement, with `$1` parameters.
    pub update: &'static str,
    /// Their values.
    pub values: Vec<sea_orm::Value>,
}

/// An open transaction. Dropped without [`Tx::commit`] or [`Tx::rollback`] (a cancelled request, a
/// panic), its connection is closed and with it the transaction.
#[derive(Debug)]
pub struct Tx {
    conn: Mutex<Option<Conn>>,
    backend: DbBackend,
    /// The writer's turn on SQLite, given back with the transaction.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    pub(super) fn new(conn: Conn, turn: Option<OwnedMutexGuard<()>>) -> Self {
        let backend = match conn {
            Conn::Postgres(_) => DbBackend::Postgres,
            Conn::Sqlite(_) => DbBackend::Sqlite,
        };
        Self {
            conn: Mutex::new(Some(conn)),
            backend,
            _turn: turn,
        }
    }

    /// Opens a transaction by `begin`. A caller that goes away meanwhile takes the connection with
    /// it: nobody else may get one on which a transaction was opened.
    pub(super) async fn open(
        conn: Conn,
        turn: Option<OwnedMutexGuard<()>>,
        begin: String,
    ) -> Result<Self, DbError> {
        let mut tx = Self::new(conn, turn);
        let begin = AssertSqlSafe(begin);
        match tx.conn.get_mut() {
            Some(Conn::Postgres(conn)) => conn.execute(begin).await.map(drop)?,
            Some(Conn::Sqlite(conn)) => conn.execute(begin).await.map(drop)?,
            None => {}
        }
        Ok(tx)
    }

    /// Commits. After an error the outcome is unknown.
    pub async fn commit(self) -> Result<(), DbError> {
        self.end("COMMIT").await
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, statement: &'static str) -> Result<(), DbError> {
        let conn = self.conn.get_mut();
        let ended = match conn {
            Some(Conn::Postgres(conn)) => conn.execute(statement).await.map(drop),
            Some(Conn::Sqlite(conn)) => conn.execute(statement).await.map(drop),
            None => Ok(()),
        };
        if ended.is_ok() {
            *conn = None;
        }
        Ok(ended?)
    }

    /// Writes rows of one table. No rows, no statement.
    pub async fn write(&mut self, rows: Rows) -> Result<(), DbError> {
        self.write_all(None, vec![rows]).await.map(drop)
    }

    /// Writes rows of several tables, if the `guard` hits; without one, always. Whether it did.
    /// On PostgreSQL this is one statement: a round trip, however many tables.
    pub async fn write_all(
        &mut self,
        guard: Option<Guard>,
        mut rows: Vec<Rows>,
    ) -> Result<bool, DbError> {
        rows.retain(|rows| !rows.is_empty());
        if rows.is_empty() && guard.is_none() {
            return Ok(true);
        }
        match self.conn.get_mut() {
            Some(Conn::Postgres(conn)) => {
                let (sql, arguments) = postgres::write(guard, rows)?;
                let hits = sqlx::query_with(AssertSqlSafe(sql), arguments);
                let hits: i64 = hits.fetch_one(&mut **conn).await?.try_get(0)?;
                Ok(hits == 1)
            }
            Some(Conn::Sqlite(conn)) => {
                if let Some(Guard { update, values }) = guard {
                    let values = SqlxValues(sea_orm::Values(values));
                    let update = sqlx::query_with(AssertSqlSafe(update), values);
                    if update.execute(&mut **conn).await?.rows_affected() != 1 {
                        return Ok(false);
                    }
                }
                for rows in rows {
                    let (sql, json) = sqlite::insert(&rows)?;
                    let insert = sqlx::query(AssertSqlSafe(sql)).bind(json);
                    insert.execute(&mut **conn).await?;
                }
                Ok(true)
            }
            None => Err(DbErr::Custom(OVER.to_owned()).into()),
        }
    }

    /// Runs a statement written by hand, with `$1` parameters, and returns the rows that it touched.
    pub async fn execute_sql(
        &self,
        sql: &str,
        values: Vec<sea_orm::Value>,
    ) -> Result<u64, DbError> {
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        Ok(self.execute_raw(statement).await?.rows_affected())
    }

    /// On a connection of its own ([`Db::begin_apart`](super::Db::begin_apart)): from here on, real
    /// tables are written.
    pub async fn begin_writing(&self) -> Result<(), DbError> {
        if self.backend == DbBackend::Sqlite {
            self.execute_unprepared("BEGIN IMMEDIATE").await?;
        }
        Ok(())
    }

    /// The tenant's rows of a table whose `columns` hold one of the `wanted` rows of values: one
    /// statement text however many there are, and one look into the index for each, however little
    /// the database knows of the table yet.
    pub async fn lookup(
        &self,
        table: &str,
        tenant: TenantId,
        columns: &[&'static str],
        wanted: Vec<Vec<sea_orm::Value>>,
    ) -> Result<Vec<QueryResult>, DbError> {
        let (sql, mut wanted) = match self.backend {
            DbBackend::Postgres => postgres::lookup(table, columns, wanted),
            _ => sqlite::lookup(table, columns, &wanted)?,
        };
        let mut values = vec![tenant.0.into()];
        values.append(&mut wanted);
        self.query_sql(&sql, values).await
    }

    /// Microseconds since 1970 by the database's clock, which all nodes share.
    pub async fn now_micros(&self) -> Result<i64, DbError> {
        let sql = match self.backend {
            DbBackend::Postgres => {
                "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
            }
            _ => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
        };
        let row = self.query_sql(sql, Vec::new()).await?.pop();
        Ok(row
            .map(|row| row.try_get_by_index(0))
            .transpose()?
            .unwrap_or_default())
    }

    /// `FOR UPDATE` where rows are locked one by one; SQLite's writer has the whole file.
    pub const fn lock_clause(&self) -> &'static str {
        match self.backend {
            DbBackend::Postgres => " FOR UPDATE",
            _ => "",
        }
    }

    /// Runs a query written by hand, with `$1` parameters.
    pub async fn query_sql(
        &self,
        sql: &str,
        values: Vec<sea_orm::Value>,
    ) -> Result<Vec<QueryResult>, DbError> {
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        Ok(self.query_all_raw(statement).await?)
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        match self.conn.get_mut().take() {
            Some(Conn::Postgres(mut conn)) => conn.close_on_drop(),
            Some(Conn::Sqlite(mut conn)) => conn.close_on_drop(),
            None => {}
        }
    }
}

fn orm(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

/// Refuses text with U+0000 before it is sent: PostgreSQL has no such text, and would end the
/// transaction; SQLite would look for it and find nothing.
fn bindable(values: Option<sea_orm::Values>) -> Result<sea_orm::Values, DbErr> {
    let values = values.unwrap_or_else(|| sea_orm::Values(Vec::new()));
    if values.0.iter().any(holds_nul) {
        return Err(orm(sqlx::Error::Encode(NulInText.into())));
    }
    Ok(values)
}

fn holds_nul(value: &sea_orm::Value) -> bool {
    match value {
        sea_orm::Value::String(Some(text)) => text.contains('\0'),
        sea_orm::Value::Array(_, Some(values)) => values.iter().any(holds_nul),
        _ => false,
    }
}

/// Runs `$call` on the connection behind `$self`, whichever database it is.
macro_rules! on_conn {
    ($self:ident, $statement:ident, $call:ident, $($convert:tt)+) => {{
        let values = bindable($statement.values)?;
        let (sql, values) = (AssertSqlSafe($statement.sql), SqlxValues(values));
        match &mut *$self.conn.lock().await {
            Some(Conn::Postgres(conn)) => sqlx::query_with(sql, values).$call(&mut **conn).await.map_err(orm).map($($convert)+),
            Some(Conn::Sqlite(conn)) => sqlx::query_with(sql, values).$call(&mut **conn).await.map_err(orm).map($($convert)+),
            None => Err(DbErr::Custom(OVER.to_owned())),
        }
    }};
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        on_conn!(self, statement, execute, Into::into)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut *self.conn.lock().await {
            Some(Conn::Postgres(conn)) => conn.execute(sql).await.map_err(orm).map(Into::into),
            Some(Conn::Sqlite(conn)) => conn.execute(sql).await.map_err(orm).map(Into::into),
            None => Err(DbErr::Custom(OVER.to_owned())),
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        on_conn!(self, statement, fetch_optional, |row| row.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        on_conn!(self, statement, fetch_all, |rows| rows
            .into_iter()
            .map(Into::into)
            .collect())
    }
}
