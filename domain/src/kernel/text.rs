//! Text that comes from outside.

use super::{Refusal, Refused, code};

/// The longest code of the tenant's own making, in bytes: a channel, a provider, a discount.
pub const CODE_MAX: usize = 64;
/// The longest name or title for people, in bytes.
pub const NAME_MAX: usize = 200;
/// The longest id in another system, in bytes.
pub const REFERENCE_MAX: usize = 200;
/// The longest reason that people give for what they do, in bytes.
pub const REASON_MAX: usize = 500;

/// Checks text from outside: 1 to `max` bytes, no control characters (NUL among them), no
/// leading or trailing white space.
pub fn text(value: &str, max: usize, field: &str) -> Refused<()> {
    let wrong = if value.is_empty() {
        "it is empty"
    } else if value.len() > max {
        return Err(Refusal::at(
            code::TEXT_MALFORMED,
            field,
            format!("it is longer than {max} bytes"),
        ));
    } else if value.chars().any(char::is_control) {
        "it holds a control character"
    } else if value.trim() != value {
        "it starts or ends with white space"
    } else {
        return Ok(());
    };
    Err(Refusal::at(code::TEXT_MALFORMED, field, wrong))
}
