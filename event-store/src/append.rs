//! The only place that adds to the log: one transaction a group, with the tenant's head locked.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::{command, scope, tenant_head};
use sea_orm::{ColumnTrait as _, FromQueryResult as _, QueryFilter as _};

use crate::db::{Db, DbError, Merge, Purpose, Rows, Tx};
use crate::error::StoreError;
use crate::group::{Group, Head, Job, Known};
use crate::vault;

/// How an append ended.
pub(crate) enum Appended {
    /// The group is in the log for good.
    Committed,
    /// Another node appended since the group was decided. Nothing was written.
    HeadMoved,
    /// The connection broke while committing. Only the database knows.
    Unknown(DbError),
}

/// Appends a group that was decided at `decided_at`.
pub(crate) async fn append(
    db: &Db,
    tenant: TenantId,
    decided_at: i64,
    group: &mut Group,
) -> Result<Appended, StoreError> {
    let mut tx = db.begin(tenant, Purpose::Append).await?;
    if lock_head(&tx, tenant).await?.position != decided_at {
        tx.rollback().await?;
        return Ok(Appended::HeadMoved);
    }
    tx.write(Rows::of(&group.events, Merge::Refuse)).await?;
    tx.write(Rows::of(&group.commands, Merge::Refuse)).await?;
    vault::write(&mut tx, tenant, group.vault.clone()).await?;
    let head = group.head;
    let sql =
        "UPDATE tenant_head SET position = $2, recorded_at = $3, hash = $4 WHERE tenant_id = $1";
    let values = vec![
        tenant.0.into(),
        head.position.into(),
        head.recorded_at.into(),
        head.hash.to_vec().into(),
    ];
    tx.execute_sql(sql, values).await?;
    match tx.commit().await {
        Ok(()) => Ok(Appended::Committed),
        Err(error) => Ok(Appended::Unknown(error)),
    }
}

/// Waits for whoever is appending to the tenant's log, then reads where it ends.
pub(crate) async fn lock_head(tx: &Tx, tenant: TenantId) -> Result<Head, StoreError> {
    let sql = format!(
        "SELECT * FROM tenant_head WHERE tenant_id = $1{}",
        tx.lock_clause()
    );
    let row = tx
        .query_sql(&sql, vec![tenant.0.into()])
        .await?
        .pop()
        .ok_or(StoreError::NoTenant)?;
    Ok(head_of(
        &tenant_head::Model::from_query_result(&row, "").map_err(DbError::from)?,
    ))
}

/// Where the log ends, without waiting.
pub(crate) async fn read_head(db: &Db, tenant: TenantId) -> Result<Head, StoreError> {
    let tx = db.begin(tenant, Purpose::Read).await?;
    let row = scope::catalogue::<tenant_head::Entity>()
        .filter(tenant_head::Column::TenantId.eq(tenant.0))
        .one(&tx)
        .await
        .map_err(DbError::from)?;
    tx.commit().await?;
    Ok(head_of(&row.ok_or(StoreError::NoTenant)?))
}

fn head_of(row: &tenant_head::Model) -> Head {
    let mut hash = [0; 32];
    if row.hash.len() == hash.len() {
        hash.copy_from_slice(&row.hash);
    }
    Head {
        position: row.position,
        recorded_at: row.recorded_at,
        hash,
    }
}

/// Which of the jobs' keys are in the log already.
pub(crate) async fn known_keys(
    tx: &Tx,
    tenant: TenantId,
    jobs: &[&Job],
) -> Result<Known, StoreError> {
    let keys = jobs.iter().map(|job| job.key().key.into()).collect();
    let (one_of, keys) = tx.one_of("key", 2, keys);
    let clients = jobs.iter().map(|job| job.key().client.into()).collect();
    let (one_of_clients, clients) = tx.one_of("client", 3, clients);
    let sql =
        format!("SELECT * FROM command WHERE tenant_id = $1 AND {one_of_clients} AND {one_of}");
    let mut known = Known::new();
    for row in tx
        .query_sql(&sql, vec![tenant.0.into(), keys, clients])
        .await?
    {
        let row = command::Model::from_query_result(&row, "").map_err(DbError::from)?;
        known.insert((row.client.clone(), row.key.clone()), row);
    }
    Ok(known)
}
