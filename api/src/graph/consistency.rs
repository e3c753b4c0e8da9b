//! Reading one's own writes: "at least as fresh as this", from an answer to any later read, and what
//! every answer says of where it was read.

use std::time::Duration;

use async_graphql::{Extensions, Response, Result, Value, value};
use entrepot_domain::kernel::TenantId;

use super::error::bad_input;
use super::session::Session;
use crate::secrets::Secrets;

/// Header that carries a consistency token, both ways.
pub(crate) const HEADER: &str = "entrepot-consistency";
/// The extension of requests and answers that says the same, and more.
const EXTENSION: &str = "consistency";
/// What tokens are bound to.
const BINDING: &str = "consistency";
/// How long a reader waits that does not say, and at most.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A position in a tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) tenant: TenantId,
    pub(crate) position: i64,
}

impl Token {
    /// The token as clients hold it.
    pub(crate) fn seal(self, secrets: &Secrets) -> String {
        secrets.seal_cursor(&format!("{} {}", self.tenant, self.position), BINDING)
    }

    /// The position of a client's token, if it was made here for this tenant.
    pub(crate) fn open(token: &str, tenant: TenantId, secrets: &Secrets) -> Option<Self> {
        let text = secrets.open_cursor(token, BINDING)?;
        let (of, position) = text.split_once(' ')?;
        (of.parse() == Ok(tenant.0)).then_some(Self {
            tenant,
            position: position.parse().ok()?,
        })
    }
}

/// How fresh a reader wants it: the header's token, `extensions.consistency` as a token, or as an
/// object `{ token, waitMs, allowStale }`. What an answer said in its own extension may be sent back
/// as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    tokens: Vec<String>,
    wait: Duration,
    allow_stale: bool,
}

impl Wanted {
    /// What a request asks for.
    pub(crate) fn of(header: Option<&str>, extensions: &Extensions) -> Result<Self> {
        let mut wanted = Self {
            tokens: header.map(str::to_owned).into_iter().collect(),
            wait: WAIT_MAX,
            allow_stale: false,
        };
        match extensions.get(EXTENSION) {
            None | Some(Value::Null) => {}
            Some(Value::String(token)) => wanted.tokens.push(token.clone()),
            Some(Value::Object(fields)) => {
                for (name, value) in fields {
                    wanted.take(name, value)?;
                }
            }
            Some(_) => {
                let message = "must be a token or an object { token, waitMs, allowStale }";
                return Err(bad_input("extensions.consistency", message));
            }
        }
        Ok(wanted)
    }

    /// The same, without waiting for it or doing with less.
    pub(crate) fn at_once(self) -> Self {
        Self {
            wait: Duration::ZERO,
            allow_stale: false,
            ..self
        }
    }

    fn take(&mut self, name: &str, value: &Value) -> Result<()> {
        let wrong = |message| {
            Err(bad_input(
                &format!("extensions.consistency.{name}"),
                message,
            ))
        };
        match (name, value) {
            (_, Value::Null) => {}
            ("token", Value::String(token)) => self.tokens.push(token.clone()),
            ("token", _) => return wrong("must be a string"),
            ("waitMs", Value::Number(wait)) => match wait.as_u64().map(Duration::from_millis) {
                Some(wait) if wait <= WAIT_MAX => self.wait = wait,
                _ => return wrong("must be 0 to 5000"),
            },
            ("waitMs", _) => return wrong("must be a number"),
            ("allowStale", Value::Boolean(allow)) => self.allow_stale = *allow,
            ("allowStale", _) => return wrong("must be true or false"),
            _ => {}
        }
        Ok(())
    }

    /// Waits until the read models are as fresh as that. A reader that allows it reads a stale state
    /// when time is out, and its answer says so.
    pub(crate) async fn wait(&self, session: &Session) -> Result<()> {
        let Ok(tenant) = session.tenant() else {
            return Ok(());
        };
        let mut position = 0;
        for token in &self.tokens {
            let token = Token::open(token, tenant, &session.app.secrets);
            let token =
                token.ok_or_else(|| bad_input(HEADER, "not a consistency token of this tenant"))?;
            position = position.max(token.position);
        }
        if position == 0 || session.reaches(position, self.wait).await? {
            return Ok(());
        }
        if self.allow_stale {
            session.read_stale();
            return Ok(());
        }
        Err(session.not_yet(position).await)
    }
}

/// Says where an answer was read, in `extensions.consistency` and in the header. An answer that read
/// no rows says where they stand.
pub(super) async fn report(response: &mut Response, session: &Session) {
    let Ok(tenant) = session.tenant() else { return };
    let as_of = match session.as_of() {
        Some(as_of) => as_of,
        None => match session.models().await {
            Ok(position) => position,
            // The answer stands; where it was read is not known.
            Err(_) => return,
        },
    };
    let position = session.written().max(as_of);
    let token = Token { tenant, position }.seal(&session.app.secrets);
    if let Ok(header) = token.parse() {
        response.http_headers.insert(HEADER, header);
    }
    let mut consistency = value!({
        "token": token,
        "position": position.to_string(),
        "asOf": as_of.to_string(),
    });
    if let (true, Value::Object(fields)) = (session.is_stale(), &mut consistency) {
        let lag_ms = session.lag_ms(as_of).await;
        fields.insert(async_graphql::Name::new("stale"), Value::Boolean(true));
        fields.insert(async_graphql::Name::new("lagMs"), lag_ms.into());
    }
    response
        .extensions
        .insert(EXTENSION.to_owned(), consistency);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(header: Option<&str>, json: serde_json::Value) -> Result<Wanted, String> {
        let value = Value::from_json(json).expect("a value");
        let extensions = Extensions([(EXTENSION.to_owned(), value)].into_iter().collect());
        Wanted::of(header, &extensions).map_err(|error| error.message)
    }

    #[test]
    fn a_reader_says_how_fresh_and_how_long() {
        let all =
            serde_json::json!({ "token": "b", "waitMs": 20, "allowStale": true, "asOf": "7" });
        let expected = Wanted {
            tokens: vec!["a".to_owned(), "b".to_owned()],
            wait: Duration::from_millis(20),
            allow_stale: true,
        };
        assert_eq!(wanted(Some("a"), all), Ok(expected));
        let token = wanted(None, serde_json::json!("b")).expect("a token");
        assert_eq!((token.tokens.len(), token.allow_stale), (1, false));
        assert!(wanted(None, serde_json::json!(null)).is_ok_and(|it| it.tokens.is_empty()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, field) in [
            (serde_json::json!(7), "extensions.consistency: "),
            (
                serde_json::json!({ "token": 7 }),
                "extensions.consistency.token: ",
            ),
            (
                serde_json::json!({ "waitMs": -1 }),
                "extensions.consistency.waitMs: ",
            ),
            (
                serde_json::json!({ "waitMs": 5001 }),
                "extensions.consistency.waitMs: ",
            ),
            (
                serde_json::json!({ "waitMs": "1" }),
                "extensions.consistency.waitMs: ",
            ),
            (
                serde_json::json!({ "allowStale": 1 }),
                "extensions.consistency.allowStale: ",
            ),
        ] {
            let message = wanted(None, json.clone()).expect_err("it is refused");
            assert!(message.starts_with(field), "{json}: {message}");
        }
    }
}
