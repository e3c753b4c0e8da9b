//! Lifts stored payloads of older schema versions, one version at a time.

use std::borrow::Cow;

use crate::kernel::DecodeError;

/// One step: the payload of `from` becomes that of `from + 1`.
struct Step {
    type_name: &'static str,
    from: i32,
    lift: fn(&str) -> Result<String, serde_json::Error>,
}

/// Every step there is, for ever: stored bytes are never rewritten.
const STEPS: &[Step] = &[];

/// The newest version of each type that ever had more than one.
fn current(type_name: &str, steps: &[Step]) -> i32 {
    let newest = steps
        .iter()
        .filter(|step| step.type_name == type_name)
        .map(|step| step.from + 1);
    newest.max().unwrap_or(1)
}

/// Returns the payload in the current version of its type.
pub fn upcast<'a>(
    type_name: &str,
    version: i32,
    payload: &'a str,
) -> Result<Cow<'a, str>, DecodeError> {
    upcast_by(STEPS, type_name, version, payload)
}

fn upcast_by<'a>(
    steps: &[Step],
    type_name: &str,
    version: i32,
    payload: &'a str,
) -> Result<Cow<'a, str>, DecodeError> {
    let newest = current(type_name, steps);
    if !(1..=newest).contains(&version) {
        return Err(DecodeError::UnknownVersion(type_name.to_owned(), version));
    }
    let mut payload = Cow::Borrowed(payload);
    for from in version..newest {
        let step = steps
            .iter()
            .find(|step| step.type_name == type_name && step.from == from);
        let step = step.ok_or_else(|| DecodeError::UnknownVersion(type_name.to_owned(), from))?;
        let lifted = (step.lift)(&payload);
        payload = lifted
            .map_err(|error| DecodeError::Payload(type_name.to_owned(), error.to_string()))?
            .into();
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENAMED: &[Step] = &[
        Step {
            type_name: "test.fact",
            from: 1,
            lift: |text| Ok(text.replace("\"qty\"", "\"quantity\"")),
        },
        Step {
            type_name: "test.fact",
            from: 2,
            lift: |text| Ok(text.replace('}', ",\"unit\":\"each\"}")),
        },
    ];

    #[test]
    fn an_old_payload_climbs_every_version() {
        let lifted = upcast_by(RENAMED, "test.fact", 1, r#"{"qty":2}"#);
        assert_eq!(lifted.as_deref(), Ok(r#"{"quantity":2,"unit":"each"}"#));
    }

    #[test]
    fn a_version_from_the_future_is_not_guessed() {
        let refused = upcast_by(RENAMED, "test.fact", 4, "{}");
        assert_eq!(
            refused,
            Err(DecodeError::UnknownVersion("test.fact".to_owned(), 4))
        );
    }
}
