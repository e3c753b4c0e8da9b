//! Writes commands into a tenant's log, each once.

use entrepot_domain::command::AnyCommand;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Actor, ActorKind, TenantId};
use entrepot_event_store::vault::{Vault, VaultWrite};
use entrepot_event_store::{IdempotencyKey, Receipt, Store, Submission, SubmitError};
use futures_util::future::join_all;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::DemoError;
use crate::import::Progress;

/// Commands that are given together at most: what the lane decides as one group.
const TOGETHER: usize = 256;

/// A command with the key under which it happens once.
pub(super) struct Line {
    key: String,
    submission: Submission,
}

/// Writes for one tenant.
pub(super) struct Pen<'a> {
    pub(super) store: &'a Store,
    pub(super) vault: &'a Vault,
    pub(super) tenant: TenantId,
    pub(super) progress: &'a dyn Progress,
}

impl Pen<'_> {
    /// A command under a key.
    pub(super) fn line(&self, key: String, command: impl AnyCommand + 'static) -> Line {
        let actor = Actor {
            kind: ActorKind::Operator,
            id: "demo".to_owned(),
            roles: Vec::new(),
        };
        let mut submission = Submission::new(self.tenant, actor, command);
        // Another day's demo asks for other moments under the same keys: the first ones stand.
        submission.fingerprint = Some(Sha256::digest(key.as_bytes()).into());
        let submission = submission.keyed(IdempotencyKey {
            client: "demo".to_owned(),
            key: format!("demo:{key}"),
            permanent: true,
        });
        Line { key, submission }
    }

    /// Gives one command.
    pub(super) async fn write(&self, line: Line) -> Result<Receipt, DemoError> {
        let Line { key, submission } = line;
        let receipt = self
            .store
            .submit(submission)
            .await
            .map_err(|source| DemoError::Submit {
                tenant: self.tenant,
                key,
                source,
            })?;
        self.progress.advance(0, 1);
        Ok(receipt)
    }

    /// Gives commands in their order, many in one commit, and answers in the same order.
    pub(super) async fn write_all(&self, lines: Vec<Line>) -> Result<Vec<Receipt>, DemoError> {
        let mut receipts = Vec::with_capacity(lines.len());
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            let together = lines.by_ref().take(TOGETHER).map(|line| self.write(line));
            for receipt in join_all(together).await {
                receipts.push(receipt?);
            }
        }
        Ok(receipts)
    }

    /// Gives a command that a rule may refuse, because somebody else was faster.
    pub(super) async fn try_write(&self, line: Line) -> Result<Option<Receipt>, DemoError> {
        match self.write(line).await {
            Ok(receipt) => Ok(Some(receipt)),
            Err(DemoError::Submit {
                source: SubmitError::Refused(_),
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Seals a record for a person.
    pub(super) async fn seal(
        &self,
        subject: Uuid,
        record: &impl Serialize,
        email: Option<&str>,
    ) -> Result<(Uuid, Vec<VaultWrite>), DemoError> {
        let record = serde_json::to_vec(record).map_err(entrepot_event_store::StoreError::from)?;
        let db = self.store.db();
        Ok(self
            .vault
            .seal(db, self.tenant, subject, &record, email)
            .await?)
    }

    /// The first fact of a command.
    pub(super) async fn first_fact(&self, receipt: &Receipt) -> Result<Option<Event>, DemoError> {
        let after = receipt.first_position - 1;
        let entries = self.store.read(self.tenant, after, 1).await?;
        let event = entries.first().and_then(|entry| entry.event.as_ref().ok());
        Ok(event.map(|recorded| recorded.event.clone()))
    }
}

impl Line {
    /// The same with changes of the vault that join its commit.
    pub(super) fn sealed(mut self, writes: Vec<VaultWrite>) -> Self {
        self.submission.vault = writes;
        self
    }
}
