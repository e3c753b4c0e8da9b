//! Scalars: whatever JSON numbers cannot carry exactly travels as a string.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use entrepot_domain::kernel::{self, Currency, Instant, Refused};

use super::direct::fields;
use super::error;

/// A 64-bit integer, as a string: JSON readers lose digits beyond 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// An instant in UTC, RFC 3339: `2026-03-08T05:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Instant);

/// A day of the civil calendar: `2026-03-08`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub kernel::Date);

/// An ISO 4217 currency code with minor units: `EUR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyCode(pub Currency);

/// An exact decimal number, as a string: `49.98`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(pub String);

/// A 64-bit integer, as a string: JSON readers lose digits beyond 2^53.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number
            .map(Self)
            .ok_or_else(|| InputValueError::custom("not a 64-bit integer"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An instant in UTC, RFC 3339: `2026-03-08T05:00:00Z`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        from_text(&value, |text| Instant::parse(text, "")).map(Self)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A day of the civil calendar: `2026-03-08`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        from_text(&value, |text| kernel::Date::parse(text, "")).map(Self)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An ISO 4217 currency code with minor units: `EUR`.
#[Scalar(specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let unknown = || {
            kernel::Refusal::new(
                kernel::code::CURRENCY_UNKNOWN,
                "no ISO 4217 currency with minor units",
            )
        };
        from_text(&value, |text| Currency::parse(text).ok_or_else(unknown)).map(Self)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An exact decimal number, as a string: `49.98`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        from_text(&value, |text| Ok(text.to_owned())).map(Self)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn from_text<T: ScalarType + InputType, V>(
    value: &Value,
    parse: impl Fn(&str) -> Refused<V>,
) -> Result<V, InputValueError<T>> {
    match value {
        Value::String(text) => {
            parse(text).map_err(|refusal| InputValueError::custom(refusal.message))
        }
        _ => Err(InputValueError::custom("expected a string")),
    }
}

impl DateTime {
    /// From the microseconds that rows hold.
    pub(crate) fn micros(micros: i64) -> Option<Self> {
        Instant::from_micros(micros).map(Self)
    }

    /// The same where the row must have one.
    pub(crate) fn stored(micros: i64) -> async_graphql::Result<Self> {
        Self::micros(micros).ok_or_else(|| error::corrupt("an instant", micros))
    }
}

impl Date {
    /// From the text that rows hold.
    pub(crate) fn text(day: &str) -> Option<Self> {
        kernel::Date::parse(day, "").ok().map(Self)
    }

    /// The same where the row must have one.
    pub(crate) fn stored(day: &str) -> async_graphql::Result<Self> {
        Self::text(day).ok_or_else(|| error::corrupt("a day", day))
    }
}

impl Decimal {
    /// `part / of` with so many digits after the point, rounded half to even. `None` if it is a part
    /// of nothing.
    pub(crate) fn quotient(part: i128, of: i128, digits: u8) -> Option<Self> {
        let (part, of) = (part * of.signum(), of.abs());
        if of == 0 {
            return None;
        }
        let scaled = kernel::round_half_even(part * 10_i128.pow(u32::from(digits)), of);
        let digits = usize::from(digits);
        let text = format!("{:0>width$}", scaled.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        let sign = if scaled < 0 { "-" } else { "" };
        let point = if digits > 0 { "." } else { "" };
        Some(Self(format!("{sign}{whole}{point}{fraction}")))
    }
}

/// An amount of money, exact.
#[derive(Clone, Copy, Debug)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount of minor units.
    pub(crate) const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The minor units.
    #[cfg(test)]
    pub(crate) const fn minor(self) -> i64 {
        self.minor
    }
}

fields! {
    /// An amount of money, exact.
    Money as shareable {
        /// Minor units of the currency: cents of a dollar, yen of a yen.
        amount_minor: BigInt = |money| BigInt(money.minor);

        /// The same as a decimal number of the currency's units.
        amount: Decimal = |money| Decimal(money.currency.decimal(money.minor));

        /// ISO 4217.
        currency: CurrencyCode = |money| CurrencyCode(money.currency);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotient(part: i128, of: i128, digits: u8) -> Option<String> {
        Decimal::quotient(part, of, digits).map(|decimal| decimal.0)
    }

    #[test]
    fn a_quotient_is_rounded_half_to_even() {
        let rounded = [5, 15, 25, -15].map(|part| quotient(part, 100_000, 4).expect("a number"));
        assert_eq!(rounded, ["0.0000", "0.0002", "0.0002", "-0.0002"]);
        assert_eq!(quotient(2, 3, 6).as_deref(), Some("0.666667"));
        assert_eq!(quotient(7, 2, 0).as_deref(), Some("4"));
    }

    #[test]
    fn a_quotient_has_the_sign_of_both_its_parts() {
        assert_eq!(quotient(-1, -4, 2).as_deref(), Some("0.25"));
        assert_eq!(quotient(1, -4, 2).as_deref(), Some("-0.25"));
    }

    #[test]
    fn the_largest_amounts_have_a_quotient() {
        let largest = i128::from(i64::MAX);
        assert_eq!(quotient(largest, 1, 6), Some(format!("{largest}.000000")));
        assert_eq!(
            quotient(largest, 10_000 * largest, 4).as_deref(),
            Some("0.0001")
        );
    }

    #[test]
    fn a_part_of_nothing_is_no_number() {
        assert_eq!(quotient(1, 0, 6), None);
    }
}
