//! PostgreSQL: sessions work as the application's role, under row-level security.

use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use sea_orm::sea_query::{ArrayType, Expr, ExprTrait as _, Func, Query, Value};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

use super::connections::{Connections, TRUSTED_FOR, is_there};
use super::tx::{Conn, Tx};
use super::{DbError, DbOptions, Purpose, Wanted};

/// The role that migrations make for the server: it owns nothing and bypasses nothing.
const APP_ROLE: &str = "entrepot_app";

/// The setting that row-level security goes by.
const TENANT: &str = "app.tenant_id";

/// Whatever the values, a statement is served by the index that begins with its tenant. Left to itself
/// the database plans lists anew each time, since it takes a bound LIMIT for a tenth of the rows;
/// planning is a sixth of what a page costs it, and for writers as much as running.
const PLANNED_ONCE: (&str, &str) = ("plan_cache_mode", "force_generic_plan");
/// A plan made without its values looks dear once a tenant has a million orders. Compiling it to machine
/// code takes 5 ms, each time, and the page a tenth of one.
const INTERPRETED: (&str, &str) = ("jit", "off");

/// How long a connection is waited for.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(30);

/// A statement that runs longer is ended by the database.
pub(super) const STATEMENT_WITHIN: Duration = Duration::from_mins(1);

/// What the temporary tables of a rebuild may take of the database's memory before they go to files.
const APART_BUFFERS: &str = "256MB";

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Postgres {
    connect: PgConnectOptions,
    readers: Connections,
    writers: Connections,
}

impl Postgres {
    pub(super) async fn open(options: &DbOptions) -> Result<Self, DbError> {
        let connect: PgConnectOptions = options.url.parse()?;
        let statement_timeout = format!("{}ms", options.statement_within.as_millis());
        // Whoever says nothing for longer has been cut off, and that may be noticed by nobody else for a
        // quarter of an hour.
        let answer_within = Some(options.statement_within * 7 / 6);
        let connect = connect
            .application_name("entrepot")
            .disable_statement_logging()
            .options([
                ("statement_timeout", &*statement_timeout),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "60s"),
                PLANNED_ONCE,
                INTERPRETED,
            ]);
        let readers = connections(&connect, options.connections, answer_within);
        let writers = connections(&connect, options.connections, answer_within);
        let db = Self {
            connect,
            readers,
            writers,
        };
        db.readers.take().await?;
        Ok(db)
    }

    pub(super) async fn begin(
        &self,
        tenant: Option<TenantId>,
        purpose: Purpose,
    ) -> Result<Tx, DbError> {
        let (connections, begin) = match purpose {
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
            Some(tenant) => format!("{begin}; SET LOCAL {TENANT} = '{tenant}'"),
            None => begin.to_owned(),
        };
        let conn = Conn::Postgres(connections.take().await?);
        let tx = Tx::new(conn, begin, (tenant, purpose), None);
        // Writers often are one statement, which is a transaction by itself.
        if purpose == Purpose::Read {
            tx.open().await?;
        }
        Ok(tx)
    }

    /// A connection to read by, without a transaction and without a tenant.
    pub(super) async fn alone(&self) -> Result<Tx, DbError> {
        let conn = Conn::Postgres(self.readers.take().await?);
        Ok(Tx::new(conn, String::new(), (None, Purpose::Read), None))
    }

    /// On a connection of its own: statements prepared on it before its temporary tables stood
    /// would go to the real ones.
    pub(super) async fn begin_apart(&self, tenant: TenantId) -> Result<Tx, DbError> {
        let connect = self.connect.clone().options([
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("temp_buffers", APART_BUFFERS),
        ]);
        let begin =
            format!("BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL {TENANT} = '{tenant}'");
        let conn = Conn::Postgres(connections(&connect, 1, None).take().await?);
        let tx = Tx::new(conn, begin, (Some(tenant), Purpose::Project), None);
        tx.open().await?;
        Ok(tx)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// Whose rows a transaction may touch, and what for.
pub(super) type Scope = (Option<TenantId>, Purpose);

/// A connection that is older is closed when it is next wanted: servers that were added get their share.
const LIFETIME: Duration = Duration::from_mins(30);

/// Connections that work as the application's role, whoever the URL logs in as.
///
/// The pool's own upkeep is off: it counts idle connections down before it has counted them up, and
/// whoever looks in between takes a thread for ever (`spawn_maintenance_tasks` of sqlx 0.9).
fn connections(
    connect: &PgConnectOptions,
    most: u32,
    answer_within: Option<Duration>,
) -> Connections {
    let pool = PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(answer_within.map_or(ACQUIRE_WITHIN, |within| within.min(ACQUIRE_WITHIN)))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|conn, about| {
            Box::pin(async move {
                let trusted = about.idle_for <= TRUSTED_FOR || is_there(conn).await;
                Ok(trusted && about.age < LIFETIME)
            })
        })
        // The pool asks once more, and would wait for ever.
        .after_release(|conn, _| Box::pin(async move { Ok(is_there(conn).await) }))
        .after_connect(|conn, _| {
            Box::pin(async move {
                conn.execute(AssertSqlSafe(format!("SET ROLE {APP_ROLE}")))
                    .await
                    .map(drop)
            })
        })
        .connect_lazy_with(connect.clone());
    Connections::new(pool, most, answer_within)
}

/// A condition that sets the tenant, which is a parameter, for this statement: it names no column, and so
/// is met before a row is looked for. Were it not met, row-level security would leave no row.
pub(super) fn sets_tenant(parameter: usize) -> String {
    format!("(SELECT set_config('{TENANT}', ${parameter}, true)) IS NOT NULL")
}

/// The same for a statement that is built.
pub(super) fn as_tenant(tenant: TenantId) -> Expr {
    let set = Func::cust("set_config")
        .arg(TENANT)
        .arg(tenant.to_string())
        .arg(true);
    let set = Query::select().expr(set).to_owned();
    Expr::SubQuery(None, Box::new(set.into())).is_not_null()
}

/// `(SELECT unnest(…)) CROSS JOIN LATERAL (… OFFSET 0)`: the planner cannot take it for a join of two tables
/// and read one of them whole, as it does with `= ANY` before it has statistics.
///
/// `alone`, the statement sets its tenant for itself.
pub(super) fn lookup(
    table: &str,
    columns: &[Wanted],
    wanted: Vec<Vec<Value>>,
    alone: Option<TenantId>,
) -> (String, Vec<Value>) {
    let mut lists: Vec<Vec<Value>> = columns.iter().map(|_| Vec::new()).collect();
    for row in wanted {
        for (list, value) in lists.iter_mut().zip(row) {
            list.push(value);
        }
    }
    let (mut params, mut conditions) = (Vec::new(), Vec::new());
    let mut values = Vec::with_capacity(columns.len());
    for (index, (column, list)) in columns.iter().zip(lists).enumerate() {
        let (kind, sql_type) = match list.first() {
            Some(Value::Uuid(_)) => (ArrayType::Uuid, "uuid"),
            Some(Value::BigInt(_)) => (ArrayType::BigInt, "bigint"),
            _ => (ArrayType::String, "text"),
        };
        params.push(format!("unnest(${}::{sql_type}[]) AS w{index}", index + 2));
        conditions.push(format!("{} w{index}", column.compared()));
        values.push(Value::Array(kind, Some(Box::new(list))));
    }
    let set = alone.map(|tenant| {
        values.push(tenant.to_string().into());
        let number = values.len() + 1;
        format!(" WHERE {}", sets_tenant(number))
    });
    let sql = format!(
        "SELECT found.* FROM (SELECT {}) AS wanted CROSS JOIN LATERAL
         (SELECT * FROM {table} WHERE tenant_id = $1 AND {} OFFSET 0) AS found{}",
        params.join(", "),
        conditions.join(" AND "),
        set.unwrap_or_default(),
    );
    (sql, values)
}

/// The statement of [`Db::streams`](super::Db::streams), and its parameters from `$3` on. Lateral for the
/// reason that [`lookup`] is. An aggregate, because row-level security lets the index compare with a
/// column, and not with a `coalesce`.
pub(super) fn streams(tenant: TenantId, streams: Vec<[Value; 2]>) -> (String, Vec<Value>) {
    let sql = format!(
        "SELECT wanted.id AS wanted_id, wanted.type AS wanted_type,
            snapshot.version AS snapshot_version,
            CASE WHEN event.version = snapshot.version + 1 OR event.version IS NULL
                THEN snapshot.state END AS state,
            event.*
        FROM (SELECT unnest($3::uuid[]) AS id, unnest($4::text[]) AS type) AS wanted
        CROSS JOIN LATERAL (
            SELECT coalesce(max(version), 0) AS version, max(state) AS state FROM snapshot
                WHERE tenant_id = $1 AND stream_id = wanted.id AND stream_type = wanted.type
                AND state_version = $2) AS snapshot
        LEFT JOIN LATERAL (
            SELECT * FROM event WHERE tenant_id = $1 AND stream_id = wanted.id
                AND stream_type = wanted.type AND version > snapshot.version
                OFFSET 0) AS event ON true
        WHERE {}",
        sets_tenant(5)
    );
    let (ids, types) = streams.into_iter().map(|[id, kind]| (id, kind)).unzip();
    let list = |kind, values| Value::Array(kind, Some(Box::new(values)));
    let ids = list(ArrayType::Uuid, ids);
    let types = list(ArrayType::String, types);
    (sql, vec![ids, types, tenant.to_string().into()])
}

/// A condition that a column is one of these numbers, and its parameter.
pub(super) fn among(numbers: Vec<Value>) -> (&'static str, Value) {
    let numbers = Value::Array(ArrayType::BigInt, Some(Box::new(numbers)));
    ("= ANY($1)", numbers)
}
