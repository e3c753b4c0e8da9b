//! Keys of rows, and the cursors that carry them.

use entrepot_migration::bi::FieldKind;
use sea_orm::{QueryResult, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use super::view::View;
use crate::secrets::Secrets;

/// The key of a row whose key columns begin at `first`.
pub(crate) fn read(
    row: &QueryResult,
    view: &View,
    first: usize,
) -> Result<Vec<Value>, sea_orm::DbErr> {
    let column = |(index, kind): (usize, FieldKind)| {
        let index = first + index;
        Ok(match kind {
            FieldKind::Uuid => row.try_get_by_index::<Uuid>(index)?.into(),
            FieldKind::Integer => row.try_get_by_index::<i64>(index)?.into(),
            _ => row.try_get_by_index::<String>(index)?.into(),
        })
    };
    view.key
        .iter()
        .map(|origin| origin.field.kind)
        .enumerate()
        .map(column)
        .collect()
}

/// A cursor: valid for the same rows of the same tenant only.
pub(crate) fn seal(key: &[Value], secrets: &Secrets, selected_by: &str) -> String {
    let json = |value: &Value| match value {
        Value::BigInt(Some(number)) => Json::from(*number),
        Value::Uuid(Some(id)) => Json::from(id.to_string()),
        Value::String(Some(text)) => Json::from(text.as_str()),
        _ => Json::Null,
    };
    let values: Vec<Json> = key.iter().map(json).collect();
    secrets.seal_cursor(&Json::from(values).to_string(), selected_by)
}

/// The key of a cursor, if it was made here for these rows.
pub(crate) fn open(
    cursor: &str,
    view: &View,
    secrets: &Secrets,
    selected_by: &str,
) -> Option<Vec<Value>> {
    let values: Vec<Json> =
        serde_json::from_str(&secrets.open_cursor(cursor, selected_by)?).ok()?;
    if values.len() != view.key.len() {
        return None;
    }
    let value = |(json, kind): (&Json, FieldKind)| match kind {
        FieldKind::Uuid => Uuid::parse_str(json.as_str()?).ok().map(Value::from),
        FieldKind::Integer => json.as_i64().map(Value::from),
        _ => json.as_str().map(Value::from),
    };
    let kinds = view.key.iter().map(|origin| origin.field.kind);
    values.iter().zip(kinds).map(value).collect()
}
