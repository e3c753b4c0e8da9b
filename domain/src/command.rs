//! What a command is, and the one way in which it is decided.

use std::iter;

use serde::Serialize;
use uuid::Uuid;

use crate::event::Event;
use crate::kernel::{Ctx, Halt, Refusal, StreamId, code};
use crate::postings::Postings;
use crate::world::World;

/// A request to change something, with the rule that decides it beside it.
pub trait Command: Serialize + Send + Sync + 'static {
    /// `PlaceOrder`: stored with the idempotency key, so that one key serves one command.
    const NAME: &'static str;

    /// Whether a suspended tenant may still do this.
    const WHEN_SUSPENDED: bool = false;

    /// Whether this creates the tenant. Every other command needs one.
    const CREATES_TENANT: bool = false;

    /// What the input alone says will be read besides the tenant: all of it is loaded in one step.
    fn reads(&self) -> impl Iterator<Item = StreamId> {
        iter::empty()
    }

    /// Decides. Pure: reads the world, returns facts or a refusal, changes nothing.
    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt>;
}

/// The facts that a command leads to, in the order in which they are appended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// At least one for an accepted command.
    pub events: Vec<NewEvent>,
    /// What the command was about or created: the answer's id.
    pub subject: Uuid,
}

/// A fact that is not appended yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// The fact.
    pub event: Event,
}

impl Decision {
    /// A decision about `subject`, with no facts yet.
    pub fn about(subject: impl Into<Uuid>) -> Self {
        Self {
            events: Vec::new(),
            subject: subject.into(),
        }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, stream: impl Into<StreamId>, event: impl Into<Event>) -> Self {
        self.push(stream, event);
        self
    }

    /// Adds a fact.
    pub fn push(&mut self, stream: impl Into<StreamId>, event: impl Into<Event>) {
        self.events.push(NewEvent {
            stream: stream.into(),
            event: event.into(),
        });
    }

    /// Adds the facts of another decision that is part of this one.
    pub fn include(&mut self, part: Self) {
        self.events.extend(part.events);
    }
}

/// A command behind a pointer: what the lane queues.
pub trait AnyCommand: Send + Sync {
    /// See [`Command::NAME`].
    fn name(&self) -> &'static str;
    /// The input as JSON, to recognize a repeated key with other input.
    fn input(&self) -> Result<Vec<u8>, serde_json::Error>;
    /// Decides under the rules that hold for every command.
    fn decide(
        &self,
        world: &World<'_>,
        ctx: &Ctx,
        postings: &dyn Postings,
    ) -> Result<Decision, Halt>;
}

impl<C: Command> AnyCommand for C {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn input(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    fn decide(
        &self,
        world: &World<'_>,
        ctx: &Ctx,
        postings: &dyn Postings,
    ) -> Result<Decision, Halt> {
        world.want(iter::once(StreamId::TENANT).chain(self.reads()))?;
        let tenant = world.tenant()?;
        if !C::CREATES_TENANT && !tenant.exists() {
            return Err(Refusal::not_found("tenant", "tenant").into());
        }
        if !C::WHEN_SUSPENDED && tenant.suspended() {
            return Err(Refusal::new(code::TENANT_SUSPENDED, "the tenant is suspended").into());
        }
        let mut decision = Command::decide(self, world, ctx)?;
        postings.post(&mut decision, world, ctx)?;
        Ok(decision)
    }
}
