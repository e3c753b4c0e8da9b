//! Rows as an Arrow record batch, and the schema that describes it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{Decimal128Builder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use entrepot_migration::bi::FieldKind;
use jiff::civil;

use crate::export::about::About;
use crate::export::cell::{Cell, Row};
use crate::export::view::Column;

/// The key under which a column's metadata says what it means.
const DESCRIPTION: &str = "description";

/// The schema of these columns, with their descriptions and with what is known of the file.
pub(super) fn schema(columns: &[Column], about: &About) -> Schema {
    let field = |column: &Column| {
        let described = [(DESCRIPTION.to_owned(), column.field.comment.clone())];
        Field::new(column.name(), data_type(column.kind()), true)
            .with_metadata(HashMap::from(described))
    };
    let fields: Vec<Field> = columns.iter().map(field).collect();
    Schema::new(fields).with_metadata(HashMap::from_iter(about.entries(columns)))
}

fn data_type(kind: FieldKind) -> DataType {
    match kind {
        FieldKind::Text | FieldKind::Uuid => DataType::Utf8,
        FieldKind::Integer => DataType::Int64,
        FieldKind::Boolean => DataType::Boolean,
        FieldKind::Date => DataType::Date32,
        FieldKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        FieldKind::Decimal { precision, scale } => {
            DataType::Decimal128(precision, scale.cast_signed())
        }
    }
}

/// Rows, column by column.
pub(super) fn batch(schema: &Arc<Schema>, rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let fields = schema.fields().iter().enumerate();
    let columns: Result<Vec<ArrayRef>, ArrowError> = fields
        .map(|(index, field)| array(field.data_type(), rows, index))
        .collect();
    RecordBatch::try_new(Arc::clone(schema), columns?)
}

fn array(kind: &DataType, rows: &[Row], index: usize) -> Result<ArrayRef, ArrowError> {
    let cells = rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Null));
    let integer = |cell: &Cell| match cell {
        Cell::Integer(number) | Cell::Instant(number) => Some(*number),
        _ => None,
    };
    Ok(match kind {
        DataType::Int64 => Arc::new(cells.map(integer).collect::<Int64Array>()),
        DataType::Timestamp(..) => {
            let array: TimestampMicrosecondArray = cells.map(integer).collect();
            Arc::new(array.with_timezone("UTC"))
        }
        DataType::Boolean => {
            let truth = |cell: &Cell| match cell {
                Cell::Boolean(truth) => Some(*truth),
                _ => None,
            };
            Arc::new(cells.map(truth).collect::<BooleanArray>())
        }
        DataType::Date32 => {
            let day = |cell: &Cell| match cell {
                Cell::Day(day) => Some(days_since_1970(*day)),
                _ => None,
            };
            Arc::new(cells.map(day).collect::<Date32Array>())
        }
        DataType::Decimal128(precision, scale) => {
            let mut amounts = Decimal128Builder::with_capacity(rows.len())
                .with_precision_and_scale(*precision, *scale)?;
            for cell in cells {
                amounts.append_option(match cell {
                    Cell::Decimal(number) => Some(number.at_scale(scale.unsigned_abs())),
                    _ => None,
                });
            }
            Arc::new(amounts.finish())
        }
        _ => {
            let mut texts = StringBuilder::new();
            for cell in cells {
                texts.append_option(match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    _ => None,
                });
            }
            Arc::new(texts.finish())
        }
    })
}

fn days_since_1970(day: civil::Date) -> i32 {
    let hours = day
        .duration_since(civil::Date::constant(1970, 1, 1))
        .as_hours();
    i32::try_from(hours / 24).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970_both_ways() {
        let days = [(1970, 1, 1), (1969, 12, 31), (2026, 3, 8)]
            .map(|(year, month, day)| days_since_1970(civil::date(year, month, day)));
        assert_eq!(days, [0, -1, 20_520]);
    }
}
