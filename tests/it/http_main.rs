//! Scratch target while tests/it/http is written; removed at the end.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod http;
