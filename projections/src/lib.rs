//! Read models: disposable folds of the log, rebuilt from position 0 to the same bytes.
//!
//! One file a read model says what it remembers and which rows that becomes ([`model::Fold`]).
//! The rest of the crate keeps the rows at one position: `folding` (a batch in one model), `group`
//! (a batch in all models of a group, with the checkpoint), `place` (where rows stand), `position`
//! (waiting for it), `runner` and `lease` (who, when), `rebuild` and `verify`.

pub mod apart;
mod docs;
mod facts;
mod folding;
pub mod group;
pub mod lease;
pub mod model;
pub mod place;
pub mod position;
pub mod rebuild;
pub mod runner;
pub mod verify;
pub mod writes;

// The read models.
pub mod bi;
pub mod customers;
pub mod inventory;
pub mod margins;
pub mod orders;
pub mod products;
pub mod subscriptions;
pub mod timers;

mod load;
mod refused;
pub mod registry;
mod rhythm;
mod rollup;
mod subject;
#[cfg(test)]
mod testing;
