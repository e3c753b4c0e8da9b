//! A rule that said no: data for the caller, never an accident.

use serde::Serialize;

/// Why a command was refused. The code never changes its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// Stable, upper case, for programs. See [`code`].
    pub code: &'static str,
    /// The input field that the rule speaks of, dotted and in camel case: `lines.2.quantity`.
    pub field: Option<String>,
    /// The rule in a sentence, for people.
    pub message: String,
}

/// The result of a rule that may refuse.
pub type Refused<T> = Result<T, Refusal>;

impl Refusal {
    /// A refusal that concerns the command as a whole.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
        }
    }

    /// A refusal that one input field caused.
    pub fn at(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            field: Some(field.into()),
            message: message.into(),
        }
    }

    /// What an unknown id answers; another tenant's id answers exactly the same.
    pub fn not_found(field: impl Into<String>, kind: &str) -> Self {
        Self::at(code::NOT_FOUND, field, format!("no such {kind}"))
    }
}

/// Why a decision stopped before it had an answer.
#[derive(Debug)]
pub enum Halt {
    /// A rule said no.
    Refused(Refusal),
    /// A stream that the rule reads is not in memory yet. The lane loads what the
    /// [`World`](crate::world::World) noted as missing and decides again from the start.
    NeedsState,
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The codes of refusals, one meaning each, for ever.
pub mod code {
    macro_rules! codes {
        ($($(#[doc = $doc:literal])* $name:ident),* $(,)?) => {
            $($(#[doc = $doc])* pub const $name: &str = stringify!($name);)*
            /// Every code with no duplicates, for the schema's documentation.
            pub const ALL: &[&str] = &[$($name),*];
            /// Every code with what it means.
            pub const MEANINGS: &[(&str, &str)] = &[$(($name, concat!($($doc),*))),*];
        };
    }
    codes! {
        /// The id names nothing of this tenant.
        NOT_FOUND,
        /// The id or natural key is taken.
        ALREADY_EXISTS,
        /// The subject's state does not allow the command.
        WRONG_STATE,
        /// What the command was based on has changed since: read it again.
        STALE,
        /// The tenant is suspended.
        TENANT_SUSPENDED,
        /// The text is empty, too long, or holds a control character.
        TEXT_MALFORMED,
        /// The amount is beyond 10^15 minor units.
        AMOUNT_OUT_OF_RANGE,
        /// The amount is negative where it must not be.
        AMOUNT_NEGATIVE,
        /// The amount is zero or negative where it must be above zero.
        AMOUNT_NOT_POSITIVE,
        /// The quantity is zero or negative.
        QUANTITY_NOT_POSITIVE,
        /// The quantity is beyond 10^12 units.
        QUANTITY_OUT_OF_RANGE,
        /// A rate is outside 0 to 100 %.
        RATE_OUT_OF_RANGE,
        /// The code is no ISO 4217 currency with minor units.
        CURRENCY_UNKNOWN,
        /// Amounts of different currencies meet.
        CURRENCY_MISMATCH,
        /// The name is no IANA time zone.
        TIME_ZONE_UNKNOWN,
        /// The text is no civil date or instant.
        TIME_MALFORMED,
        /// The list is empty where it must not be.
        LIST_EMPTY,
        /// The list is longer than its limit.
        LIST_TOO_LONG,
        /// An entry stands twice in a list.
        DUPLICATE_ENTRY,
        /// The SKU is not in the catalog.
        SKU_UNKNOWN,
        /// The SKU was discontinued.
        SKU_DISCONTINUED,
        /// No price is set in this currency.
        PRICE_MISSING,
        /// The channel is not configured for the tenant.
        CHANNEL_UNKNOWN,
        /// The tax class has no rate in the tenant's tax table.
        TAX_CLASS_UNKNOWN,
        /// The warehouse is not configured for the tenant.
        WAREHOUSE_UNKNOWN,
        /// Less stock is available than asked for.
        OUT_OF_STOCK,
        /// The discount is larger than what it applies to.
        DISCOUNT_TOO_LARGE,
        /// The parts of an imported document do not sum to its totals.
        TOTALS_MISMATCH,
        /// A capture would exceed what was authorized.
        CAPTURE_EXCEEDS_AUTHORIZED,
        /// A refund would exceed what was captured.
        REFUND_EXCEEDS_CAPTURED,
        /// More would be shipped or canceled than is open on the line.
        QUANTITY_EXCEEDS_OPEN,
        /// The stock's value would become negative or stay without quantity.
        VALUE_OUT_OF_RANGE,
        /// The moment lies in the past or before an earlier one.
        TIME_OUT_OF_ORDER,
    }
}
