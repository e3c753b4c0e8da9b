//! The civil dates of a subscription's cycles. Pure: dates are computed from the anchor, never from
//! the date before, so that a month that is too short shifts nothing.

use jiff::{Span, civil};

use super::{Interval, IntervalUnit, SubscriptionCreated};
use crate::kernel::{Date, Instant, Refusal, Refused, code};

/// Dates after this year are refused: their first instant might not exist in UTC.
const YEAR_MAX: i16 = 9998;

/// The date of a cycle, from 0: the anchor and `cycle` intervals, in months and years on the anchor
/// day or, where the month is shorter, on its last day.
pub fn cycle_date(terms: &SubscriptionCreated, cycle: i64) -> Refused<Date> {
    shifted(terms.anchor, terms.interval, cycle, terms.anchor_day).ok_or_else(out_of_range)
}

/// The first instant of a cycle's date in the subscription's zone.
pub fn due_at(terms: &SubscriptionCreated, cycle: i64) -> Refused<Instant> {
    Ok(terms.time_zone.start_of(cycle_date(terms, cycle)?))
}

/// The first cycle from `from` on whose date is not before `today`.
pub(super) fn first_cycle_from(terms: &SubscriptionCreated, from: i64, today: Date) -> i64 {
    // A date that is out of range is no doubt after today.
    let reached = |cycle: i64| cycle_date(terms, cycle).map_or(true, |date| date >= today);
    if reached(from) {
        return from;
    }
    let mut step = 1_i64;
    while !reached(from.saturating_add(step)) {
        step = step.saturating_mul(2);
    }
    // `before` is not reached, `at` is.
    let (mut before, mut at) = (from.saturating_add(step / 2), from.saturating_add(step));
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        if reached(middle) {
            at = middle;
        } else {
            before = middle;
        }
    }
    at
}

/// The date of cycle 0 of a subscription that starts on `start`: the anchor day in the month of
/// the start or, if that is over, one interval later. Day and week intervals begin at the start.
pub(super) fn first_date(start: Date, interval: Interval, anchor_day: i8) -> Refused<Date> {
    let aligned = |cycle| shifted(start, interval, cycle, anchor_day).ok_or_else(out_of_range);
    let first = aligned(0)?;
    if first < start { aligned(1) } else { Ok(first) }
}

/// The day after.
pub(super) fn day_after(date: Date) -> Refused<Date> {
    plus_days(date, 1).ok_or_else(out_of_range)
}

fn shifted(from: Date, interval: Interval, cycle: i64, anchor_day: i8) -> Option<Date> {
    let units = i64::from(interval.count).checked_mul(cycle)?;
    match interval.unit {
        IntervalUnit::Day => plus_days(from, units),
        IntervalUnit::Week => plus_days(from, units.checked_mul(7)?),
        IntervalUnit::Month => plus_months(from, units, anchor_day),
        IntervalUnit::Year => plus_months(from, units.checked_mul(12)?, anchor_day),
    }
}

fn plus_days(from: Date, days: i64) -> Option<Date> {
    let span = Span::new().try_days(days).ok()?;
    in_range(from.0.checked_add(span).ok()?)
}

fn plus_months(from: Date, months: i64, anchor_day: i8) -> Option<Date> {
    let whole = i64::from(from.0.year()) * 12 + i64::from(from.0.month()) - 1;
    let month_of = whole.checked_add(months)?;
    let year = i16::try_from(month_of.div_euclid(12)).ok()?;
    let month = i8::try_from(month_of.rem_euclid(12) + 1).ok()?;
    let first = civil::Date::new(year, month, 1).ok()?;
    let day = anchor_day.clamp(1, first.days_in_month());
    in_range(civil::Date::new(year, month, day).ok()?)
}

fn in_range(date: civil::Date) -> Option<Date> {
    (date.year() <= YEAR_MAX).then_some(Date(date))
}

fn out_of_range() -> Refusal {
    let message = format!("the date lies after the year {YEAR_MAX}");
    Refusal::at(code::TIME_MALFORMED, "cycle", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::subscriptions::given::{date, terms};

    fn every(count: i32, unit: IntervalUnit) -> Interval {
        Interval { unit, count }
    }

    fn dates(anchor: &str, interval: Interval, anchor_day: i8, cycles: i64) -> Vec<String> {
        let terms = SubscriptionCreated {
            anchor_day,
            ..terms(anchor, interval)
        };
        let date = |cycle| cycle_date(&terms, cycle).expect("in range").to_string();
        (0..cycles).map(date).collect()
    }

    #[test]
    fn short_months_clamp_a_date_and_shift_none() {
        let monthly = every(1, IntervalUnit::Month);
        // Stripe's documentation of billing cycles.
        assert_eq!(
            dates("2026-01-31", monthly, 31, 5),
            [
                "2026-01-31",
                "2026-02-28",
                "2026-03-31",
                "2026-04-30",
                "2026-05-31"
            ]
        );
        assert_eq!(dates("2028-01-31", monthly, 31, 2)[1], "2028-02-29");
        assert_eq!(
            dates("2026-01-30", monthly, 30, 3),
            ["2026-01-30", "2026-02-28", "2026-03-30"]
        );
        assert_eq!(
            dates("2026-02-28", monthly, 31, 2),
            ["2026-02-28", "2026-03-31"]
        );
    }

    #[test]
    fn a_leap_day_comes_back_in_leap_years() {
        assert_eq!(
            dates("2028-02-29", every(1, IntervalUnit::Year), 29, 5),
            [
                "2028-02-29",
                "2029-02-28",
                "2030-02-28",
                "2031-02-28",
                "2032-02-29"
            ]
        );
    }

    #[test]
    fn days_and_weeks_ignore_the_anchor_day() {
        assert_eq!(
            dates("2026-02-20", every(2, IntervalUnit::Week), 31, 3),
            ["2026-02-20", "2026-03-06", "2026-03-20"]
        );
        assert_eq!(
            dates("2026-12-31", every(10, IntervalUnit::Day), 31, 2),
            ["2026-12-31", "2027-01-10"]
        );
    }

    /// Kill Bill's vectors: start, bill cycle day, months, first date (in-advance billing).
    #[test]
    fn the_first_date_is_on_the_anchor_day_and_not_before_the_start() {
        for (start, anchor_day, months, first) in [
            ("2012-01-16", 17, 12, "2012-01-17"),
            ("2012-01-16", 17, 1, "2012-01-17"),
            ("2012-02-16", 30, 12, "2012-02-29"),
            ("2012-02-16", 30, 1, "2012-02-29"),
            ("2012-01-31", 30, 12, "2013-01-30"),
            ("2012-01-31", 30, 1, "2012-02-29"),
            ("2012-02-16", 14, 12, "2013-02-14"),
            ("2012-02-16", 14, 1, "2012-03-14"),
            ("2012-07-16", 15, 1, "2012-08-15"),
            ("2012-03-02", 3, 1, "2012-03-03"),
            ("2012-03-03", 3, 1, "2012-03-03"),
            ("2012-03-04", 3, 1, "2012-04-03"),
        ] {
            let interval = every(months, IntervalUnit::Month);
            let found = first_date(date(start), interval, anchor_day).expect("in range");
            assert_eq!(found.to_string(), first, "{start} {anchor_day} {months}");
        }
    }

    /// New York's change to summer time, and the day that Cairo's begins at one o'clock.
    #[test]
    fn a_cycle_is_due_at_the_first_instant_of_its_local_day() {
        for (zone, anchor, due) in [
            ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z"),
            ("America/New_York", "2026-03-09", "2026-03-09T04:00:00Z"),
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
            ("Asia/Kolkata", "2026-01-31", "2026-01-30T18:30:00Z"),
        ] {
            let terms = SubscriptionCreated {
                time_zone: crate::kernel::Zone(zone.to_owned()),
                ..terms(anchor, every(1, IntervalUnit::Month))
            };
            assert_eq!(due_at(&terms, 0).expect("in range").to_string(), due);
        }
    }

    #[test]
    fn dates_out_of_range_are_refused() {
        let terms = terms("2026-01-31", every(1000, IntervalUnit::Year));
        for cycle in [8, i64::MAX, i64::MIN] {
            let code = cycle_date(&terms, cycle).map_err(|refusal| refusal.code);
            assert_eq!(code, Err(code::TIME_MALFORMED), "{cycle}");
        }
    }

    fn any_interval() -> impl Strategy<Value = Interval> {
        let units = [
            IntervalUnit::Day,
            IntervalUnit::Week,
            IntervalUnit::Month,
            IntervalUnit::Year,
        ];
        (1..40_i32, proptest::sample::select(units.to_vec()))
            .prop_map(|(count, unit)| Interval { unit, count })
    }

    proptest! {
        #[test]
        fn dates_rise_and_the_first_from_today_is_found(
            interval in any_interval(), anchor_day in 1..=31_i8, from in 0..5_i64, days in 0..40_000_i64,
        ) {
            let terms = SubscriptionCreated { anchor_day, ..terms("2026-01-31", interval) };
            let today = plus_days(terms.anchor, days).expect("in range");
            let found = first_cycle_from(&terms, from, today);
            prop_assert!(found >= from);
            prop_assert!(cycle_date(&terms, found).map_or(true, |date| date >= today));
            if found > from {
                let previous = cycle_date(&terms, found - 1).expect("in range");
                prop_assert!(previous < today);
                prop_assert!(cycle_date(&terms, found).map_or(true, |date| previous < date));
            }
        }
    }
}
