//! The embedded issuer: signs tokens for a single installation, the demo and the tests.
//!
//! It does not make or store its secret, and it is no login: whoever holds the secret is believed.

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;

use super::{IssuerError, Roles};
use crate::secrets::SECRET_MIN;

/// Claim `iss` of every embedded token; no other issuer may use it.
pub const EMBEDDED_ISSUER: &str = "entrepot-embedded";

/// A token to be issued.
#[derive(Clone, Debug)]
pub struct IssueRequest {
    /// Claim `aud`.
    pub audience: String,
    /// Claim `sub`, and `client_id` with it.
    pub subject: String,
    /// The tenant's slug; `None` for a platform token.
    pub tenant: Option<String>,
    /// Whether the token reaches every tenant (`tenants: ["*"]`).
    pub platform: bool,
    /// The roles; a token without any is of no use.
    pub roles: Roles,
    /// The channels of a partner.
    pub channels: Vec<String>,
    /// How long the token lives, whole seconds.
    pub ttl: Duration,
}

#[derive(Serialize)]
struct Body<'r> {
    iss: &'static str,
    aud: &'r str,
    sub: &'r str,
    client_id: &'r str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<[&'static str; 1]>,
    roles: Vec<&'static str>,
    /// The roles again, as routers read them that act on `@requiresScopes`.
    scope: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    channels: &'r [String],
}

/// Signs a token that [`IssuerConfig::embedded`] with the same secret believes from `now` on.
///
/// [`IssuerConfig::embedded`]: super::IssuerConfig::embedded
pub fn issue_embedded(
    secret: &[u8],
    request: &IssueRequest,
    now: Timestamp,
) -> Result<String, IssuerError> {
    if secret.len() < SECRET_MIN {
        return Err(IssuerError::SecretShort(secret.len()));
    }
    let issued_at = now.as_second();
    let ttl = i64::try_from(request.ttl.as_secs()).unwrap_or(i64::MAX);
    let roles: Vec<&str> = request.roles.iter().map(super::Role::name).collect();
    let body = Body {
        iss: EMBEDDED_ISSUER,
        aud: &request.audience,
        sub: &request.subject,
        client_id: &request.subject,
        iat: issued_at,
        exp: issued_at.saturating_add(ttl),
        tenant: request.tenant.as_deref(),
        tenants: request.platform.then_some(["*"]),
        scope: roles.join(" "),
        roles,
        channels: &request.channels,
    };
    let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    jsonwebtoken::encode(&header, &body, &EncodingKey::from_secret(secret))
        .map_err(IssuerError::Sign)
}
