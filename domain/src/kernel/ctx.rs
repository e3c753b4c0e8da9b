//! What a decision knows of its surroundings. Time and ids enter the rules here and nowhere else.

use std::cell::Cell;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Instant, TenantId};

/// Who gave a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The token's subject, a connector's name, a timer's name.
    pub id: String,
    /// The roles that the actor acted with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// The kinds of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody with a token.
    User,
    /// A file import.
    Import,
    /// The clock task.
    Timer,
    /// An operator at the command line.
    Operator,
}

/// The random tail of a UUIDv7.
const TAIL: u128 = (1 << 62) - 1;

/// The surroundings of one decision. The same past, command and `Ctx` give the same events.
#[derive(Debug)]
pub struct Ctx {
    /// Whose log the decision is for.
    pub tenant: TenantId,
    /// Who asks.
    pub actor: Actor,
    /// When the command was received.
    pub now: Instant,
    command_id: Uuid,
    issued: Cell<u128>,
}

impl Ctx {
    /// `command_id` must be a fresh UUIDv7: the ids that the decision needs are derived from it.
    pub const fn new(tenant: TenantId, actor: Actor, now: Instant, command_id: Uuid) -> Self {
        Self {
            tenant,
            actor,
            now,
            command_id,
            issued: Cell::new(0),
        }
    }

    /// The next fresh id: the command's UUIDv7 with its random tail counted up, so that ids of one
    /// command sort in the order in which they were asked for.
    pub fn fresh_id(&self) -> Uuid {
        self.issued.set(self.issued.get() + 1);
        let base = self.command_id.as_u128();
        Uuid::from_u128((base & !TAIL) | (base.wrapping_add(self.issued.get()) & TAIL))
    }

    /// Whether an id is one that a decision of the command drew with [`Ctx::fresh_id`]: a stream of
    /// that id cannot exist yet.
    pub fn drew(command_id: Uuid, id: Uuid) -> bool {
        const DRAWN_MAX: u128 = 100_000;
        let (base, id) = (command_id.as_u128(), id.as_u128());
        let ahead = (id & TAIL).wrapping_sub(base & TAIL) & TAIL;
        base & !TAIL == id & !TAIL && (1..=DRAWN_MAX).contains(&ahead)
    }

    /// The command's own id.
    pub const fn command_id(&self) -> Uuid {
        self.command_id
    }
}
