//! The log: one a tenant, appended in groups, read in position order.
//!
//! A command goes to its tenant's lane, which decides it against states in memory and appends the
//! facts of a whole group of commands in one transaction. Whoever follows the log reads it by
//! position; hints say when to look, and nothing depends on them.

pub mod clock;
pub mod db;
