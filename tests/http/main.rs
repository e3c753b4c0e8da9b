//! The program as its users meet it: a child process, HTTP, the command line, other people's clients.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![expect(clippy::too_many_lines, reason = "tables of cases are long")]

mod abuse;
mod access;
mod answers;
mod bad_input;
mod bi_export;
mod buyers;
mod callbacks;
mod cli;
mod client;
mod consistency;
mod cost;
mod direct;
mod documents;
mod federation;
mod fields;
mod figures;
mod idempotency;
mod isolation;
mod kill;
mod live;
mod null_rules;
mod peers;
mod persisted;
mod roles;
mod schema;
mod server;
mod shopfront;
mod socket;
mod worked_order;
