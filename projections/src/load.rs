//! Reads the rows of many keys.

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::{DbError, View, Wanted};
use sea_orm::{DbErr, EntityTrait, FromQueryResult as _, IdenStatic as _, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Keys in one statement.
const KEYS_MAX: usize = 1_000;

/// The rows of one tenant in which `column` is one of `keys`.
pub(crate) async fn rows<E, V>(
    view: View<'_>,
    tenant: TenantId,
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
    let (entity, columns) = (E::default(), [Wanted::Is(column.as_str())]);
    let mut rows = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(KEYS_MAX) {
        let wanted = chunk.iter().map(|key| vec![key.clone().into()]).collect();
        let found = view.lookup(entity.table_name(), tenant, &columns, wanted);
        for row in found.await? {
            rows.push(E::Model::from_query_result(&row, "")?);
        }
    }
    Ok(rows)
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
