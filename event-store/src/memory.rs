//! The states that a lane keeps in memory, filled from snapshots and the log on demand.

use std::collections::{BTreeSet, HashMap};

use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Ctx, DecodeError, StreamId, StreamKind};
use entrepot_domain::state::State;
use entrepot_domain::world::States;
use lru::LruCache;
use uuid::Uuid;

/// What one tenant's streams may weigh between groups: each as much as its state has entries, and one.
const EACH_MAX: usize = 80_000;
/// What those of all tenants may, about 100 bytes each; each tenant has its share, and one as large as
/// this at least.
const ALL_MAX: usize = 1_000_000;
const EACH_MIN: usize = 500;

/// One stream in memory.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The last version that the state covers.
    pub(crate) version: i64,
    /// The version of the newest snapshot, as far as known.
    pub(crate) snapshot: i64,
    /// The fold up to that version.
    pub(crate) state: State,
}

impl Slot {
    fn weight(&self) -> usize {
        self.state.entries() + 1
    }
}

/// A tenant's streams in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    slots: LruCache<StreamId, Slot>,
    weight: usize,
    /// Streams that were asked for and hold an event that this release cannot read.
    unreadable: HashMap<StreamId, DecodeError>,
    empty: Vec<State>,
}

/// A stream as it was loaded.
pub(crate) type Loaded = Result<Slot, DecodeError>;

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            slots: LruCache::unbounded(),
            weight: 0,
            unreadable: HashMap::new(),
            empty: StreamKind::ALL.map(State::empty).into(),
        }
    }

    /// What a decision sees: the states here, and emptiness where the command itself drew the id.
    pub(crate) const fn view(&self, command_id: Uuid) -> View<'_> {
        View {
            memory: self,
            command_id,
        }
    }

    pub(crate) fn insert(&mut self, stream: StreamId, loaded: Loaded) {
        match loaded {
            Ok(slot) => {
                self.weight += slot.weight();
                let before = self.slots.put(stream, slot);
                self.weight -= before.as_ref().map_or(0, Slot::weight);
            }
            Err(error) => drop(self.unreadable.insert(stream, error)),
        }
    }

    /// Why a stream will not come, however often it is asked for.
    pub(crate) fn unreadable(&self, stream: StreamId) -> Option<&DecodeError> {
        self.unreadable.get(&stream)
    }

    /// Takes a new event into account and returns its version.
    pub(crate) fn evolve(&mut self, stream: StreamId, event: &Event) -> i64 {
        let mut known = true;
        let slot = self.slots.get_or_insert_mut(stream, || {
            known = false;
            Slot {
                version: 0,
                snapshot: 0,
                state: State::empty(stream.kind),
            }
        });
        if known {
            self.weight -= slot.weight();
        }
        slot.version += 1;
        slot.state.evolve(event);
        self.weight += slot.weight();
        slot.version
    }

    /// Takes an event of another node into account, if its stream is here and stands right before.
    pub(crate) fn follow(&mut self, stream: StreamId, version: i64, event: &Event) {
        match self.slots.peek(&stream) {
            Some(slot) if slot.version + 1 == version => {
                self.evolve(stream, event);
            }
            Some(_) => self.forget([stream]),
            None => {}
        }
    }

    pub(crate) fn forget(&mut self, streams: impl IntoIterator<Item = StreamId>) {
        for stream in streams {
            let gone = self.slots.pop(&stream);
            self.weight -= gone.as_ref().map_or(0, Slot::weight);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.weight = 0;
        self.unreadable.clear();
    }

    /// The streams among these whose state has moved `every` versions past its snapshot, or as many
    /// as it has entries: writing a large state costs a constant for each event then.
    pub(crate) fn unsnapshotted(
        &mut self,
        streams: &BTreeSet<StreamId>,
        every: i64,
    ) -> Vec<(StreamId, i64, State)> {
        let mut due = Vec::new();
        for stream in streams {
            if let Some(slot) = self.slots.peek_mut(stream)
                && slot.version - slot.snapshot >= every
                && slot.version - slot.snapshot
                    >= i64::try_from(slot.state.entries()).unwrap_or(i64::MAX)
            {
                slot.snapshot = slot.version;
                due.push((*stream, slot.version, slot.state.clone()));
            }
        }
        due
    }

    /// Drops the least recently used streams beyond the share of one of so many lanes. Only between
    /// groups: a decision's streams must stay.
    pub(crate) fn trim(&mut self, lanes: usize) {
        let most = (ALL_MAX / lanes.max(1)).clamp(EACH_MIN, EACH_MAX);
        while self.weight > most
            && let Some((_, gone)) = self.slots.pop_lru()
        {
            self.weight -= gone.weight();
        }
    }

    /// The tenant's configuration revision.
    pub(crate) fn config_rev(&self) -> i64 {
        match self.slots.peek(&StreamId::TENANT).map(|slot| &slot.state) {
            Some(State::Tenant(tenant)) => tenant.config_rev,
            _ => 0,
        }
    }
}

/// A [`Memory`] as one command's decision sees it.
pub(crate) struct View<'a> {
    memory: &'a Memory,
    command_id: Uuid,
}

impl States for View<'_> {
    fn state(&self, stream: StreamId) -> Option<&State> {
        if let Some(slot) = self.memory.slots.peek(&stream) {
            return Some(&slot.state);
        }
        let empty = || {
            self.memory.empty.get(
                StreamKind::ALL
                    .iter()
                    .position(|kind| *kind == stream.kind)?,
            )
        };
        Ctx::drew(self.command_id, stream.id).then(empty).flatten()
    }
}
