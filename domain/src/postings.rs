//! The hook through which a ledger joins: whatever it adds is appended in the same commit.

use crate::command::Decision;
use crate::kernel::{Ctx, Halt};
use crate::world::World;

/// Sees every decision before it is appended and may add journal entries to it.
///
/// A posting that cannot be made refuses the whole command: books and business never part.
pub trait Postings: Send + Sync {
    /// Adds entries for the decision's facts.
    fn post(&self, decision: &mut Decision, world: &World<'_>, ctx: &Ctx) -> Result<(), Halt>;
}

/// No ledger is attached.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPostings;

impl Postings for NoPostings {
    fn post(&self, _: &mut Decision, _: &World<'_>, _: &Ctx) -> Result<(), Halt> {
        Ok(())
    }
}
