//! What crosses crates, tested as a whole.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "stories are read from top to bottom"
)]

mod contracts;
mod projections;
mod store;
mod tenants;
mod tidy;
