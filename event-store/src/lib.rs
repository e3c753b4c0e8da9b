//! The log: one a tenant, appended in groups, read in position order.
//!
//! A command goes to its tenant's lane, which decides it against states in memory and appends the
//! facts of a whole group of commands in one transaction. Whoever follows the log reads it by
//! position; hints say when to look, and nothing depends on them.
//!
//! Read in this order: [`store`] (the door), `lane` (the queue), `group` (deciding), `append` (the
//! transaction), `load` (reading), [`db`] (the two databases).

mod append;
pub mod clock;
pub mod db;
pub mod error;
mod extent;
pub mod feed;
mod group;
pub mod hints;
mod lane;
pub mod load;
mod memory;
pub mod record;
pub mod store;
pub mod submission;
pub mod vault;

pub use error::{StoreError, SubmitError};
pub use extent::{End, Extent};
pub use feed::{Feed, Moved};
pub use hints::{GROUPS, Hints};
pub use record::Entry;
pub use store::Store;
pub use submission::{IdempotencyKey, Receipt, Submission};
