//! What crosses crates, tested as a whole.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod bi;
mod contracts;
mod projections;
mod samples;
mod store;
mod tenants;
mod tidy;
