//! `given(past).when(command).then(facts)`: how rules are tested.

use std::collections::HashMap;

use uuid::Uuid;

use crate::command::{AnyCommand, NewEvent};
use crate::event::Event;
use crate::kernel::{Actor, ActorKind, Ctx, Halt, Instant, Refusal, StreamId, TenantId};
use crate::postings::NoPostings;
use crate::state::State;
use crate::world::{States, World};

/// A tenant's past in memory. Streams without events are empty, none is ever missing.
#[derive(Clone, Debug)]
pub struct Past {
    states: HashMap<StreamId, State>,
    /// Every fact so far.
    pub events: Vec<NewEvent>,
    now: Instant,
    commands: u128,
}

impl States for Past {
    fn state(&self, stream: StreamId) -> Option<&State> {
        self.states.get(&stream)
    }
}

/// An empty past, at 2026-01-15T12:00:00Z.
pub fn past() -> Past {
    let now = Instant::from_micros(1_768_478_400_000_000).unwrap_or(Instant(jiff_epoch()));
    Past {
        states: HashMap::new(),
        events: Vec::new(),
        now,
        commands: 0,
    }
}

const fn jiff_epoch() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

impl Past {
    /// Adds a fact.
    #[must_use]
    pub fn and(mut self, stream: impl Into<StreamId>, event: impl Into<Event>) -> Self {
        self.record(NewEvent {
            stream: stream.into(),
            event: event.into(),
        });
        self
    }

    /// Moves the clock.
    #[must_use]
    pub fn at(mut self, now: &str) -> Self {
        self.now = Instant::parse(now, "now").unwrap_or(self.now);
        self
    }

    /// Decides a command and, if it is accepted, makes its facts part of the past.
    pub fn when(&mut self, command: &dyn AnyCommand) -> Result<Outcome, Refusal> {
        self.commands += 1;
        let actor = Actor {
            kind: ActorKind::User,
            id: "test".to_owned(),
            roles: Vec::new(),
        };
        let command_id =
            Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + (self.commands << 16));
        loop {
            let ctx = Ctx::new(TenantId(1), actor.clone(), self.now, command_id);
            let world = World::new(self);
            match command.decide(&world, &ctx, &NoPostings) {
                Ok(decision) => {
                    decision
                        .events
                        .iter()
                        .cloned()
                        .for_each(|event| self.record(event));
                    let events = decision.events.into_iter().map(|new| new.event).collect();
                    return Ok(Outcome {
                        events,
                        subject: decision.subject,
                    });
                }
                Err(Halt::Refused(refusal)) => return Err(refusal),
                Err(Halt::NeedsState) => {
                    for stream in world.into_missing() {
                        self.states.insert(stream, State::empty(stream.kind));
                    }
                }
            }
        }
    }

    /// The state of a stream.
    pub fn state_of(&self, stream: impl Into<StreamId>) -> State {
        let stream = stream.into();
        self.states
            .get(&stream)
            .cloned()
            .unwrap_or_else(|| State::empty(stream.kind))
    }

    fn record(&mut self, new: NewEvent) {
        let state = self
            .states
            .entry(new.stream)
            .or_insert_with(|| State::empty(new.stream.kind));
        state.evolve(&new.event);
        self.events.push(new);
    }
}

/// What an accepted command led to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The facts.
    pub events: Vec<Event>,
    /// The answer's id.
    pub subject: Uuid,
}
