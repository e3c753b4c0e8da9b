//! Rows as the bytes of a file, piece by piece: whatever is ready after each write leaves, and no
//! more than a row group stays in memory.

mod arrow;
mod batch;
mod csv;
mod parquet;

use axum::body::Bytes;
use clap::ValueEnum;

use super::about::About;
use super::cell::Row;
use super::view::Column;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Format {
    /// Columns with exact types, compressed: for DuckDB, Spark and lakes.
    Parquet,
    /// Text for spreadsheets: RFC 4180, UTF-8.
    Csv,
    /// A stream of Arrow record batches: for pandas and polars.
    Arrow,
}

/// Why rows cannot be written: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    #[error(transparent)]
    Arrow(#[from] arrow_schema::ArrowError),
    #[error(transparent)]
    Parquet(#[from] ::parquet::errors::ParquetError),
    #[error(transparent)]
    Csv(#[from] ::csv::Error),
}

impl Format {
    /// Every format.
    pub(crate) const ALL: [Self; 3] = [Self::Parquet, Self::Csv, Self::Arrow];

    /// How files of this format end, without the point.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
        }
    }

    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The format of files that end so.
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == extension)
    }
}

/// A file on its way out.
pub(crate) enum Encoder {
    Parquet(parquet::Parquet),
    Csv(csv::Csv),
    Arrow(arrow::Arrow),
}

impl Encoder {
    /// A file of these columns.
    pub(crate) fn new(
        format: Format,
        columns: &[Column],
        about: &About,
    ) -> Result<Self, FormatError> {
        Ok(match format {
            Format::Parquet => Self::Parquet(parquet::Parquet::new(columns, about)?),
            Format::Csv => Self::Csv(csv::Csv::new(columns)),
            Format::Arrow => Self::Arrow(arrow::Arrow::new(columns, about)?),
        })
    }

    /// Takes rows in and gives out what is ready, which may be nothing.
    pub(crate) fn write(&mut self, rows: &[Row]) -> Result<Bytes, FormatError> {
        let bytes = match self {
            Self::Parquet(file) => file.write(rows)?,
            Self::Csv(file) => file.write(rows)?,
            Self::Arrow(file) => file.write(rows)?,
        };
        Ok(bytes.into())
    }

    /// The end of the file.
    pub(crate) fn finish(self) -> Result<Bytes, FormatError> {
        let bytes = match self {
            Self::Parquet(file) => file.finish()?,
            Self::Csv(file) => file.finish()?,
            Self::Arrow(file) => file.finish()?,
        };
        Ok(bytes.into())
    }
}
