//! Where the rows of a group stand in a tenant's log.

use std::collections::HashMap;

use entrepot_domain::kernel::TenantId;
use entrepot_entity::checkpoint;
use entrepot_entity::scope::TenantScoped;
use entrepot_event_store::StoreError;
use entrepot_event_store::db::{Db, DbError, Tx};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait as _, DbErr, FromQueryResult as _, QueryResult, QuerySelect as _, QueryTrait as _,
    Select,
};

/// The column beside a list's own that says where it stands: one text, so that the checkpoint is looked
/// for once.
const PLACE: &str = "place";

/// Where rows stand, and how often they were rebuilt. Two reads at one place see the same rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Of the newest event that the rows show; 0 before the first.
    pub position: i64,
    /// How often this happened.
    pub rebuilt: i64,
}

impl Place {
    /// Whether rows stood at another place before they stood here.
    pub const fn is_after(self, other: Self) -> bool {
        self.rebuilt > other.rebuilt
            || (self.rebuilt == other.rebuilt && self.position > other.position)
    }

    fn parse(text: &str) -> Result<Self, DbErr> {
        let numbers = text.split_once(' ').and_then(|(position, rebuilt)| {
            Some(Self {
                position: position.parse().ok()?,
                rebuilt: rebuilt.parse().ok()?,
            })
        });
        numbers.ok_or_else(|| DbErr::Type(format!("not a place: {text}")))
    }
}

impl From<&checkpoint::Model> for Place {
    fn from(row: &checkpoint::Model) -> Self {
        Self {
            position: row.position,
            rebuilt: row.rebuilt,
        }
    }
}

/// Where a group stands, without waiting. No row is position 0, never "done".
pub async fn checkpoint_of(db: &Db, tenant: TenantId, group: &str) -> Result<i64, StoreError> {
    // Boxed: most who may ask know without, and carry the room for it.
    let places = Box::pin(places(db, &[tenant], group)).await?;
    Ok(places.get(&tenant).map_or(0, |place| place.position))
}

/// Where a group stands in the state that a transaction sees.
pub async fn place_in(tx: &Tx, tenant: TenantId, group: &str) -> Result<Place, DbError> {
    let row = read_checkpoint(tx, tenant, group, "").await?;
    Ok(row.as_ref().map(Place::from).unwrap_or_default())
}

/// The rows of a query and where the group stands that they belong to, by one statement. `None` if there
/// are no rows to say it with.
pub async fn rows_with_place<E: TenantScoped>(
    db: &Db,
    tenant: TenantId,
    group: &str,
    rows: Select<E>,
) -> Result<Option<(Place, Vec<E::Model>)>, DbError> {
    let place = Query::select()
        .expr(Expr::cust("position || ' ' || rebuilt"))
        .from(checkpoint::Entity)
        .and_where(checkpoint::Column::TenantId.eq(tenant.0))
        .and_where(checkpoint::Column::Grp.eq(group))
        .to_owned();
    let rows = rows.expr_as(Expr::SubQuery(None, Box::new(place.into())), PLACE);
    let rows = db.ask_of(tenant, rows.into_query()).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let place: Option<String> = first.try_get("", PLACE)?;
    let place = place
        .as_deref()
        .map(Place::parse)
        .transpose()?
        .unwrap_or_default();
    let rows = rows.iter().map(|row| E::Model::from_query_result(row, ""));
    Ok(Some((place, rows.collect::<Result<_, _>>()?)))
}

/// Where a group of many tenants stands, by one statement.
pub async fn places(
    db: &Db,
    tenants: &[TenantId],
    group: &str,
) -> Result<HashMap<TenantId, Place>, StoreError> {
    let (among, tenants) = db.among(tenants.iter().map(|tenant| tenant.0));
    let sql = format!(
        "SELECT tenant_id, position, rebuilt FROM checkpoint WHERE grp = $2 AND tenant_id {among}"
    );
    let rows = db.ask(&sql, vec![tenants, group.into()]).await?;
    let place = |row: &QueryResult| {
        let number = |at| row.try_get_by_index::<i64>(at);
        let (position, rebuilt) = (number(1)?, number(2)?);
        Ok((TenantId(number(0)?), Place { position, rebuilt }))
    };
    let places: Result<_, DbErr> = rows.iter().map(place).collect();
    Ok(places.map_err(DbError::from)?)
}

/// Locks a group's checkpoint, making it if it is the first time.
pub(crate) async fn lock_checkpoint(
    tx: &Tx,
    tenant: TenantId,
    group: &str,
) -> Result<checkpoint::Model, DbError> {
    let lock = tx.lock_clause();
    if let Some(row) = read_checkpoint(tx, tenant, group, lock).await? {
        return Ok(row);
    }
    // Two may be the first: the second waits here for the other's row.
    let sql = "INSERT INTO checkpoint (tenant_id, grp, position, lease_epoch, rebuilt, updated_at)
        VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
    tx.execute_sql(sql, vec![tenant.0.into(), group.into()])
        .await?;
    let row = read_checkpoint(tx, tenant, group, lock).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(format!("the checkpoint of {group}")).into())
}

async fn read_checkpoint(
    tx: &Tx,
    tenant: TenantId,
    group: &str,
    lock: &str,
) -> Result<Option<checkpoint::Model>, DbError> {
    let sql = format!("SELECT * FROM checkpoint WHERE tenant_id = $1 AND grp = $2{lock}");
    let row = tx
        .query_sql(&sql, vec![tenant.0.into(), group.into()])
        .await?
        .pop();
    Ok(row
        .map(|row| checkpoint::Model::from_query_result(&row, ""))
        .transpose()?)
}
