//! What goes into a lane and what comes out.

use std::sync::Arc;

use entrepot_domain::command::AnyCommand;
use entrepot_domain::envelope::Hash;
use entrepot_domain::kernel::{Actor, TenantId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::StoreError;
use crate::vault::VaultWrite;

/// A command with its circumstances.
pub struct Submission {
    /// Whose log.
    pub tenant: TenantId,
    /// What to decide.
    pub command: Arc<dyn AnyCommand>,
    /// Who asks.
    pub actor: Actor,
    /// The key under which the command happens once, however often it is sent.
    pub key: Option<IdempotencyKey>,
    /// A digest of what the caller sent, where the command itself differs each time (it may hold
    /// the reference of a record that was just sealed). Without one, the command is digested.
    pub fingerprint: Option<Hash>,
    /// The conversation that the command belongs to; the command itself starts one without it.
    pub correlation_id: Option<Uuid>,
    /// The event that the command reacts to.
    pub causation_id: Option<Uuid>,
    /// Personal data that is written, or keys that are destroyed, in the same commit.
    pub vault: Vec<VaultWrite>,
}

/// A client's key for one command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Who keys are unique for.
    pub client: String,
    /// The key.
    pub key: String,
    /// Whether it is kept for ever: imports and timers may come back after any time.
    pub permanent: bool,
}

/// The proof that a command is in the log for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Position of its first event.
    pub first_position: i64,
    /// Position of its last event.
    pub last_position: i64,
    /// What it was about or created.
    pub subject: Uuid,
    /// Whether the key had been used before with the same input: this is the first answer again.
    pub replayed: bool,
}

impl Submission {
    /// A command with nothing special about it.
    pub fn new(tenant: TenantId, actor: Actor, command: impl AnyCommand + 'static) -> Self {
        Self {
            tenant,
            command: Arc::new(command),
            actor,
            key: None,
            fingerprint: None,
            correlation_id: None,
            causation_id: None,
            vault: Vec::new(),
        }
    }

    /// The same under an idempotency key.
    #[must_use]
    pub fn keyed(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// SHA-256 of the command's name and input.
    pub(crate) fn input_hash(&self) -> Result<Hash, StoreError> {
        let mut digest = Sha256::new();
        digest.update(self.command.name().as_bytes());
        match &self.fingerprint {
            Some(fingerprint) => digest.update(fingerprint),
            None => digest.update(self.command.input()?),
        }
        Ok(digest.finalize().into())
    }
}
