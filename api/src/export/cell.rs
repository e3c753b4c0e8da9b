//! One value of a row, exact: amounts are computed from minor units and never meet a float.

use std::fmt;

use entrepot_domain::kernel::Currency;
use jiff::civil;

/// Digits behind the point of a currency that is not known, as in the views.
const EXPONENT_DEFAULT: u8 = 2;
/// Digits of a millionth.
const MILLIONTH: u8 = 6;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Boolean(bool),
    Day(civil::Date),
    /// Microseconds since 1970.
    Instant(i64),
    Decimal(Decimal),
}

/// A row: a value for each column.
pub(crate) type Row = Vec<Cell>;

/// `unscaled / 10^scale`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    unscaled: i64,
    scale: u8,
}

impl Decimal {
    /// Minor units in their currency's own unit: 4998 of USD is 49.98.
    pub(crate) fn of_minor(minor: i64, currency: Option<&str>) -> Self {
        Self {
            unscaled: minor,
            scale: exponent(currency),
        }
    }

    /// Millionths of a minor unit in their currency's own unit, without zeros at the end.
    pub(crate) fn of_micros(micros: i64, currency: Option<&str>) -> Self {
        let (mut unscaled, mut scale) = (micros, exponent(currency) + MILLIONTH);
        while scale > 0 && unscaled % 10 == 0 {
            unscaled /= 10;
            scale -= 1;
        }
        Self { unscaled, scale }
    }

    /// Microseconds in seconds, to the millisecond.
    pub(crate) const fn of_seconds(micros: i64) -> Self {
        Self {
            unscaled: micros / 1_000,
            scale: 3,
        }
    }

    /// The number times `10^scale`. Exact if `scale` is no less than the number's own.
    pub(crate) fn at_scale(self, scale: u8) -> i128 {
        let factor = 10_i128.pow(u32::from(scale.saturating_sub(self.scale)));
        i128::from(self.unscaled) * factor
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = format!(
            "{:0>width$}",
            self.unscaled.unsigned_abs(),
            width = scale + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

fn exponent(currency: Option<&str>) -> u8 {
    let known = currency.and_then(Currency::parse);
    known.map_or(EXPONENT_DEFAULT, Currency::exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_have_the_digits_of_their_currency() {
        let text = |minor, currency| Decimal::of_minor(minor, currency).to_string();
        assert_eq!(text(4998, Some("USD")), "49.98");
        assert_eq!(text(-7, Some("USD")), "-0.07");
        assert_eq!(text(-5, Some("JPY")), "-5");
        assert_eq!(text(1, Some("IQD")), "0.001");
        assert_eq!(text(12_345, Some("CLF")), "1.2345");
        assert_eq!(text(100, None), "1.00");
        assert_eq!(text(i64::MIN, Some("USD")), "-92233720368547758.08");
    }

    #[test]
    fn millionths_are_as_long_as_they_must_be() {
        let text = |micros, currency| Decimal::of_micros(micros, currency).to_string();
        assert_eq!(text(1_000_000, Some("USD")), "0.01");
        assert_eq!(text(1_234_567_890, Some("USD")), "12.3456789");
        assert_eq!(text(-1, Some("USD")), "-0.00000001");
        assert_eq!(text(0, Some("USD")), "0");
        assert_eq!(text(300_000_000, Some("JPY")), "300");
    }

    #[test]
    fn every_currency_fits_one_scale() {
        assert_eq!(Decimal::of_minor(4998, Some("USD")).at_scale(4), 499_800);
        assert_eq!(Decimal::of_minor(-5, Some("JPY")).at_scale(4), -50_000);
        assert_eq!(Decimal::of_minor(12_345, Some("CLF")).at_scale(4), 12_345);
        assert_eq!(Decimal::of_micros(1, Some("CLF")).at_scale(10), 1);
        assert_eq!(
            Decimal::of_micros(i64::MAX, Some("JPY")).at_scale(10),
            i128::from(i64::MAX) * 10_000
        );
    }
}
