//! From a mutation to the lane and back: the part that every command shares.

use std::sync::Arc;

use async_graphql::{Context, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::kernel::{Refusal, TenantId};
use entrepot_event_store::vault::VaultWrite;
use entrepot_event_store::{Entry, Receipt, Submission, SubmitError};

use super::consistency::Token;
use super::error;
use super::idempotent;
use super::scalar::BigInt;
use super::session::{Session, session};

/// Why a command was refused: data, not an error.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// Stable, upper case, for programs: `SKU_UNKNOWN`.
    pub code: String,
    /// The path of the input field that the rule speaks of, under `input`. Null if it speaks of none.
    pub field: Option<Vec<String>>,
    /// The rule in a sentence, for people.
    pub message: String,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        let field = refusal
            .field
            .map(|field| field.split('.').map(str::to_owned).collect());
        Self {
            code: refusal.code.to_owned(),
            field,
            message: refusal.message,
        }
    }
}

/// What every payload says besides the entity.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommandResult {
    /// Empty if the command was accepted.
    pub user_errors: Vec<UserError>,
    /// Send it with a later query, as header `entrepot-consistency`, to read at least this state.
    pub consistency_token: Option<String>,
    /// The position of the command's last event in the tenant's log.
    pub position: Option<BigInt>,
    /// Whether the idempotency key had been used before: this is the first answer again.
    pub replayed: bool,
}

/// A command on its way, with what the edge adds to it.
pub(crate) struct Outgoing<C> {
    pub(crate) command: C,
    /// The key from the input; it may also come by directive or header.
    pub(crate) key: Option<String>,
    /// A digest of the input where the command itself differs each time.
    pub(crate) fingerprint: Option<[u8; 32]>,
    /// Personal data that joins the commit.
    pub(crate) vault: Vec<VaultWrite>,
}

impl<C> Outgoing<C> {
    /// A command without personal data.
    pub(crate) const fn new(command: C, key: Option<String>) -> Self {
        Self {
            command,
            key,
            fingerprint: None,
            vault: Vec::new(),
        }
    }
}

/// Has a command decided for the caller's tenant, and remembers its position for the reads that
/// follow in the same request.
///
/// The receipt's positions and subject tell what the payload is about; `None` if a rule refused.
pub(crate) async fn submit<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    outgoing: Outgoing<C>,
) -> Result<(Option<Receipt>, CommandResult)> {
    let session = session(ctx)?;
    let (receipt, result) = submit_to(ctx, session.tenant()?, outgoing).await?;
    if let Some(receipt) = &receipt {
        session.wrote(receipt.last_position);
    }
    Ok((receipt, result))
}

/// The same for a tenant that the caller may command without reading it, such as one to be created.
pub(crate) async fn submit_to<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    tenant: TenantId,
    outgoing: Outgoing<C>,
) -> Result<(Option<Receipt>, CommandResult)> {
    let session = session(ctx)?;
    let mut submission = Submission::new(tenant, session.actor(), outgoing.command);
    submission.fingerprint = outgoing.fingerprint;
    submission.vault = outgoing.vault;
    submission.key = idempotent::key(ctx, session, outgoing.key)?;
    match session.app.store.submit(submission).await {
        Ok(receipt) => {
            session.replayed(receipt.replayed);
            let token = Token {
                tenant,
                position: receipt.last_position,
            }
            .seal(&session.app.secrets);
            Ok((Some(receipt), accepted(&receipt, token)))
        }
        Err(SubmitError::Refused(refusal)) => Ok((None, refused(refusal))),
        Err(error) => Err(error::submit(error)),
    }
}

/// The events of a command that was accepted, now or when its key was first used.
pub(crate) async fn events(session: &Session, receipt: &Receipt) -> Result<Vec<Arc<Recorded>>> {
    let first = receipt.first_position;
    let count = usize::try_from(receipt.last_position - first + 1).unwrap_or_default();
    let entries = session
        .app
        .store
        .read(session.tenant()?, first - 1, count)
        .await;
    let decoded = |entry: &Arc<Entry>| match &entry.event {
        Ok(event) => Ok(Arc::clone(event)),
        Err(why) => {
            tracing::error!(%why, position = entry.position, "an event does not decode");
            Err(error::broken())
        }
    };
    entries.map_err(error::store)?.iter().map(decoded).collect()
}

fn accepted(receipt: &Receipt, token: String) -> CommandResult {
    CommandResult {
        user_errors: Vec::new(),
        consistency_token: Some(token),
        position: Some(BigInt(receipt.last_position)),
        replayed: receipt.replayed,
    }
}

/// The answer to a command that a rule refused.
pub(crate) fn refused(refusal: Refusal) -> CommandResult {
    CommandResult {
        user_errors: vec![refusal.into()],
        consistency_token: None,
        position: None,
        replayed: false,
    }
}
