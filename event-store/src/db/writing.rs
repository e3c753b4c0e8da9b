//! Writing on PostgreSQL: rows of several tables by one statement.

use std::any::TypeId;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use lru::LruCache;
use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe, IntoArguments, PgConnection, Row as _};
use sea_query_sqlx::SqlxValues;
use uuid::Uuid;

use super::postgres::{Scope, sets_tenant};
use super::rows::{Column, Merge, Rows};
use super::{DbError, Guard, Purpose};

/// Writes rows of several tables by one statement, if the guard hits; whether it did.
///
/// `alone`, the statement is a transaction by itself, and sets for itself whose rows it may touch.
pub(super) async fn write(
    conn: &mut PgConnection,
    guard: Option<Guard>,
    tables: Vec<Rows>,
    alone: Option<Scope>,
) -> Result<bool, DbError> {
    let sql = known_text(guard.as_ref(), &tables, alone)?;
    let arguments = arguments(guard, tables, alone)?;
    let hits = sqlx::query_with(AssertSqlSafe(sql), arguments);
    let hits: i64 = hits.fetch_one(conn).await?.try_get(0)?;
    Ok(hits == 1)
}

/// What the text of a statement follows from: everything else is a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    guard: Option<&'static str>,
    alone: Option<(bool, Purpose)>,
    tables: Vec<(TypeId, Merge)>,
}

/// Texts that are known at most: some kilobytes each.
const TEXTS_MAX: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Texts by their shapes: one is as long in the making as a short query.
static TEXTS: LazyLock<Mutex<LruCache<Shape, Arc<str>>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(TEXTS_MAX)));

fn known_text(
    guard: Option<&Guard>,
    tables: &[Rows],
    alone: Option<Scope>,
) -> Result<Arc<str>, DbError> {
    let shape = Shape {
        guard: guard.map(|guard| guard.update),
        alone: alone.map(|(tenant, purpose)| (tenant.is_some(), purpose)),
        tables: tables.iter().map(Rows::shape).collect(),
    };
    let texts = || TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts().get(&shape) {
        return Ok(Arc::clone(known));
    }
    let text: Arc<str> = text(guard, tables, alone)?.into();
    texts().put(shape, Arc::clone(&text));
    Ok(text)
}

/// `WITH guard AS (UPDATE …), rows0 AS (INSERT … SELECT unnest($1), unnest($2), …), …`: one round trip
/// and one plan, however many tables and rows. Answers with how many rows the guard hit, 1 without a guard.
///
/// Selected, lists go on side by side. After FROM each is a tuple store first, at 2 to 3 µs a column and
/// then half as much again a row.
fn text(guard: Option<&Guard>, tables: &[Rows], alone: Option<Scope>) -> Result<String, DbError> {
    let (mut parts, mut bound) = (Vec::with_capacity(tables.len() + 1), 0);
    let (mut only, mut hits) = ("", "1::bigint");
    if let Some(Guard { update, values }) = guard {
        bound = values.len();
        let gate = alone.map_or_else(String::new, |scope| gate(scope, &mut bound));
        parts.push(format!("guard AS ({update}{gate} RETURNING 1)"));
        only = " WHERE EXISTS (SELECT FROM guard)";
        hits = "(SELECT count(*) FROM guard)";
    }
    for (number, rows) in tables.iter().enumerate() {
        let mut params = Vec::with_capacity(rows.columns.len());
        for column in &rows.columns {
            bound += 1;
            params.push(format!("unnest(${bound}::{}[])", sql_type(column)?));
        }
        parts.push(format!(
            "rows{number} AS (INSERT INTO {} ({}) SELECT {}{only}{})",
            rows.table,
            rows.names(),
            params.join(", "),
            rows.on_conflict()
        ));
    }
    Ok(format!("WITH {} SELECT {hits}", parts.join(", ")))
}

/// Conditions of the guard that set the tenant, and how the commit waits, for this transaction. They
/// name no column, and so are met before the guard looks for its row; the rows wait for the guard.
/// Were they not met, no tenant would be set, and row-level security would refuse every row.
fn gate((tenant, purpose): Scope, bound: &mut usize) -> String {
    let mut gate = String::new();
    if tenant.is_some() {
        *bound += 1;
        gate = format!(" AND {}", sets_tenant(*bound));
    }
    if purpose == Purpose::Project {
        gate += " AND (SELECT set_config('synchronous_commit', 'off', true)) IS NOT NULL";
    }
    gate
}

/// The parameters, in the order in which the text counts them.
fn arguments(
    guard: Option<Guard>,
    tables: Vec<Rows>,
    alone: Option<Scope>,
) -> Result<PgArguments, DbError> {
    let mut arguments = PgArguments::default();
    if let Some(Guard { values, .. }) = guard {
        let values = SqlxValues(sea_orm::Values(values));
        arguments = IntoArguments::<sqlx::Postgres>::into_arguments(values);
        if let Some((Some(tenant), _)) = alone {
            let added = arguments.add(tenant.to_string());
            added.map_err(|error| DbError::Sqlx(sqlx::Error::Encode(error)))?;
        }
    }
    for mut rows in tables {
        for index in 0..rows.columns.len() {
            bind(&mut arguments, &mut rows, index)?;
        }
    }
    Ok(arguments)
}

fn sql_type(column: &Column) -> Result<&'static str, DbError> {
    match column.kind {
        ArrayType::BigInt => Ok("bigint"),
        ArrayType::Int => Ok("int"),
        ArrayType::String => Ok("text"),
        ArrayType::Uuid => Ok("uuid"),
        ArrayType::Bytes => Ok("bytea"),
        ArrayType::Bool => Ok("boolean"),
        _ => Err(DbError::Type(column.name)),
    }
}

fn bind(arguments: &mut PgArguments, rows: &mut Rows, index: usize) -> Result<(), DbError> {
    let Column { name, kind, .. } = rows.columns[index].clone();
    macro_rules! column {
        ($variant:ident, $type:ty) => {{
            let value = |value| {
                if let Value::$variant(value) = value {
                    value
                } else {
                    None
                }
            };
            let values: Vec<Option<$type>> = rows.take_column(index).map(value).collect();
            arguments.add(values)
        }};
    }
    let bound = match kind {
        ArrayType::BigInt => column!(BigInt, i64),
        ArrayType::Int => column!(Int, i32),
        ArrayType::String => column!(String, String),
        ArrayType::Uuid => column!(Uuid, Uuid),
        ArrayType::Bytes => column!(Bytes, Vec<u8>),
        ArrayType::Bool => column!(Bool, bool),
        _ => return Err(DbError::Type(name)),
    };
    bound.map_err(|error| DbError::Sqlx(sqlx::Error::Encode(error)))
}

#[cfg(test)]
mod tests {
    use entrepot_domain::kernel::TenantId;
    use entrepot_entity::{command, event, order_docs, orders};

    use super::*;

    #[test]
    fn a_known_text_is_the_one_that_would_be_made() {
        let tables = [
            vec![Rows::none::<event::Model>(Merge::Refuse)],
            vec![Rows::none::<event::Model>(Merge::Replace)],
            vec![Rows::none::<orders::Model>(Merge::Replace)],
            vec![Rows::none::<order_docs::Model>(Merge::Replace)],
            vec![
                Rows::none::<command::Model>(Merge::Refuse),
                Rows::none::<event::Model>(Merge::Refuse),
            ],
        ];
        let guard = |update| Guard {
            update,
            values: vec![1_i64.into()],
        };
        let guards = [
            None,
            Some(guard("UPDATE a SET b = $1")),
            Some(guard("UPDATE c SET d = $1")),
        ];
        let scopes = [
            None,
            Some((Some(TenantId(1)), Purpose::Append)),
            Some((Some(TenantId(2)), Purpose::Project)),
            Some((None, Purpose::Append)),
        ];
        for _ in 0..2 {
            for tables in &tables {
                for guard in &guards {
                    for scope in scopes {
                        let known = known_text(guard.as_ref(), tables, scope).expect("a text");
                        let made = text(guard.as_ref(), tables, scope).expect("a text");
                        assert_eq!(*known, *made);
                    }
                }
            }
        }
    }
}
