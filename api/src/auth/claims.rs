//! The claims of a token, read strictly: an object whose names are unique, typed on the way out.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;

use super::AuthError;

/// Lists longer than this are no list of roles, tenants or channels.
const LIST_ITEMS_MAX: usize = 1_000;
/// Longest text of a claim: it goes into events, logs and rows.
const TEXT_BYTES_MAX: usize = 512;

/// What an issuer calls the claims that are ours. The registered ones (`iss`, `aud`, `sub`,
/// `exp`, `iat`, `nbf`, `client_id`, `azp`) have the same name everywhere.
#[derive(Clone, Debug)]
pub struct ClaimNames {
    /// The slug of the one tenant; `tenant` by default.
    pub tenant: String,
    /// The slugs to select from, or `*`; `tenants` by default.
    pub tenants: String,
    /// The roles; `roles` by default.
    pub roles: String,
    /// The channels of a partner; `channels` by default.
    pub channels: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            tenant: "tenant".to_owned(),
            tenants: "tenants".to_owned(),
            roles: "roles".to_owned(),
            channels: "channels".to_owned(),
        }
    }
}

/// A JSON object in which no name stands twice, so that no two readers see two values.
#[derive(Debug)]
pub(super) struct Claims(BTreeMap<String, Value>);

impl Claims {
    pub(super) fn parse(json: &[u8]) -> Result<Self, AuthError> {
        serde_json::from_slice(json)
            .map_err(|_| AuthError::Unauthenticated("the token is malformed"))
    }

    /// Whether the name is there, whatever its value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A string, if the name is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, AuthError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && sound(text) => Ok(Some(text)),
            Some(_) => Err(AuthError::Unauthenticated(
                "a claim of the token is no text, or has control characters, or is too long",
            )),
        }
    }

    /// Seconds since 1970, if the name is there. Fractions are cut off, as RFC 7519 has them.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<i64>, AuthError> {
        let wrong = AuthError::Unauthenticated("a time in the token is not a number of seconds");
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let digits = number.to_string();
                let whole = digits.split('.').next().unwrap_or_default();
                whole
                    .parse()
                    .ok()
                    .filter(|seconds| *seconds >= 0)
                    .map(Some)
                    .ok_or(wrong)
            }
            Some(_) => Err(wrong),
        }
    }

    /// A list of strings; a missing name is an empty list.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&str>, AuthError> {
        let wrong = AuthError::Unauthenticated("a list in the token is not a list of sound texts");
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() <= LIST_ITEMS_MAX => items
                .iter()
                .map(|item| item.as_str().filter(|text| sound(text)))
                .collect::<Option<_>>()
                .ok_or(wrong),
            Some(_) => Err(wrong),
        }
    }

    /// One string or a list of them, as `aud` comes.
    pub(super) fn text_or_list(&self, name: &str) -> Result<Vec<&str>, AuthError> {
        match self.0.get(name) {
            Some(Value::String(text)) => Ok(vec![text]),
            _ => self.list(name),
        }
    }
}

/// Whether a text can be stored and shown by everybody: PostgreSQL has no U+0000, and a line break
/// forges a line of a log.
fn sound(text: &str) -> bool {
    text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control)
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Claims;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object with unique names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
                let mut claims = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Claims(claims))
            }
        }

        source.deserialize_map(Unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        Claims::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        assert!(Claims::parse(br#"{"tenant":"a","tenant":"b"}"#).is_err());
        assert!(Claims::parse(br#"["tenant"]"#).is_err());
    }

    #[test]
    fn times_are_whole_seconds_and_not_negative() {
        assert_eq!(claims(r#"{"exp":17}"#).seconds("exp"), Ok(Some(17)));
        assert_eq!(claims(r#"{"exp":17.9}"#).seconds("exp"), Ok(Some(17)));
        for wrong in ["\"17\"", "-1", "1e300", "true", "null"] {
            assert!(
                claims(&format!(r#"{{"exp":{wrong}}}"#))
                    .seconds("exp")
                    .is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn lists_hold_strings_only() {
        assert_eq!(
            claims(r#"{"roles":["a","b"]}"#).list("roles"),
            Ok(vec!["a", "b"])
        );
        assert_eq!(claims("{}").list("roles"), Ok(vec![]));
        assert!(claims(r#"{"roles":"a"}"#).list("roles").is_err());
        assert!(claims(r#"{"roles":[1]}"#).list("roles").is_err());
        assert_eq!(claims(r#"{"aud":"x"}"#).text_or_list("aud"), Ok(vec!["x"]));
    }
}
