//! Digits into integers. Exact, or refused.

use entrepot_domain::kernel::{AMOUNT_MAX, Currency, Refusal, Refused, code as rule};

use super::code;

/// Whether text is a whole number as JSON writes it: digits, perhaps a minus sign.
pub(super) fn whole(digits: &str) -> bool {
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A whole number.
pub(super) fn integer(digits: &str, field: &str) -> Refused<i64> {
    if !whole(digits) {
        let message = "it must be a whole number in digits";
        return Err(Refusal::at(code::NUMBER_MALFORMED, field, message));
    }
    digits.parse().map_err(|_| {
        let message = "the number does not fit 64 bits";
        Refusal::at(code::NUMBER_MALFORMED, field, message)
    })
}

/// A decimal in minor units: `49.98` in USD is 4998. At most as many digits after the point as the
/// currency has; no exponent, no grouping, no plus sign.
pub(super) fn decimal(text: &str, currency: Currency, field: &str) -> Refused<i64> {
    let exponent = usize::from(currency.exponent());
    let (integral, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !whole(integral) || !digits(fraction) {
        let message = "it must be a decimal such as 49.98";
        return Err(Refusal::at(code::AMOUNT_MALFORMED, field, message));
    }
    if text.contains('.') && fraction.len() > exponent {
        let message = format!("{currency} has {exponent} digits after the point");
        return Err(Refusal::at(code::AMOUNT_MALFORMED, field, message));
    }
    let fraction = if exponent == 0 { "" } else { fraction };
    let minor: Option<i64> = format!("{integral}{fraction:0<exponent$}").parse().ok();
    minor.ok_or_else(|| {
        let message = format!("the amount exceeds {AMOUNT_MAX} minor units");
        Refusal::at(rule::AMOUNT_OUT_OF_RANGE, field, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, currency: &str) -> Result<i64, &'static str> {
        let currency = Currency::parse(currency).expect("a currency");
        decimal(text, currency, "gross").map_err(|refusal| refusal.code)
    }

    #[test]
    fn decimals_are_exact() {
        for (text, currency, minor) in [
            ("49.98", "USD", 4998),
            ("49.9", "USD", 4990),
            ("49", "USD", 4900),
            ("0.07", "USD", 7),
            ("-0.07", "USD", -7),
            ("-12.30", "USD", -1230),
            ("0", "USD", 0),
            ("-0", "JPY", 0),
            ("1200", "JPY", 1200),
            ("1.234", "BHD", 1234),
            ("0.0001", "CLF", 1),
            ("90071992547409.93", "USD", 9_007_199_254_740_993),
            ("0000000000000000000000000001.00", "USD", 100),
        ] {
            assert_eq!(of(text, currency), Ok(minor), "{text} {currency}");
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        for (text, currency) in [
            ("49.980", "USD"),
            ("49.", "USD"),
            (".98", "USD"),
            ("1e2", "USD"),
            ("+1", "USD"),
            ("--1", "USD"),
            ("1,000.00", "USD"),
            ("1 000", "USD"),
            ("", "USD"),
            ("-", "USD"),
            ("-.5", "USD"),
            ("0.-5", "USD"),
            ("NaN", "USD"),
            ("1\0", "USD"),
            ("٣", "USD"),
            ("1.0", "JPY"),
            ("1.2345", "BHD"),
        ] {
            assert_eq!(
                of(text, currency),
                Err("AMOUNT_MALFORMED"),
                "{text} {currency}"
            );
        }
        let huge = "9".repeat(400);
        assert_eq!(of(&huge, "USD"), Err("AMOUNT_OUT_OF_RANGE"));
        assert_eq!(
            of("92233720368547758.08", "USD"),
            Err("AMOUNT_OUT_OF_RANGE")
        );
    }

    #[test]
    fn whole_numbers_fit_64_bits() {
        assert_eq!(integer("-3", "quantity"), Ok(-3));
        for digits in ["9223372036854775808", "1.0", "1e3", "", "one", "0x10"] {
            let refusal = integer(digits, "quantity").expect_err(digits);
            assert_eq!(refusal.code, "NUMBER_MALFORMED");
        }
    }
}
