//! The only place that adds to the log: one transaction a group, with the tenant's head locked.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::{command, tenant_head};
use sea_orm::{FromQueryResult as _, QueryResult};

use crate::db::{Db, DbError, Guard, Merge, Purpose, Rows, Tx, View, Wanted, Written};
use crate::error::StoreError;
use crate::group::{Group, Head, Job, Known};
use crate::record::stored;
use crate::vault;

/// How an append ended.
pub(crate) enum Appended {
    /// The group is in the log for good.
    Committed,
    /// Another node appended since the group was decided. Nothing was written.
    HeadMoved,
    /// A unique key is taken: a command's, if it is a repetition. Nothing was written.
    KeyUsed(DbError),
    /// The connection broke while committing. Only the database knows.
    Unknown(DbError),
}

/// Appends a group that was decided at `decided_at`.
pub(crate) async fn append(
    db: &Db,
    tenant: TenantId,
    decided_at: i64,
    group: &Group,
) -> Result<Appended, StoreError> {
    let tx = db.begin(tenant, Purpose::Append).await?;
    let [keys, records] = vault::rows(&group.vault);
    let rows = vec![
        Rows::of(&group.commands, Merge::Refuse),
        Rows::of(&group.events, Merge::Refuse),
        keys,
        records,
    ];
    let guard = move_head(tenant, decided_at, group.head);
    let destroyed = vault::destroyed(tenant, &group.vault);
    match tx.commit_with(guard, rows, destroyed).await {
        Written::Committed => Ok(Appended::Committed),
        Written::Missed => Ok(Appended::HeadMoved),
        Written::Failed(error) if error.unique_violation() => Ok(Appended::KeyUsed(error)),
        Written::Failed(error) => Err(error.into()),
        Written::Unknown(error) => Ok(Appended::Unknown(error)),
    }
}

/// Moves the head from where the group was decided, if it is there still, and keeps it locked until
/// the commit. Whoever is appending to the tenant's log is waited for.
fn move_head(tenant: TenantId, decided_at: i64, head: Head) -> Guard {
    Guard {
        update: "UPDATE tenant_head SET position = $3, recorded_at = $4, hash = $5
            WHERE tenant_id = $1 AND position = $2",
        values: vec![
            tenant.0.into(),
            decided_at.into(),
            head.position.into(),
            head.recorded_at.into(),
            head.hash.to_vec().into(),
        ],
    }
}

/// Finds a tenant's head.
const HEAD: &str = "SELECT * FROM tenant_head WHERE tenant_id = $1";

/// Waits for whoever is appending to the tenant's log, then reads where it ends.
pub(crate) async fn lock_head(tx: &Tx, tenant: TenantId) -> Result<Head, StoreError> {
    let sql = format!("{HEAD}{}", tx.lock_clause());
    found(tx.query_sql(&sql, vec![tenant.0.into()]).await?)
}

/// Where the log ends, without waiting.
pub(crate) async fn read_head(db: &Db, tenant: TenantId) -> Result<Head, StoreError> {
    found(db.ask(HEAD, vec![tenant.0.into()]).await?)
}

/// Where the log ends in the state that a transaction sees.
pub(crate) async fn head_in(tx: &Tx, tenant: TenantId) -> Result<Head, StoreError> {
    found(tx.query_sql(HEAD, vec![tenant.0.into()]).await?)
}

fn found(mut rows: Vec<QueryResult>) -> Result<Head, StoreError> {
    let row = rows.pop().ok_or(StoreError::NoTenant)?;
    let row = tenant_head::Model::from_query_result(&row, "");
    Ok(head_of(&row.map_err(DbError::from)?))
}

fn head_of(row: &tenant_head::Model) -> Head {
    Head {
        position: row.position,
        recorded_at: row.recorded_at,
        hash: stored(&row.hash),
    }
}

/// Which of the jobs' keys are in the log already.
pub(crate) async fn known_keys(
    db: &Db,
    tenant: TenantId,
    jobs: &[&Job],
) -> Result<Known, StoreError> {
    let keys = jobs.iter().map(|job| {
        let key = job.key();
        vec![key.client.into(), key.key.into()]
    });
    let mut known = Known::new();
    let by = [Wanted::Is("client"), Wanted::Is("key")];
    let found = View::Now(db).lookup("command", tenant, &by, keys.collect());
    for row in found.await? {
        let row = command::Model::from_query_result(&row, "").map_err(DbError::from)?;
        known.insert((row.client.clone(), row.key.clone()), row);
    }
    Ok(known)
}
