//! PostgreSQL: sessions work as the application's role, under row-level security.

use entrepot_domain::kernel::TenantId;
use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{
    self, Arguments as _, AssertSqlSafe, ConnectOptions as _, Executor as _, PgPool,
};
use uuid::Uuid;

use super::tx::{Conn, Tx};
use super::{DbError, DbOptions, Purpose, rows::Column, rows::Rows};

/// The role that migrations make for the server: it owns nothing and bypasses nothing.
const APP_ROLE: &str = "entrepot_app";

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Postgres {
    connect: PgConnectOptions,
    readers: PgPool,
    writers: PgPool,
}

impl Postgres {
    pub(super) async fn open(options: &DbOptions) -> Result<Self, DbError> {
        let connect: PgConnectOptions = options.url.parse()?;
        let connect = connect
            .application_name("entrepot")
            .disable_statement_logging()
            .options([
                ("statement_timeout", "60s"),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "60s"),
            ]);
        let readers = pool(&connect, options.connections);
        let writers = pool(&connect, options.connections);
        let db = Self {
            connect,
            readers,
            writers,
        };
        db.readers.acquire().await?;
        Ok(db)
    }

    pub(super) async fn begin(
        &self,
        tenant: Option<TenantId>,
        purpose: Purpose,
    ) -> Result<Tx, DbError> {
        let (pool, begin) = match purpose {
            Purpose::Read => (
                &self.readers,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            ),
            Purpose::Append => (&self.writers, "BEGIN"),
            Purpose::Project => (&self.writers, "BEGIN; SET LOCAL synchronous_commit = off"),
        };
        // One message: the tenant costs no round trip. SET LOCAL and not set_config, which Citus
        // does not pass on.
        let begin = match tenant {
            Some(tenant) => format!("{begin}; SET LOCAL app.tenant_id = '{tenant}'"),
            None => begin.to_owned(),
        };
        let mut conn = pool.acquire().await?;
        conn.execute(AssertSqlSafe(begin)).await?;
        Ok(Tx::new(Conn::Postgres(conn), None))
    }

    /// On a connection of its own: statements prepared on it before its temporary tables stood
    /// would go to the real ones.
    pub(super) async fn begin_apart(&self, tenant: TenantId) -> Result<Tx, DbError> {
        let connect = self.connect.clone().options([
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
        ]);
        let mut conn = pool(&connect, 1).acquire().await?;
        let begin = format!(
            "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL app.tenant_id = '{tenant}'"
        );
        conn.execute(AssertSqlSafe(begin)).await?;
        Ok(Tx::new(Conn::Postgres(conn), None))
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// Connections that work as the application's role, whoever the URL logs in as.
fn pool(connect: &PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .after_connect(|conn, _| {
            Box::pin(async move {
                conn.execute(AssertSqlSafe(format!("SET ROLE {APP_ROLE}")))
                    .await
                    .map(drop)
            })
        })
        .connect_lazy_with(connect.clone())
}

/// `INSERT … SELECT * FROM unnest(…)`: one round trip and one plan, however many rows.
pub(super) fn insert(mut rows: Rows) -> Result<(String, PgArguments), DbError> {
    let mut params = Vec::with_capacity(rows.columns.len());
    for (index, column) in rows.columns.iter().enumerate() {
        params.push(format!("${}::{}[]", index + 1, sql_type(column)?));
    }
    let sql = format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}){}",
        rows.table,
        rows.names(),
        params.join(", "),
        rows.on_conflict()
    );
    let mut arguments = PgArguments::default();
    for index in 0..rows.columns.len() {
        bind(&mut arguments, &mut rows, index)?;
    }
    Ok((sql, arguments))
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

/// `column = ANY($n)`. The values must be of one type.
pub(super) fn one_of(column: &str, param: usize, values: Vec<Value>) -> (String, Value) {
    let kind = match values.first() {
        Some(Value::Uuid(_)) => ArrayType::Uuid,
        Some(Value::BigInt(_)) => ArrayType::BigInt,
        _ => ArrayType::String,
    };
    (
        format!("{column} = ANY(${param})"),
        Value::Array(kind, Some(Box::new(values))),
    )
}
