//! Read models: disposable folds of the log, rebuilt from position 0 to the same bytes.

pub mod model;
pub mod writes;
