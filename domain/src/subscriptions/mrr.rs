//! Monthly recurring revenue: what a subscription's items bring in an average month, tax excluded.

use super::{Interval, IntervalUnit, SubscriptionItem};
use crate::kernel::{MILLION, round_half_even};

/// The items' revenue a month in millionths of a minor unit, rounded half to even once, for the sum
/// of all items. Round to minor units where it is shown, not before it is summed.
///
/// A year has 365 days, 52 weeks and 12 months. What does not fit an `i64`, some 9 × 10^12 minor
/// units a month, is given as the largest `i64`.
pub fn mrr_micros(items: &[SubscriptionItem], interval: Interval) -> i64 {
    let value =
        |item: &SubscriptionItem| i128::from(item.unit_price_minor) * i128::from(item.quantity);
    let cycle = items.iter().map(value).fold(0, i128::saturating_add);
    let cycles_a_year = match interval.unit {
        IntervalUnit::Day => 365,
        IntervalUnit::Week => 52,
        IntervalUnit::Month => 12,
        IntervalUnit::Year => 1,
    };
    let numerator = cycle.saturating_mul(cycles_a_year * i128::from(MILLION));
    let denominator = 12 * i128::from(interval.count.max(1));
    i64::try_from(round_half_even(numerator, denominator)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::AMOUNT_MAX;

    fn item(quantity: i64, unit_price_minor: i64) -> SubscriptionItem {
        SubscriptionItem {
            sku: "A".into(),
            quantity,
            unit_price_minor,
        }
    }

    fn shown(unit_price_minor: i64, count: i32, unit: IntervalUnit) -> i128 {
        let micros = mrr_micros(&[item(1, unit_price_minor)], Interval { unit, count });
        round_half_even(micros.into(), MILLION.into())
    }

    #[test]
    fn every_interval_comes_down_to_a_month() {
        for (price, count, unit, month) in [
            (120_000, 1, IntervalUnit::Year, 10_000),
            (27_000, 3, IntervalUnit::Month, 9000),
            (2500, 1, IntervalUnit::Week, 10_833),
            (8000, 4, IntervalUnit::Week, 8667),
            (6000, 6, IntervalUnit::Week, 4333),
            (100, 1, IntervalUnit::Day, 3042),
        ] {
            assert_eq!(shown(price, count, unit), month, "{price} {count} {unit:?}");
        }
    }

    #[test]
    fn the_sum_is_rounded_and_not_each_item() {
        let yearly = Interval {
            unit: IntervalUnit::Year,
            count: 1,
        };
        // A twelfth of 1 is 83,333.33… millionths; of 3 it is 250,000 exactly.
        assert_eq!(mrr_micros(&[item(1, 1)], yearly), 83_333);
        assert_eq!(mrr_micros(&[item(1, 1), item(2, 1)], yearly), 250_000);
    }

    #[test]
    fn what_does_not_fit_is_the_largest_number() {
        let daily = Interval {
            unit: IntervalUnit::Day,
            count: 0,
        };
        assert_eq!(mrr_micros(&[item(i64::MAX, i64::MAX)], daily), i64::MAX);
        assert_eq!(mrr_micros(&[item(1, AMOUNT_MAX)], daily), i64::MAX);
    }
}
