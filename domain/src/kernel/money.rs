//! Amounts are `i64` minor units; the currency stands once on the document that holds them.

use super::{Refusal, Refused, code};

/// The largest amount, of either sign, that a command or a total may hold: 10^15 minor units.
/// 9,000 such amounts still fit an `i64`, so a sum over a document's 250 lines cannot overflow.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
/// The largest quantity, in base units, of one line or one position.
pub const QUANTITY_MAX: i64 = 1_000_000_000_000;
/// Rates are parts per million: 8.25 % is 82,500.
pub const MILLION: i64 = 1_000_000;

/// Checks that a computed amount is within [`AMOUNT_MAX`].
pub fn amount(value: i128, field: &str) -> Refused<i64> {
    match i64::try_from(value) {
        Ok(minor) if (-AMOUNT_MAX..=AMOUNT_MAX).contains(&minor) => Ok(minor),
        _ => Err(Refusal::at(
            code::AMOUNT_OUT_OF_RANGE,
            field,
            format!("the amount exceeds {AMOUNT_MAX} minor units"),
        )),
    }
}

/// Checks an amount that may be zero but not negative.
pub fn non_negative(minor: i64, field: &str) -> Refused<i64> {
    if minor < 0 {
        return Err(Refusal::at(
            code::AMOUNT_NEGATIVE,
            field,
            "the amount must not be negative",
        ));
    }
    amount(i128::from(minor), field)
}

/// Checks an amount that must be above zero.
pub fn positive(minor: i64, field: &str) -> Refused<i64> {
    if minor <= 0 {
        return Err(Refusal::at(
            code::AMOUNT_NOT_POSITIVE,
            field,
            "the amount must be above zero",
        ));
    }
    amount(i128::from(minor), field)
}

/// Checks a rate: 0 to 100 %.
pub fn rate(ppm: i64, field: &str) -> Refused<i64> {
    if (0..=MILLION).contains(&ppm) {
        return Ok(ppm);
    }
    let message = format!("a rate is 0 to {MILLION} parts per million");
    Err(Refusal::at(code::RATE_OUT_OF_RANGE, field, message))
}

/// Checks a quantity that must be above zero.
pub fn quantity(value: i64, field: &str) -> Refused<i64> {
    if value <= 0 {
        return Err(Refusal::at(
            code::QUANTITY_NOT_POSITIVE,
            field,
            "the quantity must be above zero",
        ));
    }
    if value > QUANTITY_MAX {
        return Err(Refusal::at(
            code::QUANTITY_OUT_OF_RANGE,
            field,
            format!("the quantity exceeds {QUANTITY_MAX}"),
        ));
    }
    Ok(value)
}

/// `numerator / denominator`, rounded half to even. The denominator must be above zero.
pub const fn round_half_even(numerator: i128, denominator: i128) -> i128 {
    let floor = numerator.div_euclid(denominator);
    let twice = numerator.rem_euclid(denominator) * 2;
    if twice > denominator || (twice == denominator && floor % 2 != 0) {
        floor + 1
    } else {
        floor
    }
}

/// `whole * part / of`, rounded half to even: a tax, a fee, the value of an issue.
pub const fn share(whole: i64, part: i64, of: i64) -> i128 {
    round_half_even(whole as i128 * part as i128, of as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded: Vec<i128> = [5, 15, 25, -5, -15]
            .iter()
            .map(|n| round_half_even(*n, 10))
            .collect();
        assert_eq!(rounded, [0, 2, 2, 0, -2]);
    }

    #[test]
    fn no_amount_is_beyond_the_checks() {
        let checked = [i64::MIN, i64::MAX].map(|minor| amount(i128::from(minor), "amount"));
        assert!(checked.iter().all(Result::is_err), "{checked:?}");
        assert_eq!(amount(i128::from(-AMOUNT_MAX), "amount"), Ok(-AMOUNT_MAX));
    }

    #[test]
    fn three_units_worth_a_hundred_issue_without_losing_a_cent() {
        let (mut value, mut issued) = (10_000, Vec::new());
        for left in (1..=3).rev() {
            let cost = i64::try_from(share(value, 1, left)).expect("small");
            issued.push(cost);
            value -= cost;
        }
        assert_eq!((issued, value), (vec![3333, 3334, 3333], 0));
    }
}
