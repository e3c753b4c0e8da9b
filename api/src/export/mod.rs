//! Views for BI as files: Parquet, CSV and Arrow, of one tenant, at one position, exact.
//!
//! The columns come from the table that the SQL views are made of, the values from what is stored
//! behind them, so that a file is the same on both databases and no amount meets a float. Read in
//! this order: [`view`] (what there is, and for whom), [`ask`] (what is wanted), [`snapshot`] and
//! [`source`] (how it is read), [`mod@format`] (how it is written); then the two ways out, [`endpoint`]
//! with [`permits`] and [`stream`], and [`files`].

mod about;
mod ask;
mod catalog;
mod cell;
mod endpoint;
pub(crate) mod files;
pub(crate) mod format;
mod key;
mod permits;
mod refused;
mod snapshot;
mod source;
mod stream;
pub(crate) mod view;

pub(crate) use endpoint::export_router;
