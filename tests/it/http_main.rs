//! The program as its users meet it: a process, over HTTP, on both databases.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    reason = "stories are read from top to bottom; a panic points at the line; some helpers wait for the next story"
)]

mod http;
