//! Reads rows in the order of their keys, a chunk at a time: however many there are, a chunk is what
//! stands in memory, and no statement runs for long.

use std::fmt::Write as _;
use std::time::Duration;

use entrepot_event_store::db::{DbError, Tx};
use entrepot_migration::bi::{FieldKind, Source as Origin, Stored};
use jiff::civil;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult, Value};
use uuid::Uuid;

use super::ask::{Ask, Condition};
use super::cell::{Cell, Decimal, Row};
use super::key;
use super::view::Column;

/// Rows of a chunk at most.
pub(crate) const CHUNK_ROWS: u64 = 2_048;

/// Rows of a view, read in one transaction.
pub(crate) struct Source {
    tx: Tx,
    ask: Ask,
    plan: Plan,
    after: Option<Vec<Value>>,
    left: u64,
}

/// What is selected, and where in it the columns find their values.
struct Plan {
    select: Vec<String>,
    /// For each column its value, and the currency if that is an amount.
    places: Vec<(usize, Option<usize>)>,
    /// Where the key begins.
    key: usize,
}

impl Plan {
    fn new(ask: &Ask) -> Self {
        let mut select: Vec<String> = Vec::new();
        let mut place = |sql: String| {
            let known = select.iter().position(|known| *known == sql);
            known.unwrap_or_else(|| {
                select.push(sql);
                select.len() - 1
            })
        };
        let mut places = Vec::with_capacity(ask.columns.len());
        for column in &ask.columns {
            let amount = matches!(column.stored, Stored::Minor | Stored::Micros);
            let value = place(selected(column));
            places.push((value, amount.then(|| place("currency".to_owned()))));
        }
        let key = select.len();
        select.extend(ask.view.key.iter().map(|origin| origin.sql.clone()));
        Self {
            select,
            places,
            key,
        }
    }

    fn read(&self, row: &QueryResult, columns: &[Column]) -> Result<Row, DbErr> {
        let places = columns.iter().zip(&self.places);
        let cell = |(column, (value, currency)): (&Column, &(usize, Option<usize>))| {
            cell(row, column, *value, *currency)
        };
        places.map(cell).collect()
    }
}

/// Numbers of expressions and of narrower columns come as 64 bits.
fn selected(origin: &Origin) -> String {
    match origin.field.kind {
        FieldKind::Integer | FieldKind::Timestamp | FieldKind::Decimal { .. } => {
            format!("CAST({} AS bigint)", origin.sql)
        }
        _ => origin.sql.clone(),
    }
}

impl Source {
    pub(crate) fn new(tx: Tx, ask: Ask) -> Self {
        let (plan, after, left) = (Plan::new(&ask), ask.after.clone(), ask.limit);
        Self {
            tx,
            ask,
            plan,
            after,
            left,
        }
    }

    /// Lets the transaction wait for a slow reader for that long: the session's own limit is made
    /// for transactions that wait for nobody.
    pub(crate) async fn may_idle(&self, at_most: Duration) -> Result<(), DbError> {
        if self.on_postgres() {
            let limit = format!(
                "SET LOCAL idle_in_transaction_session_timeout = {}",
                at_most.as_millis()
            );
            self.tx.execute_unprepared(&limit).await?;
        }
        Ok(())
    }

    /// The next rows; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<Row>, DbError> {
        let want = self.left.min(CHUNK_ROWS);
        if want == 0 {
            return Ok(Vec::new());
        }
        let mut query = Query::new(&self.ask, self.on_postgres(), &self.plan.select.join(", "));
        query.after(&self.ask, self.after.as_deref());
        query.page(&self.ask, want, 0);
        let found = self.tx.query_sql(&query.sql, query.values).await?;
        let read = u64::try_from(found.len()).unwrap_or(want);
        self.left = if read < want { 0 } else { self.left - read };
        if let Some(last) = found.last() {
            self.after = Some(key::read(last, self.ask.view, self.plan.key)?);
        }
        let rows = found
            .iter()
            .map(|row| self.plan.read(row, &self.ask.columns));
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The key of the last of the rows that were asked for, if there are rows after it.
    pub(crate) async fn last_key(&self) -> Result<Option<Vec<Value>>, DbError> {
        let keys = self.ask.view.key.iter().map(|origin| origin.sql.as_str());
        let keys: Vec<&str> = keys.collect();
        let mut query = Query::new(&self.ask, self.on_postgres(), &keys.join(", "));
        query.after(&self.ask, self.ask.after.as_deref());
        query.page(&self.ask, 2, self.ask.limit.saturating_sub(1));
        let found = self.tx.query_sql(&query.sql, query.values).await?;
        match found.as_slice() {
            [last, _] => Ok(Some(key::read(last, self.ask.view, 0)?)),
            _ => Ok(None),
        }
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.ask.columns
    }

    /// The transaction, to read another view of the same state.
    pub(crate) fn into_tx(self) -> Tx {
        self.tx
    }

    /// Ends the transaction.
    pub(crate) async fn close(self) -> Result<(), DbError> {
        self.tx.rollback().await
    }

    fn on_postgres(&self) -> bool {
        self.tx.get_database_backend() == DbBackend::Postgres
    }
}

/// A statement on its way, every value a parameter.
struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    /// The tenant's rows that fulfill the conditions and that the caller may see.
    fn new(ask: &Ask, on_postgres: bool, select: &str) -> Self {
        let rows = ask.view.rows(on_postgres);
        let mut query = Self {
            sql: format!("SELECT {select} FROM {rows} WHERE tenant_id = "),
            values: Vec::new(),
        };
        query.value(ask.tenant.0.into());
        for Condition {
            source,
            operator,
            value,
        } in &ask.conditions
        {
            query.push(&format!(" AND {source} {operator} "));
            query.value(value.clone());
        }
        if let Some(channels) = &ask.channels {
            query.push(" AND channel IN (NULL");
            for channel in channels {
                query.push(", ");
                query.value(channel.as_str().into());
            }
            query.push(")");
        }
        query
    }

    /// `AND (a, b) > (x, y)`: served by the index of the key.
    fn after(&mut self, ask: &Ask, key: Option<&[Value]>) {
        let Some(key) = key else { return };
        self.push(&format!(" AND ({}) > (", names(ask)));
        for (index, value) in key.iter().enumerate() {
            self.push(if index > 0 { ", " } else { "" });
            self.value(value.clone());
        }
        self.push(")");
    }

    fn page(&mut self, ask: &Ask, limit: u64, offset: u64) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.push(&format!(" ORDER BY {} LIMIT ", names(ask)));
        self.value(number(limit).into());
        if offset > 0 {
            self.push(" OFFSET ");
            self.value(number(offset).into());
        }
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn value(&mut self, value: Value) {
        self.values.push(value);
        // Writing to a string does not fail.
        let _ = write!(self.sql, "${}", self.values.len());
    }
}

fn names(ask: &Ask) -> String {
    let names: Vec<&str> = ask.view.key.iter().map(|key| key.sql.as_str()).collect();
    names.join(", ")
}

fn cell(
    row: &QueryResult,
    column: &Column,
    value: usize,
    currency: Option<usize>,
) -> Result<Cell, DbErr> {
    let currency = || match currency {
        Some(place) => row.try_get_by_index::<Option<String>>(place),
        None => Ok(None),
    };
    let integer = || row.try_get_by_index::<Option<i64>>(value);
    let text = || row.try_get_by_index::<Option<String>>(value);
    let cell = match (column.kind(), column.stored) {
        (FieldKind::Integer, _) => integer()?.map(Cell::Integer),
        (FieldKind::Timestamp, _) => integer()?.map(Cell::Instant),
        (FieldKind::Decimal { .. }, Stored::Minor) => {
            let currency = currency()?;
            integer()?.map(|minor| Cell::Decimal(Decimal::of_minor(minor, currency.as_deref())))
        }
        (FieldKind::Decimal { .. }, Stored::Micros) => {
            let currency = currency()?;
            integer()?.map(|micros| Cell::Decimal(Decimal::of_micros(micros, currency.as_deref())))
        }
        (FieldKind::Decimal { .. }, Stored::Plain | Stored::Microseconds) => {
            integer()?.map(|micros| Cell::Decimal(Decimal::of_seconds(micros)))
        }
        (FieldKind::Boolean, _) => row
            .try_get_by_index::<Option<bool>>(value)?
            .map(Cell::Boolean),
        (FieldKind::Uuid, _) => {
            let id = row.try_get_by_index::<Option<Uuid>>(value)?;
            id.map(|id| Cell::Text(id.to_string()))
        }
        (FieldKind::Date, _) => {
            let day = text()?.map(|day| day.parse::<civil::Date>()).transpose();
            let wrong = |_| DbErr::Type(format!("column {} holds no day", column.name()));
            day.map_err(wrong)?.map(Cell::Day)
        }
        (FieldKind::Text, _) => text()?.map(Cell::Text),
    };
    Ok(cell.unwrap_or(Cell::Null))
}
