//! Instants in UTC, civil dates, and the tenant's IANA time zone between them.

use std::fmt;

use jiff::{Timestamp, civil, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Refusal, Refused, code};

/// A moment in UTC with microsecond precision; RFC 3339 in JSON.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Instant(#[schemars(with = "String")] pub Timestamp);

impl Instant {
    /// From microseconds since 1970-01-01T00:00:00Z. `None` outside the years -9999 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        Timestamp::from_microsecond(micros).ok().map(Self)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Parses RFC 3339 text.
    pub fn parse(text: &str, field: &str) -> Refused<Self> {
        let parsed: Result<Timestamp, _> = text.parse();
        let micros = parsed
            .ok()
            .and_then(|at| Self::from_micros(at.as_microsecond()));
        micros.ok_or_else(|| {
            Refusal::at(
                code::TIME_MALFORMED,
                field,
                "not an RFC 3339 instant such as 2026-03-08T05:00:00Z",
            )
        })
    }

    /// Refuses a moment that lies after `limit`: a fact cannot come from the future.
    pub fn not_after(self, limit: Self, field: &str) -> Refused<Self> {
        if self <= limit {
            return Ok(self);
        }
        let message = format!("{self} is after {limit}");
        Err(Refusal::at(code::TIME_OUT_OF_ORDER, field, message))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A day of the civil calendar; `2026-03-08` in JSON.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Date(#[schemars(with = "String")] pub civil::Date);

impl Date {
    /// Parses `2026-03-08`.
    pub fn parse(text: &str, field: &str) -> Refused<Self> {
        let parsed: Result<civil::Date, _> = text.parse();
        parsed
            .map(Self)
            .map_err(|_| Refusal::at(code::TIME_MALFORMED, field, "not a date such as 2026-03-08"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An IANA time zone by name, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Zone(pub String);

impl Default for Zone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl Zone {
    /// Checks that the name is in the bundled IANA database.
    pub fn check(&self, field: &str) -> Refused<()> {
        TimeZone::get(&self.0).map(drop).map_err(|_| {
            let message = format!("`{}` is no IANA time zone", self.0);
            Refusal::at(code::TIME_ZONE_UNKNOWN, field, message)
        })
    }

    /// The zone's rules. A stored name that the database lost reads as UTC.
    fn rules(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }

    /// The civil date of an instant in this zone.
    pub fn date_of(&self, at: Instant) -> Date {
        Date(self.rules().to_datetime(at.0).date())
    }

    /// The first instant of a civil date: in a gap the first valid one, in an overlap the first.
    pub fn start_of(&self, date: Date) -> Instant {
        let midnight = date.0.to_datetime(civil::Time::midnight());
        Instant(
            self.rules()
                .to_timestamp(midnight)
                .unwrap_or(Timestamp::MIN),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published vectors: daylight saving gaps and overlaps at midnight and elsewhere.
    #[test]
    fn a_local_day_starts_at_its_first_valid_instant() {
        for (zone, date, start) in [
            ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z"),
            ("America/New_York", "2026-03-09", "2026-03-09T04:00:00Z"),
            ("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z"),
            ("America/New_York", "2026-11-02", "2026-11-02T05:00:00Z"),
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
            ("Africa/Cairo", "2026-04-25", "2026-04-24T21:00:00Z"),
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),
        ] {
            let date = Date::parse(date, "date").expect("date");
            assert_eq!(
                Zone(zone.to_owned()).start_of(date).to_string(),
                start,
                "{zone} {date}"
            );
        }
    }

    #[test]
    fn the_date_depends_on_the_zone() {
        let at = Instant::parse("2012-07-16T21:17:03Z", "at").expect("instant");
        let day = |zone: &str| Zone(zone.to_owned()).date_of(at).to_string();
        assert_eq!(
            [day("Europe/Paris"), day("Asia/Tokyo")],
            ["2012-07-16", "2012-07-17"]
        );
    }
}
