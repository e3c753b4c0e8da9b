//! The retail language of Entrepot: aggregates, commands, events, policies, money.
//!
//! Everything here is a pure function of its arguments. There is no IO, no clock, no randomness
//! and no floating point: `(past, command, policy, now, ids) -> events | refusal`.
//!
//! Read a business area in the order `event.rs`, `state.rs`, then one file a command.
//! [`event`], [`state`], [`world`] and the ids in [`kernel`] are the only places that list the areas.

pub mod catalog;
pub mod command;
pub mod customers;
pub mod envelope;
pub mod event;
pub mod fulfillment;
pub mod inventory;
pub mod kernel;
pub mod orders;
pub mod payments;
pub mod postings;
pub mod state;
pub mod subscriptions;
pub mod tenants;
pub mod testing;
pub mod upcast;
pub mod world;
