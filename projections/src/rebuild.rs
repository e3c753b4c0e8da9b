//! Rebuilds read models of one tenant while they are read and written. The tables stay, and with
//! them their views, policies and grants: a tenant's rows are replaced in one transaction.

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::{DbError, Merge, Rows, Tx};
use entrepot_event_store::{Store, StoreError};
use futures_util::future::try_join_all;
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::apart::{self, Ahead, Progress, twins};
use crate::group::Group;

/// Folds the tenant's log again and puts the result in the place of the rows: of several groups side by
/// side, for which the log is read once.
///
/// `groups` hold the read models to rebuild, made anew for this. The positions that the rows of each
/// stand at are returned.
pub async fn rebuild(
    store: &Store,
    groups: &[Group],
    tenant: TenantId,
    progress: Progress<'_>,
) -> Result<Vec<i64>, StoreError> {
    let ahead = apart::read_ahead(store, tenant, groups).await?;
    let rebuilt = groups.iter().zip(ahead);
    let rebuilt = rebuilt.map(|(models, ahead)| one(store, models, tenant, ahead, progress));
    try_join_all(rebuilt).await
}

async fn one(
    store: &Store,
    models: &Group,
    tenant: TenantId,
    ahead: Ahead,
    progress: Progress<'_>,
) -> Result<i64, StoreError> {
    let mut apart = apart::fold(store, models, tenant, ahead, progress).await?;
    for model in &models.models {
        for table in model.tables() {
            replace(&apart.tx, tenant, table).await?;
        }
        let sql = "DELETE FROM parked WHERE tenant_id = $1 AND model = $2";
        apart
            .tx
            .execute_sql(sql, vec![tenant.0.into(), model.name().into()])
            .await?;
    }
    apart
        .tx
        .write(Rows::of(&apart.parked, Merge::Replace))
        .await?;
    // Whoever folds next finds a newer epoch and forgets the documents that it has in memory.
    let sql = "UPDATE checkpoint SET rebuilt = rebuilt + 1 WHERE tenant_id = $1 AND grp = $2";
    apart
        .tx
        .execute_sql(sql, vec![tenant.0.into(), models.name.into()])
        .await?;
    let position = apart.position;
    apart.tx.commit().await?;
    Ok(position)
}

/// Puts the fresh rows in the place of the live ones. A row that is as it was stays where it is:
/// comparing one costs a fraction of writing it with its indexes, and leaves nothing dead behind.
async fn replace(tx: &Tx, tenant: TenantId, table: &str) -> Result<(), DbError> {
    let (live, fresh) = twins(tx, table);
    let Columns { key, others } = Columns::of(tx, table).await?;
    let by_key = compared(&key, "=");
    let same = compared(&others, "IS NOT DISTINCT FROM");
    let delete = format!(
        "DELETE FROM {live} AS live WHERE tenant_id = $1
         AND NOT EXISTS (SELECT 1 FROM {fresh} AS fresh WHERE {by_key} AND {same})"
    );
    tx.execute_sql(&delete, vec![tenant.0.into()]).await?;
    let insert = format!(
        "INSERT INTO {live} SELECT * FROM {fresh} AS fresh
         WHERE NOT EXISTS (SELECT 1 FROM {live} AS live WHERE {by_key})"
    );
    tx.execute_sql(&insert, Vec::new()).await.map(drop)
}

/// A condition that each of the columns is the same in both rows.
fn compared(columns: &[String], operator: &str) -> String {
    let compared = columns
        .iter()
        .map(|column| format!("live.\"{column}\" {operator} fresh.\"{column}\""));
    compared.collect::<Vec<_>>().join(" AND ")
}

/// The columns of a table.
struct Columns {
    /// Of its key.
    key: Vec<String>,
    others: Vec<String>,
}

impl Columns {
    async fn of(tx: &Tx, table: &str) -> Result<Self, DbError> {
        let (sql, table) = match tx.get_database_backend() {
            DbBackend::Postgres => (
                "SELECT a.attname::text, a.attnum = ANY (c.conkey)
                 FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid
                 WHERE c.conrelid = $1::text::regclass AND c.contype = 'p'
                 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                format!("public.{table}"),
            ),
            _ => (
                "SELECT name, pk > 0 FROM pragma_table_info($1, 'main') ORDER BY cid",
                table.to_owned(),
            ),
        };
        let mut columns = Self {
            key: Vec::new(),
            others: Vec::new(),
        };
        for row in tx.query_sql(sql, vec![table.into()]).await? {
            let (name, in_key): (String, bool) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            if in_key {
                columns.key.push(name);
            } else {
                columns.others.push(name);
            }
        }
        Ok(columns)
    }
}
