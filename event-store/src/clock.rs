//! The edge where the time of day and fresh ids enter. Rules never come here: they get theirs from
//! `Ctx`.

use entrepot_domain::kernel::Instant;
use jiff::Timestamp;
use uuid::Uuid;

/// The current instant, UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Now, in whole microseconds: what the log stores.
pub fn instant() -> Instant {
    let now = now();
    Instant::from_micros(now.as_microsecond()).unwrap_or(Instant(now))
}

/// A fresh UUIDv7.
pub fn fresh_id() -> Uuid {
    Uuid::now_v7()
}
