//! Arrow: an IPC stream, one record batch for each chunk of rows.

use std::sync::Arc;

use arrow_ipc::writer::StreamWriter;
use arrow_schema::Schema;

use super::{FormatError, batch};
use crate::export::about::About;
use crate::export::cell::Row;
use crate::export::view::Column;

/// An Arrow stream.
pub(crate) struct Arrow {
    schema: Arc<Schema>,
    writer: StreamWriter<Vec<u8>>,
}

impl Arrow {
    pub(super) fn new(columns: &[Column], about: &About) -> Result<Self, FormatError> {
        let schema = Arc::new(batch::schema(columns, about));
        let writer = StreamWriter::try_new(Vec::new(), &schema)?;
        Ok(Self { schema, writer })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<Vec<u8>, FormatError> {
        self.writer.write(&batch::batch(&self.schema, rows)?)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, FormatError> {
        self.writer.finish()?;
        Ok(std::mem::take(self.writer.get_mut()))
    }
}
