//! `given(past).when(command).then(facts)`: how rules are tested.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::catalog::{CatalogEvent, PriceSet, SkuCreated};
use crate::command::{AnyCommand, NewEvent};
use crate::customers::{CustomerEvent, CustomerRegistered};
use crate::event::Event;
use crate::inventory::{InventoryEvent, StockReceived};
use crate::kernel::{
    Actor, ActorKind, Ctx, Currency, CustomerId, Halt, Instant, Refusal, Sku, StreamId, TenantId,
    Warehouse, Zone,
};
use crate::postings::NoPostings;
use crate::state::State;
use crate::tenants::{Channel, Config, ConfigActivated, Fee, TaxRate, TenantCreated, TenantEvent};
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

/// The code and, after a space, the field of a refusal, such as `SKU_UNKNOWN lines.0.sku`.
pub fn refused(outcome: Result<Outcome, Refusal>) -> String {
    match outcome {
        Ok(_) => "accepted".to_owned(),
        Err(Refusal { code, field, .. }) => match field {
            Some(field) => format!("{code} {field}"),
            None => code.to_owned(),
        },
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

/// A retailer that can sell: tenant `north` in US dollars with the channels `web` and `till`, the
/// warehouses `east` and `west`, the tax classes `standard` (8.25 %) and `exempt`, the fees of
/// `stripe` (2.9 % + 0.30), the tracked SKUs A, B, C at 24.99, 15.00, 25.00 and GIFT at 5.00, which
/// is not tracked. Nothing is in stock.
pub fn retailer() -> Past {
    let created = TenantCreated {
        slug: "north".to_owned(),
        name: "North".to_owned(),
        base_currency: Currency::default(),
        time_zone: Zone("America/New_York".to_owned()),
    };
    let mut past = past().and(StreamId::TENANT, TenantEvent::Created(created));
    for (revision, config) in (1..).zip(retailer_configs()) {
        let activated = ConfigActivated { revision, config };
        past = past.and(StreamId::TENANT, TenantEvent::ConfigActivated(activated));
    }
    for (sku, amount_minor, tracked) in [
        ("A", 2499, true),
        ("B", 1500, true),
        ("C", 2500, true),
        ("GIFT", 500, false),
    ] {
        past = past.item(sku, "standard", tracked).price(sku, amount_minor);
    }
    past
}

/// The fact that a customer is known.
pub fn customer(customer_id: CustomerId) -> CustomerEvent {
    CustomerEvent::Registered(CustomerRegistered {
        customer_id,
        external_ref: None,
        personal_ref: None,
    })
}

fn retailer_configs() -> [Config; 4] {
    let standard = TaxRate {
        code: "US-NY".to_owned(),
        rate_ppm: 82_500,
    };
    let stripe = Fee {
        rate_ppm: 29_000,
        fixed_minor: 30,
    };
    let channels = ["web", "till"].map(|code| Channel {
        code: code.to_owned(),
        name: code.to_owned(),
    });
    [
        Config::TaxTable(BTreeMap::from([
            ("standard".to_owned(), vec![standard]),
            ("exempt".to_owned(), Vec::new()),
        ])),
        Config::Channels(channels.to_vec()),
        Config::FeeSchedule(BTreeMap::from([("stripe".to_owned(), stripe)])),
        Config::Warehouses(["east", "west"].map(Warehouse::from).to_vec()),
    ]
}

impl Past {
    /// Adds a SKU to the catalog.
    #[must_use]
    pub fn item(self, sku: &str, tax_class: &str, tracked: bool) -> Self {
        let sku = Sku::from(sku);
        let created = SkuCreated {
            sku: sku.clone(),
            title: format!("Item {sku}"),
            tax_class: tax_class.to_owned(),
            tracked,
            category: None,
        };
        self.and(StreamId::sku(&sku), CatalogEvent::SkuCreated(created))
    }

    /// Sets a SKU's price in US dollars.
    #[must_use]
    pub fn price(self, sku: &str, amount_minor: i64) -> Self {
        let sku = Sku::from(sku);
        let set = PriceSet {
            sku: sku.clone(),
            currency: Currency::default(),
            amount_minor,
        };
        self.and(StreamId::sku(&sku), CatalogEvent::PriceSet(set))
    }

    /// Puts stock into a warehouse: units and what all of them cost.
    #[must_use]
    pub fn stocked(self, sku: &str, warehouse: &str, quantity: i64, value_minor: i64) -> Self {
        let (sku, warehouse) = (Sku::from(sku), Warehouse::from(warehouse));
        let stream = StreamId::stock(&sku, &warehouse);
        let received = StockReceived {
            sku,
            warehouse,
            quantity,
            value_minor,
            receipt_id: Uuid::nil(),
            reference: None,
        };
        self.and(stream, InventoryEvent::Received(received))
    }
}
