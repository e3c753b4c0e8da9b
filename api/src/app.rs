//! What the requests of one process share.

use std::sync::Arc;

use entrepot_event_store::Store;
use entrepot_event_store::vault::Vault;
use entrepot_projections::group::Group;

use crate::access::Access;
use crate::graph::session::GROUP;
use crate::secrets::Secrets;

/// One process.
#[derive(Clone)]
pub struct App {
    /// The log.
    pub store: Store,
    /// Personal data.
    pub vault: Vault,
    /// Who may still reach which tenant.
    pub access: Access,
    /// The read models with what this process has in memory of them: all that it folded of late, or
    /// nothing, if others fold.
    pub groups: Vec<Arc<Group>>,
    /// Bytes that one answer of the graph may have.
    pub answer_bytes: usize,
    /// How many connections to the database there are to read by.
    pub readers: u32,
    /// What nodes share besides the database, if anything.
    pub redis: Option<redis::Client>,
    /// What is derived from the deployment's secret.
    pub secrets: Secrets,
}

impl App {
    /// The read models that the graph reads.
    pub fn core(&self) -> Option<&Arc<Group>> {
        self.groups.iter().find(|group| group.name == GROUP)
    }
}
