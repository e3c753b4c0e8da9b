//! What there is to export, for one reader.

use entrepot_migration::bi::FieldKind;
use serde_json::{Value as Json, json};

use super::ask::{ROWS_MAX, day_column};
use super::format::Format;
use super::view::{Column, Reader, View};

/// The views and columns that a reader sees, as `GET /bi/` shows them.
pub(crate) fn of(reader: &Reader) -> Json {
    let views = View::all().iter();
    let views: Vec<Json> = views
        .filter_map(|view| Some(described(view, &view.open_to(reader)?)))
        .collect();
    let formats = Format::ALL.map(Format::extension);
    json!({ "views": views, "formats": formats, "rowsMax": ROWS_MAX })
}

fn described(view: &View, open: &[Column]) -> Json {
    let key: Vec<&str> = view.key.iter().map(|key| key.field.name.as_str()).collect();
    let columns: Vec<Json> = open.iter().map(column).collect();
    let day = day_column(view, open).map(Column::name);
    json!({
        "name": view.name,
        "grain": view.grain,
        "group": view.group,
        "key": key,
        "day": day,
        "columns": columns,
    })
}

fn column(column: &Column) -> Json {
    json!({
        "name": column.name(),
        "type": type_name(column.kind()),
        "description": column.field.comment,
        "filter": column.filters(),
    })
}

fn type_name(kind: FieldKind) -> String {
    match kind {
        FieldKind::Uuid => "uuid".to_owned(),
        FieldKind::Text => "text".to_owned(),
        FieldKind::Integer => "bigint".to_owned(),
        FieldKind::Boolean => "boolean".to_owned(),
        FieldKind::Date => "date".to_owned(),
        FieldKind::Timestamp => "timestamptz".to_owned(),
        FieldKind::Decimal { precision, scale } => format!("numeric({precision}, {scale})"),
    }
}
