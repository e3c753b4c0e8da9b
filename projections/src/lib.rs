//! Read models: disposable folds of the log, rebuilt from position 0 to the same bytes.
//!
//! One file a read model says what it remembers and which rows that becomes ([`model::Fold`]).
//! The rest of the crate keeps the rows at one position: `folding` (a batch in one model), `group`
//! (a batch in all models of a group, with the checkpoint), `runner` and `lease` (who, when),
//! `position` (waiting), `rebuild` and `verify`.

mod folding;
pub mod group;
pub mod lease;
pub mod model;
pub mod position;
pub mod runner;
pub mod writes;
