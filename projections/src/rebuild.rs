//! Rebuilds read models of one tenant while they are read and written. The tables stay, and with
//! them their views, policies and grants: a tenant's rows are replaced in one transaction.

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::{DbError, Merge, Rows, Tx};
use entrepot_event_store::{Store, StoreError};
use futures_util::future::try_join_all;

use crate::apart::{self, Progress, twins};
use crate::group::Group;

/// Folds the tenant's log again and puts the result in the place of the rows.
///
/// `models` holds the read models to rebuild, made anew for this. The position that the rows stand
/// at is returned.
pub async fn rebuild(
    store: &Store,
    models: &Group,
    tenant: TenantId,
    progress: Progress<'_>,
) -> Result<i64, StoreError> {
    let mut apart = apart::fold(store, models, tenant, progress).await?;
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

/// As [`rebuild`], several groups side by side: where the rows of each stand.
pub async fn rebuild_all(
    store: &Store,
    groups: &[Group],
    tenant: TenantId,
    progress: Progress<'_>,
) -> Result<Vec<i64>, StoreError> {
    let rebuilt = groups.iter();
    let rebuilt = rebuilt.map(|group| rebuild(store, group, tenant, progress));
    try_join_all(rebuilt).await
}

async fn replace(tx: &Tx, tenant: TenantId, table: &str) -> Result<(), DbError> {
    let (live, fresh) = twins(tx, table);
    tx.execute_sql(
        &format!("DELETE FROM {live} WHERE tenant_id = $1"),
        vec![tenant.0.into()],
    )
    .await?;
    tx.execute_sql(
        &format!("INSERT INTO {live} SELECT * FROM {fresh}"),
        Vec::new(),
    )
    .await
    .map(drop)
}
