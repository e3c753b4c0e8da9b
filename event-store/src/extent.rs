//! How far a tenant's log reaches, for readers who come back to a position.

use entrepot_domain::envelope::Hash;
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{event, scope};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use crate::append;
use crate::db::{DbError, Tx};
use crate::error::StoreError;
use crate::record::stored;

/// An end of the log: a position, and the hash of what stands there. Position 0 has the hash of
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The position.
    pub position: i64,
    /// The hash there.
    pub hash: Hash,
}

/// What a tenant's log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Right before the first event that is still there.
    pub before: End,
    /// The last event.
    pub head: End,
    /// The hash at the position that was asked for; `None` if the log cannot be read on from there.
    pub hash: Option<Hash>,
}

/// Reads it in the state that a transaction sees.
pub(crate) async fn read(tx: &Tx, tenant: TenantId, position: i64) -> Result<Extent, StoreError> {
    let head = append::head_in(tx, tenant).await?;
    let head = End {
        position: head.position,
        hash: head.hash,
    };
    let before = following(tx, tenant, 0).await?.unwrap_or(head);
    let hash = if position == head.position {
        Some(head.hash)
    } else if (before.position..head.position).contains(&position) {
        // The next event carries its predecessor's hash.
        following(tx, tenant, position).await?.map(|end| end.hash)
    } else {
        None
    };
    Ok(Extent { before, head, hash })
}

/// What stands right before the first event after a position.
async fn following(tx: &Tx, tenant: TenantId, after: i64) -> Result<Option<End>, StoreError> {
    let row = scope::of::<event::Entity>(tenant.0)
        .filter(event::Column::Position.gt(after))
        .order_by_asc(event::Column::Position)
        .one(tx)
        .await
        .map_err(DbError::from)?;
    Ok(row.map(|row| End {
        position: row.position - 1,
        hash: stored(&row.prev_hash),
    }))
}
