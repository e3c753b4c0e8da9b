//! Counts tokens and nesting in the text of a document, before the parser sees it.
//!
//! It does not judge the grammar; a text that is wrong is left for the parser to refuse.

use super::DocumentLimits;
use crate::http::refusal::Refusal;

/// Brackets of any kind that may stand open at one time.
const NESTING_MAX: usize = 64;
/// Bytes of a name.
const NAME_MAX: usize = 128;

pub(super) fn check(source: &str, limits: &DocumentLimits) -> Result<(), Refusal> {
    if source.len() > limits.bytes_max {
        let message = format!("the document is longer than {} bytes", limits.bytes_max);
        return Err(Refusal::request("QUERY_TOO_LARGE", message));
    }
    let mut rest = source.as_bytes();
    let mut tokens = 0;
    let mut open: usize = 0;
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                rest = &rest[1..];
                continue;
            }
            b'#' => {
                rest = &rest[line_length(rest)..];
                continue;
            }
            b'"' => string_length(rest),
            b'{' | b'[' | b'(' => {
                open += 1;
                1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                1
            }
            _ => word_length(rest),
        };
        // A name comes back in the answer, once for each row.
        if length > NAME_MAX && rest[0] != b'"' {
            let message = format!("the document has a name of more than {NAME_MAX} bytes");
            return Err(Refusal::request("QUERY_TOO_LARGE", message));
        }
        tokens += 1;
        rest = &rest[length..];
        if tokens > limits.tokens_max {
            let message = format!("the document has more than {} tokens", limits.tokens_max);
            return Err(Refusal::request("QUERY_TOO_LARGE", message));
        }
        if open > NESTING_MAX {
            let message = format!("the document nests more than {NESTING_MAX} levels");
            return Err(Refusal::request("QUERY_TOO_DEEP", message));
        }
    }
    Ok(())
}

fn line_length(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(rest.len())
}

/// A name, a number, or one byte of anything else.
fn word_length(rest: &[u8]) -> usize {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    rest.iter()
        .position(|byte| !word(byte))
        .unwrap_or(rest.len())
        .max(1)
}

fn string_length(rest: &[u8]) -> usize {
    let (quote, escape): (&[u8], &[u8]) = if rest.starts_with(b"\"\"\"") {
        (b"\"\"\"", b"\\\"\"\"")
    } else {
        (b"\"", b"\\")
    };
    let mut at = quote.len();
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with(escape) {
            // A backslash takes the byte behind it along; in a block, the three quotes.
            at += if quote.len() == 1 { 2 } else { escape.len() };
        } else if tail.starts_with(quote) {
            return at + quote.len();
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens_allowed(source: &str, tokens_max: usize) -> bool {
        check(
            source,
            &DocumentLimits {
                tokens_max,
                ..DocumentLimits::default()
            },
        )
        .is_ok()
    }

    #[test]
    fn a_string_is_one_token_and_a_comment_is_none() {
        for source in [
            r#"{ a(b: "x y \" { z") } # and more"#,
            r#"{ a(b: """x " \""" { z""") }"#,
        ] {
            assert!(tokens_allowed(source, 8), "{source}");
            assert!(!tokens_allowed(source, 7), "{source}");
        }
    }

    #[test]
    fn a_name_has_a_length() {
        let refused = |length| {
            let source = format!(
                "{{ {}: a(b: \"{}\") }}",
                "n".repeat(length),
                "x".repeat(999)
            );
            check(&source, &DocumentLimits::default()).is_err()
        };
        assert!(!refused(128) && refused(129));
    }

    #[test]
    fn an_unclosed_string_ends_the_scan() {
        for source in ["{ a(b: \"x", "{ a(b: \"x\\", "\"\"\"x\\\"\"\""] {
            assert!(tokens_allowed(source, 10), "{source}");
        }
    }

    #[test]
    fn nesting_is_bounded_for_every_bracket() {
        for bracket in ["{a", "[", "("] {
            let refusal = check(&bracket.repeat(65), &DocumentLimits::default()).unwrap_err();
            assert_eq!(refusal.code, "QUERY_TOO_DEEP");
            assert!(check(&bracket.repeat(64), &DocumentLimits::default()).is_ok());
        }
    }
}
