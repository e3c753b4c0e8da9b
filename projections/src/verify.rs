//! Proves that a tenant's log is whole and that its read models are what the log says.

use std::slice;

use entrepot_domain::envelope::Hash;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::event;
use entrepot_event_store::db::{DbError, Purpose, Tx};
use entrepot_event_store::{Store, StoreError, load, record};
use sea_orm::FromQueryResult as _;

use crate::apart::{self, Progress, twins};
use crate::group::Group;

/// Rows of the log read at once.
const BATCH: u64 = 5_000;

/// What is wrong, in a sentence each. Empty: all is well.
pub type Findings = Vec<String>;

/// Checks positions, versions, the hash chain, the head, and that every accepted command has its
/// events.
pub async fn log(
    store: &Store,
    tenant: TenantId,
    progress: Progress<'_>,
) -> Result<Findings, StoreError> {
    let mut findings = Findings::new();
    let tx = store.db().begin(tenant, Purpose::Read).await?;
    let (mut position, mut hash) = (0, Hash::default());
    loop {
        let rows = match load::rows(&tx, tenant, position, BATCH).await {
            Ok(rows) => rows,
            Err(StoreError::Corrupt { position, what, .. }) => {
                findings.push(format!("log: position {position}: {what}"));
                break;
            }
            Err(error) => return Err(error),
        };
        let Some(last) = rows.last() else { break };
        for row in &rows {
            check_link(row, &hash, &mut findings);
            hash = record::hash(row);
        }
        position = last.position;
        progress(u64::try_from(rows.len()).unwrap_or(0));
    }
    findings.extend(head(&tx, tenant, position, &hash).await?);
    for (sql, what) in LOG_CHECKS {
        let broken = count(&tx, tenant, sql).await?;
        if broken > 0 {
            findings.push(format!("log: {broken} {what}"));
        }
    }
    tx.rollback().await?;
    Ok(findings)
}

fn check_link(row: &event::Model, previous: &Hash, findings: &mut Findings) {
    if row.prev_hash != previous {
        findings.push(format!(
            "log: position {}: the hash of its predecessor does not match",
            row.position
        ));
    }
}

async fn head(
    tx: &Tx,
    tenant: TenantId,
    position: i64,
    hash: &Hash,
) -> Result<Option<String>, DbError> {
    let sql = "SELECT * FROM tenant_head WHERE tenant_id = $1";
    let Some(row) = tx.query_sql(sql, vec![tenant.0.into()]).await?.pop() else {
        return Ok(Some("log: it has no head".to_owned()));
    };
    let head = entrepot_entity::tenant_head::Model::from_query_result(&row, "")?;
    let right = head.position == position && (position == 0 || head.hash == hash);
    Ok((!right).then(|| {
        format!(
            "log: the head says position {}, the events end at {position}",
            head.position
        )
    }))
}

/// Counts that must be zero.
const LOG_CHECKS: &[(&str, &str)] = &[
    (
        "SELECT count(*) FROM (SELECT 1 AS broken FROM event WHERE tenant_id = $1
           GROUP BY stream_type, stream_id HAVING min(version) <> 1 OR max(version) <> count(*)) AS streams",
        "streams have gaps in their versions",
    ),
    (
        "SELECT count(*) FROM command c WHERE c.tenant_id = $1 AND c.last_position >
           (SELECT position FROM tenant_head h WHERE h.tenant_id = $1)",
        "commands were acknowledged beyond the end of the log",
    ),
    (
        "SELECT count(*) - count(DISTINCT event_id) FROM event WHERE tenant_id = $1",
        "event ids are used twice",
    ),
];

/// Counts over the read models that must be zero.
const ROW_CHECKS: &[(&str, &str)] = &[
    (
        "SELECT count(*) FROM rm_inventory WHERE tenant_id = $1 AND (on_hand < 0 OR reserved < 0
           OR reserved > on_hand OR value_minor < 0 OR (on_hand = 0 AND value_minor <> 0))",
        "positions have negative stock, more reserved than there is, or value without stock",
    ),
    (
        "SELECT count(*) FROM rm_orders WHERE tenant_id = $1
           AND (gross_minor - discount_minor <> net_minor OR net_minor + shipping_minor + tax_minor <> total_minor)",
        "orders have totals that do not add up",
    ),
];

/// Folds the log again beside the live rows and compares, at the same position. Parked keys are
/// counted apart: their rows stand still by design.
pub async fn models(
    store: &Store,
    models: &Group,
    tenant: TenantId,
    progress: Progress<'_>,
) -> Result<Findings, StoreError> {
    let mut findings = Findings::new();
    let mut ahead = apart::read_ahead(store, tenant, slice::from_ref(models)).await?;
    let apart = apart::fold(store, models, tenant, ahead.remove(0), progress).await?;
    for table in models.models.iter().flat_map(|model| model.tables()) {
        let (live, fresh) = twins(&apart.tx, table);
        for (left, right, what) in [
            (&live, &fresh, "that the log does not give"),
            (&fresh, &live, "missing or different"),
        ] {
            let sql = format!(
                "SELECT count(*) FROM (SELECT * FROM {left} WHERE tenant_id = $1
                   EXCEPT SELECT * FROM {right} WHERE tenant_id = $1) AS other"
            );
            let other = count(&apart.tx, tenant, &sql).await?;
            if other > 0 {
                findings.push(format!(
                    "{table}: {other} rows {what}, at position {}",
                    apart.position
                ));
            }
        }
    }
    for model in &models.models {
        findings.extend(parked(&apart.tx, tenant, model.name()).await?);
    }
    apart.tx.rollback().await?;
    Ok(findings)
}

/// The keys of a model that stand still, with the event that they stumbled over.
async fn parked(tx: &Tx, tenant: TenantId, model: &str) -> Result<Findings, DbError> {
    let sql = "SELECT row_key, position, error FROM parked
        WHERE tenant_id = $1 AND model = $2 AND error IS NOT NULL ORDER BY position LIMIT 100";
    let mut findings = Findings::new();
    for row in tx
        .query_sql(sql, vec![tenant.0.into(), model.into()])
        .await?
    {
        let (key, error): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
        let position: i64 = row.try_get_by_index(1)?;
        findings.push(format!(
            "{model}: `{key}` is parked since position {position}: {error}"
        ));
    }
    Ok(findings)
}

/// Checks what must hold of the rows themselves.
pub async fn rows(store: &Store, tenant: TenantId) -> Result<Findings, StoreError> {
    let mut findings = Findings::new();
    let tx = store.db().begin(tenant, Purpose::Read).await?;
    for (sql, what) in ROW_CHECKS {
        let broken = count(&tx, tenant, sql).await?;
        if broken > 0 {
            findings.push(format!("{broken} {what}"));
        }
    }
    tx.rollback().await?;
    Ok(findings)
}

async fn count(tx: &Tx, tenant: TenantId, sql: &str) -> Result<i64, DbError> {
    let row = tx.query_sql(sql, vec![tenant.0.into()]).await?.pop();
    Ok(row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .unwrap_or_default())
}
