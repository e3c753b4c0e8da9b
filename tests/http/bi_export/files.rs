//! Exported files as tables of text, read by other people's readers.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, TimeUnit};
use axum::body::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest as _, Sha256};

/// A table: null is the empty text, as in CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// Where a column stands.
    pub(super) fn place(&self, name: &str) -> usize {
        let place = self.names.iter().position(|known| known == name);
        place.unwrap_or_else(|| panic!("no column {name} in {:?}", self.names))
    }

    /// The values of a column.
    pub(super) fn column(&self, name: &str) -> Vec<&str> {
        let place = self.place(name);
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }

    /// The sum of whole numbers; null is none.
    pub(super) fn sum(&self, name: &str) -> i128 {
        let values = self.column(name).into_iter();
        values
            .filter(|value| !value.is_empty())
            .map(|value| value.parse::<i128>().unwrap())
            .sum()
    }

    /// The sum of amounts with two digits behind the point, in hundredths.
    pub(super) fn cents(&self, name: &str) -> i128 {
        let cents = |value: &str| {
            let (whole, cents) = value.split_once('.').expect("a point");
            assert_eq!(cents.len(), 2, "{value}");
            format!("{whole}{cents}").parse::<i128>().unwrap()
        };
        self.column(name).into_iter().map(cents).sum()
    }

    /// The same as CSV has it: amounts with the digits of their currency, formulas defused.
    pub(super) fn as_sheet(&self) -> Self {
        let mut sheet = self.clone();
        let currency = sheet.names.iter().position(|name| name == "currency");
        for row in &mut sheet.rows {
            let digits = match currency.map(|place| row[place].as_str()) {
                Some("JPY") => 0,
                _ => 2,
            };
            for value in row.iter_mut() {
                if let Some((whole, fraction)) = value.split_once('.').filter(is_amount) {
                    let fine = fraction.len() > 4;
                    let kept = fraction.trim_end_matches('0');
                    let fraction = if fine {
                        kept.to_owned()
                    } else {
                        format!("{kept:0<digits$}")
                    };
                    *value = if fraction.is_empty() {
                        whole.to_owned()
                    } else {
                        format!("{whole}.{fraction}")
                    };
                }
                if value.starts_with(['=', '+', '@']) {
                    value.insert(0, '\'');
                }
            }
        }
        sheet
    }
}

/// Whether these are the two halves of a decimal, as [`value`] writes it.
fn is_amount((whole, fraction): &(&str, &str)) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole.trim_start_matches('-')) && digits(fraction) && matches!(fraction.len(), 4 | 10)
}

/// Reads CSV as RFC 4180 has it.
pub(super) fn csv(bytes: &[u8]) -> Table {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    assert!(text.ends_with("\r\n"), "{text}");
    let mut reader = csv::Reader::from_reader(bytes);
    let names = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    Table { names, rows }
}

/// Reads Parquet.
pub(super) fn parquet(bytes: &[u8]) -> Table {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).unwrap();
    let names = reader
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let batches = reader.build().unwrap().map(Result::unwrap);
    Table {
        names,
        rows: batches.flat_map(|batch| rows(&batch)).collect(),
    }
}

/// What a Parquet file says of itself.
pub(super) fn parquet_metadata(bytes: &[u8]) -> BTreeMap<String, String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).unwrap();
    let entries = reader
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .cloned()
        .unwrap_or_default();
    entries
        .into_iter()
        .map(|entry| (entry.key, entry.value.unwrap_or_default()))
        .collect()
}

/// Reads an Arrow stream.
pub(super) fn arrow(bytes: &[u8]) -> Table {
    let reader = StreamReader::try_new(bytes, None).unwrap();
    let names = reader
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    Table {
        names,
        rows: reader.flat_map(|batch| rows(&batch.unwrap())).collect(),
    }
}

/// The digest in a manifest.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let row = |row: usize| {
        batch
            .columns()
            .iter()
            .map(|column| value(column, row))
            .collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn value(column: &arrow_array::ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Date32 => {
            let days = i64::from(column.as_primitive::<Date32Type>().value(row));
            instant(days * 86_400_000_000)[..10].to_owned()
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if **zone == *"UTC" => {
            instant(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Decimal128(23 | 20, scale) => {
            let (number, scale) = (
                column.as_primitive::<Decimal128Type>().value(row),
                usize::try_from(*scale).unwrap(),
            );
            let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{}{whole}.{fraction}", if number < 0 { "-" } else { "" })
        }
        other => panic!("no column has the type {other}"),
    }
}

fn instant(micros: i64) -> String {
    let at = entrepot_domain::kernel::Instant::from_micros(micros).expect("a time");
    format!("{:.6}", at.0)
}
