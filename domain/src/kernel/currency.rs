//! ISO 4217 currencies and their exponents, pinned here: CLDR's digits differ for 13 codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A currency with minor units, by its ISO 4217 code.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Currency([u8; 3]);

const EXPONENT_0: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const EXPONENT_2: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN \
    BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ \
    GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP \
    MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
    SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER \
    ZAR ZMW ZWG ZWL";
const EXPONENT_3: &str = "BHD IQD JOD KWD LYD OMR TND";
const EXPONENT_4: &str = "CLF UYW";

/// Digits of the minor unit, and the codes that have as many, sorted; the longest list first.
const LISTS: [(u8, &str); 4] = [
    (2, EXPONENT_2),
    (0, EXPONENT_0),
    (3, EXPONENT_3),
    (4, EXPONENT_4),
];

/// Whether a code is in a list of codes, each with a space behind it but for the last.
fn holds(list: &str, code: [u8; 3]) -> bool {
    let (codes, rest) = list.as_bytes().as_chunks::<4>();
    rest == code
        || codes
            .binary_search_by(|known| known[..3].cmp(&code))
            .is_ok()
}

impl Currency {
    /// Parses an upper-case ISO 4217 code. `None` if it has no minor units (XAU) or is no code.
    pub fn parse(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        let known = |(_, list)| holds(list, code);
        LISTS.into_iter().any(known).then_some(Self(code))
    }

    /// The ISO 4217 code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The number of decimal digits of the minor unit.
    pub fn exponent(self) -> u8 {
        let its = |(_, list): &(u8, &str)| holds(list, self.0);
        LISTS.into_iter().find(its).map_or(2, |(digits, _)| digits)
    }

    /// Renders minor units as a decimal: 4998 in USD is `49.98`.
    pub fn decimal(self, minor: i64) -> String {
        let exponent = usize::from(self.exponent());
        if exponent == 0 {
            return minor.to_string();
        }
        let sign = if minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        format!("{sign}{whole}.{fraction}")
    }
}

impl TryFrom<String> for Currency {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        Self::parse(&code)
            .ok_or_else(|| format!("`{code}` is no ISO 4217 currency with minor units"))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self(*b"USD")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_render_with_the_iso_exponent() {
        let render = |code: &str, minor| Currency::parse(code).expect(code).decimal(minor);
        assert_eq!(
            [
                render("USD", 4998),
                render("JPY", -5),
                render("IQD", 1),
                render("USD", -7),
                render("CLF", 12_345)
            ],
            ["49.98", "-5", "0.001", "-0.07", "1.2345"]
        );
    }

    #[test]
    fn every_code_is_found_with_its_exponent() {
        for (digits, list) in LISTS {
            for code in list.split_ascii_whitespace() {
                let currency = Currency::parse(code).expect(code);
                assert_eq!(currency.exponent(), digits, "{code}");
            }
        }
    }

    #[test]
    fn metals_and_nonsense_are_no_currency() {
        assert!(
            ["XAU", "usd", "US", "USDX", "€", " USD", "D A"]
                .iter()
                .all(|code| Currency::parse(code).is_none())
        );
    }
}
