//! A transaction: sea-orm reads on it, and rows are written to it in bulk.

use std::io::ErrorKind;
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgTransactionManager;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, SqlSafeStr as _};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::connections::Taken;
use super::error::NulInText;
use super::postgres::Scope;
use super::{DbError, Deletes, Purpose, Rows, sqlite, writing};

/// How a column of the rows that are looked up compares with the value that is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// It is that value.
    Is(&'static str),
    /// It is greater.
    After(&'static str),
}

impl Wanted {
    /// The column.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Is(column) | Self::After(column) => column,
        }
    }

    /// The column and the operator.
    pub(super) fn compared(self) -> String {
        match self {
            Self::Is(column) => format!("{column} ="),
            Self::After(column) => format!("{column} >"),
        }
    }
}

/// A connection with a transaction open on it.
#[derive(Debug)]
pub(super) enum Conn {
    Postgres(Taken),
    Sqlite(PoolConnection<sqlx::Sqlite>),
}

/// A connection, and the transaction on it.
#[derive(Debug)]
struct Session {
    conn: Conn,
    stage: Stage,
}

/// How far a transaction is.
#[derive(Debug)]
enum Stage {
    /// The database has not heard of it yet; this would begin it.
    Unsent(String),
    /// Something was sent whose answer is not there: it is not known how the connection stands.
    Unsettled,
    /// It has begun.
    Begun,
}

impl Session {
    /// The connection with the transaction begun on it.
    async fn begun(&mut self) -> Result<&mut Conn, sqlx::Error> {
        match std::mem::replace(&mut self.stage, Stage::Unsettled) {
            Stage::Unsent(begin) => {
                let begin = AssertSqlSafe(begin);
                match &mut self.conn {
                    Conn::Postgres(conn) => {
                        PgTransactionManager::begin(conn, Some(begin.into_sql_str())).await?;
                    }
                    Conn::Sqlite(conn) => conn.execute(begin).await.map(drop)?,
                }
            }
            Stage::Begun => {}
            Stage::Unsettled => {
                let what = "the transaction did not begin".to_owned();
                return Err(sqlx::Error::Protocol(what));
            }
        }
        self.stage = Stage::Begun;
        Ok(&mut self.conn)
    }
}

/// How long an answer is waited for, if not for ever.
fn patience(session: Option<&Session>) -> Option<Duration> {
    match &session?.conn {
        Conn::Postgres(conn) => conn.answer_within(),
        Conn::Sqlite(_) => None,
    }
}

/// Closes a connection, and whatever runs on it ends.
fn close(session: &mut Option<Session>) {
    match session.take().map(|session| session.conn) {
        Some(Conn::Postgres(mut conn)) => conn.close_on_drop(),
        Some(Conn::Sqlite(mut conn)) => conn.close_on_drop(),
        None => {}
    }
}

/// What is said of a connection that did not answer.
fn silent() -> sqlx::Error {
    sqlx::Error::Io(ErrorKind::TimedOut.into())
}

/// Waits for what is answered on the connection of `$session`. One that does not answer is closed: its
/// answer may come at any time.
macro_rules! answered {
    ($session:expr, $asked:expr) => {
        match patience($session.as_ref()) {
            None => $asked.await,
            Some(within) => match timeout(within, $asked).await {
                Ok(answer) => answer,
                Err(_) => {
                    close(&mut *$session);
                    Err(orm(silent()).into())
                }
            },
        }
    };
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Commit,
    Rollback,
}

/// What is said of a transaction that ended.
fn over() -> DbErr {
    DbErr::Custom("the transaction is over".to_owned())
}

/// An `UPDATE` of one row, which other writes depend on.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The statement, with `$1` parameters.
    pub update: &'static str,
    /// Their values.
    pub values: Vec<sea_orm::Value>,
}

/// How a write that ends its transaction ended.
#[derive(Debug)]
pub enum Written {
    /// The rows are there for good.
    Committed,
    /// The guard did not hit. Nothing was written.
    Missed,
    /// The database said no. Nothing was written.
    Failed(DbError),
    /// The connection broke meanwhile. Only the database knows.
    Unknown(DbError),
}

/// An open transaction. Dropped without [`Tx::commit`] or [`Tx::rollback`] (a cancelled request, a
/// panic), its connection is closed and with it the transaction.
#[derive(Debug)]
pub struct Tx {
    session: Mutex<Option<Session>>,
    backend: DbBackend,
    /// Whose rows it may touch, and what for.
    scope: Scope,
    /// The writer's turn on SQLite, given back with the transaction.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    /// A transaction whose `begin`, if there is any, is sent before its first statement.
    pub(super) fn new(
        conn: Conn,
        begin: String,
        scope: Scope,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Self {
        let backend = match conn {
            Conn::Postgres(_) => DbBackend::Postgres,
            Conn::Sqlite(_) => DbBackend::Sqlite,
        };
        let stage = if begin.is_empty() {
            Stage::Begun
        } else {
            Stage::Unsent(begin)
        };
        Self {
            session: Mutex::new(Some(Session { conn, stage })),
            backend,
            scope,
            _turn: turn,
        }
    }

    /// Begins now: what is read stands still from here on.
    pub(super) async fn open(&self) -> Result<(), DbError> {
        let mut session = self.session.lock().await;
        answered!(session, async {
            match session.as_mut() {
                Some(session) => session.begun().await.map(drop).map_err(DbError::from),
                None => Err(over().into()),
            }
        })
    }

    /// Commits. After an error the outcome is unknown. Readers do not wait for it.
    pub async fn commit(self) -> Result<(), DbError> {
        self.end(End::Commit).await
    }

    /// Rolls back. Readers do not wait for it.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.end(End::Rollback).await
    }

    /// Gives the connection back as it is: no transaction was begun on it.
    pub(super) fn nothing_open(mut self) {
        self.keep();
    }

    /// Gives back a connection on which whatever was sent is answered and no transaction is open.
    fn keep(&mut self) {
        if let Some(conn) = self.taken() {
            conn.keep();
        }
    }

    /// Gives back a connection on which an answer is still to come, after which no transaction is open.
    fn settle(&mut self) {
        if let Some(conn) = self.taken() {
            conn.settle();
        }
    }

    /// The session is over; its connection, if that is PostgreSQL's.
    fn taken(&mut self) -> Option<Taken> {
        match self.session.get_mut().take()?.conn {
            Conn::Postgres(conn) => Some(conn),
            Conn::Sqlite(_) => None,
        }
    }

    async fn end(mut self, end: End) -> Result<(), DbError> {
        let reads = self.scope.1 == Purpose::Read;
        let session = self.session.get_mut();
        match session {
            Some(Session {
                stage: Stage::Unsent(_),
                ..
            }) => self.keep(),
            // Gone, or nobody knows how it stands: with it goes what was not committed.
            None
            | Some(Session {
                stage: Stage::Unsettled,
                ..
            }) => {
                close(session);
                if matches!(end, End::Commit) {
                    return Err(over().into());
                }
            }
            Some(Session {
                conn: Conn::Postgres(conn),
                ..
            }) if reads => {
                PgTransactionManager::start_rollback(conn);
                self.settle();
            }
            Some(_) => {
                answered!(session, async {
                    match session.as_mut().map(|session| &mut session.conn) {
                        Some(Conn::Postgres(conn)) => match end {
                            End::Commit => PgTransactionManager::commit(conn).await,
                            End::Rollback => PgTransactionManager::rollback(conn).await,
                        },
                        Some(Conn::Sqlite(conn)) => {
                            let end = match end {
                                End::Commit => "COMMIT",
                                End::Rollback => "ROLLBACK",
                            };
                            conn.execute(end).await.map(drop)
                        }
                        None => Ok(()),
                    }
                    .map_err(DbError::from)
                })?;
                self.keep();
            }
        }
        Ok(())
    }

    /// Writes rows of several tables, deletes others and commits, if the `guard` hits. On PostgreSQL,
    /// a transaction that only writes is this one statement: one round trip in all.
    pub async fn commit_with(
        mut self,
        guard: Guard,
        mut rows: Vec<Rows>,
        deletes: Vec<Deletes>,
    ) -> Written {
        rows.retain(|rows| !rows.is_empty());
        let (scope, session) = (self.scope, self.session.get_mut());
        let Some(Session {
            conn: Conn::Postgres(_),
            stage: stage @ Stage::Unsent(_),
        }) = session.as_mut().filter(|_| deletes.is_empty())
        else {
            return self.write_and_commit(guard, rows, deletes).await;
        };
        *stage = Stage::Unsettled;
        let written: Result<bool, DbError> = answered!(session, async {
            match session.as_mut().map(|session| &mut session.conn) {
                Some(Conn::Postgres(conn)) => {
                    writing::write(conn, Some(guard), rows, Some(scope)).await
                }
                _ => Err(over().into()),
            }
        });
        match written {
            Err(error) if error.outcome_unknown() => Written::Unknown(error),
            Err(error) => {
                self.settle();
                Written::Failed(error)
            }
            Ok(hit) => {
                self.keep();
                if hit {
                    Written::Committed
                } else {
                    Written::Missed
                }
            }
        }
    }

    async fn write_and_commit(
        mut self,
        guard: Guard,
        rows: Vec<Rows>,
        deletes: Vec<Deletes>,
    ) -> Written {
        let written = match self.write_all(Some(guard), rows).await {
            Ok(true) => self.delete(deletes).await.map(|()| true),
            missed_or_failed => missed_or_failed,
        };
        let committed = matches!(written, Ok(true));
        let ended = if committed {
            self.commit().await
        } else {
            self.rollback().await
        };
        match (written, ended) {
            (Ok(true), Ok(())) => Written::Committed,
            (Ok(true), Err(error)) => Written::Unknown(error),
            (Ok(false), Ok(())) => Written::Missed,
            // A connection that does not even roll back is closed: nothing was written either way.
            (Err(error), _) | (Ok(false), Err(error)) => Written::Failed(error),
        }
    }

    /// Deletes rows.
    pub async fn delete(&self, deletes: Vec<Deletes>) -> Result<(), DbError> {
        for (sql, found_by) in deletes.into_iter().map(Deletes::statement) {
            for values in found_by {
                self.execute_sql(&sql, values).await?;
            }
        }
        Ok(())
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
        let session = self.session.get_mut();
        answered!(session, async {
            match session.as_mut().ok_or_else(over)?.begun().await? {
                Conn::Postgres(conn) => writing::write(conn, guard, rows, None).await,
                Conn::Sqlite(conn) => sqlite::write(conn, guard, rows).await,
            }
        })
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
        match self.session.get_mut() {
            Some(Session {
                stage: Stage::Unsent(_),
                ..
            }) => self.keep(),
            session => close(session),
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
        let mut session = $self.session.lock().await;
        let answer: Result<_, DbErr> = answered!(session, async {
            match session.as_mut().ok_or_else(over)?.begun().await.map_err(orm)? {
                Conn::Postgres(conn) => sqlx::query_with(sql, values).$call(&mut **conn).await.map_err(orm).map($($convert)+),
                Conn::Sqlite(conn) => sqlx::query_with(sql, values).$call(&mut **conn).await.map_err(orm).map($($convert)+),
            }
        });
        answer
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
        let mut session = self.session.lock().await;
        let answer: Result<_, DbErr> = answered!(session, async {
            let session = session.as_mut().ok_or_else(over)?;
            match session.begun().await.map_err(orm)? {
                Conn::Postgres(conn) => conn.execute(sql).await.map_err(orm).map(Into::into),
                Conn::Sqlite(conn) => conn.execute(sql).await.map_err(orm).map(Into::into),
            }
        });
        answer
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
