//! Reads the rows of many keys.

use entrepot_domain::kernel::TenantId;
use entrepot_entity::scope::{self, TenantScoped};
use entrepot_event_store::db::{DbError, Tx};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter as _, Select, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Keys in one statement. Lists are padded to a power of two, so that there are ten statement texts
/// to prepare and not one for each length.
const KEYS_MAX: usize = 512;

/// The rows of one tenant in which `column` is one of `keys`.
pub(crate) async fn rows<E, V>(
    tx: &Tx,
    tenant: TenantId,
    column: E::Column,
    keys: impl IntoIterator<Item = V>,
) -> Result<Vec<E::Model>, DbError>
where
    E: TenantScoped,
    V: Into<Value> + Clone + Ord,
{
    rows_of(tx, &scope::of::<E>(tenant.0), column, keys).await
}

/// The rows of `select` in which `column` is one of `keys`.
pub(crate) async fn rows_of<E, V>(
    tx: &Tx,
    select: &Select<E>,
    column: E::Column,
    keys: impl IntoIterator<Item = V>,
) -> Result<Vec<E::Model>, DbError>
where
    E: EntityTrait,
    V: Into<Value> + Clone + Ord,
{
    let mut keys: Vec<V> = keys.into_iter().collect();
    keys.sort();
    keys.dedup();
    let mut rows = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(KEYS_MAX) {
        let wanted = select.clone().filter(column.is_in(padded(chunk)));
        rows.extend(wanted.all(tx).await?);
    }
    Ok(rows)
}

fn padded<V: Clone>(keys: &[V]) -> Vec<V> {
    let last = keys.last().into_iter().cycle().cloned();
    let padding = keys.len().next_power_of_two() - keys.len();
    keys.iter().cloned().chain(last.take(padding)).collect()
}

/// A document as JSON text. Documents have text for keys, so this cannot fail; if it did, the empty
/// text would be refused when it is read.
pub(crate) fn text<D: Serialize>(doc: &D) -> String {
    serde_json::to_string(doc).unwrap_or_default()
}

/// Reads a document that a fold wrote.
pub(crate) fn document<D: DeserializeOwned>(doc: &str) -> Result<D, DbError> {
    serde_json::from_str(doc).map_err(|error| DbError::Orm(DbErr::Json(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_padded_with_their_last_key() {
        assert_eq!(padded(&[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5, 5, 5]);
        assert_eq!(padded(&[7]), [7]);
        assert!(padded::<i32>(&[]).len() <= 1);
    }
}
