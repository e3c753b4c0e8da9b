//! Parquet: row groups of bounded size, each of which leaves when it is full.

use std::sync::Arc;

use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::{FormatError, batch};
use crate::export::about::About;
use crate::export::cell::Row;
use crate::export::view::Column;

/// Rows of a row group at most: enough for readers to skip by, few enough to hold.
const GROUP_ROWS_MAX: usize = 64 * 1024;
/// Bytes of a row group at most, as they are encoded.
const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A Parquet file.
pub(crate) struct Parquet {
    schema: Arc<Schema>,
    writer: ArrowWriter<Vec<u8>>,
}

impl Parquet {
    pub(super) fn new(columns: &[Column], about: &About) -> Result<Self, FormatError> {
        let schema = Arc::new(batch::schema(columns, about));
        let entries = about.entries(columns).into_iter();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
            .set_max_row_group_bytes(Some(GROUP_BYTES_MAX))
            .set_created_by(format!("entrepot {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(
                entries
                    .map(|(key, value)| KeyValue::new(key, value))
                    .collect(),
            ))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
        Ok(Self { schema, writer })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<Vec<u8>, FormatError> {
        self.writer.write(&batch::batch(&self.schema, rows)?)?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, FormatError> {
        self.writer.finish()?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }
}
