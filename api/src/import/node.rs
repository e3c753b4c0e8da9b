//! A record as it stands in the file, before it means anything. Numbers are kept as they are
//! written: no amount and no id ever passes through a float.

use std::fmt;

use entrepot_domain::kernel::{Refusal, Refused};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::code;

/// How deep records may nest. Orders need five.
const DEPTH_MAX: u8 = 8;

/// A value of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Members),
}

/// The members of an object, in order; no name stands twice.
pub(super) type Members = Vec<(String, Node)>;

/// Reads one line of NDJSON: an object.
pub(super) fn object(line: &[u8]) -> Refused<Members> {
    let text = std::str::from_utf8(line).map_err(|_| malformed("the line is not UTF-8"))?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| malformed_json(&error))?;
    match node(raw, 0)? {
        Node::Object(members) => Ok(members),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
            Err(malformed("the line is no JSON object"))
        }
    }
}

fn node(raw: &RawValue, depth: u8) -> Refused<Node> {
    let text = raw.get();
    if depth > DEPTH_MAX {
        return Err(malformed("the record nests too deep"));
    }
    match text.as_bytes().first() {
        Some(b'{') => members(text, depth).map(Node::Object),
        Some(b'[') => {
            let list: Vec<&RawValue> =
                serde_json::from_str(text).map_err(|error| malformed_json(&error))?;
            let list: Refused<_> = list.into_iter().map(|raw| node(raw, depth + 1)).collect();
            list.map(Node::List)
        }
        Some(b'"') => serde_json::from_str(text)
            .map(Node::Text)
            .map_err(|error| malformed_json(&error)),
        Some(b't') => Ok(Node::Bool(true)),
        Some(b'f') => Ok(Node::Bool(false)),
        Some(b'n') | None => Ok(Node::Null),
        Some(_) => Ok(Node::Number(text.to_owned())),
    }
}

fn members(text: &str, depth: u8) -> Refused<Members> {
    let raw: RawMembers<'_> = serde_json::from_str(text).map_err(|error| malformed_json(&error))?;
    let mut members: Members = Vec::with_capacity(raw.0.len());
    for (name, raw) in raw.0 {
        members.push((name, node(raw, depth + 1)?));
    }
    Ok(members)
}

/// An object whose values are not read yet.
struct RawMembers<'a>(Vec<(String, &'a RawValue)>);

/// The most members of one object: the format knows fewer names.
const MEMBERS_MAX: usize = 64;

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format_args!("`{name}` stands twice")));
                    }
                    if members.len() == MEMBERS_MAX {
                        return Err(A::Error::custom("an object has too many members"));
                    }
                    members.push((name, value));
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

pub(super) fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(code::RECORD_MALFORMED, message)
}

fn malformed_json(error: &serde_json::Error) -> Refusal {
    malformed(format!("the line is not well-formed JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[u8]) -> String {
        object(line).expect_err("malformed").message
    }

    #[test]
    fn numbers_are_kept_as_they_are_written() {
        let line = br#"{"a":123456789012345678901234567890,"b":1.10,"c":-0,"d":1e400}"#;
        let numbers: Vec<Node> = object(line)
            .expect("read")
            .into_iter()
            .map(|(_, node)| node)
            .collect();
        let digits = ["123456789012345678901234567890", "1.10", "-0", "1e400"];
        assert_eq!(
            numbers,
            digits.map(|digits| Node::Number(digits.to_owned()))
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for line in [
            &b""[..],
            b"null",
            b"[]",
            b"1",
            b"{\"a\":1",
            b"{\"a\":1} {}",
            b"{\"a\":01}",
            b"{\"a\":NaN}",
            b"{'a':1}",
            b"\xff\xfe{}",
            b"\0",
        ] {
            assert!(object(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_lone_surrogate_is_refused_in_names_and_values() {
        for line in [
            r#"{"id":"\ud800"}"#,
            r#"{"id":"\udc00x"}"#,
            r#"{"\ud800\u0041":1}"#,
        ] {
            assert!(refused(line.as_bytes()).starts_with("the line is not well-formed JSON"));
        }
        assert!(object(br#"{"id":"\ud83d\ude00"}"#).is_ok());
    }

    #[test]
    fn a_name_stands_once() {
        assert!(refused(br#"{"a":1,"a":2}"#).contains("stands twice"));
        assert!(refused(br#"{"a":1,"\u0061":2}"#).contains("stands twice"));
    }

    #[test]
    fn depth_and_width_are_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(300_000), "]".repeat(300_000));
        assert_eq!(refused(deep.as_bytes()), "the record nests too deep");
        let members: Vec<String> = (0..100_000).map(|n| format!("\"{n}\":0")).collect();
        let wide = format!("{{{}}}", members.join(","));
        assert!(refused(wide.as_bytes()).contains("too many members"));
    }
}
