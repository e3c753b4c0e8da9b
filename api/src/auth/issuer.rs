//! Issuers of tokens, as they are configured.
//!
//! An issuer signs by one algorithm only, so that a public key can never be taken for a secret.
//! The shared secret belongs to the embedded issuer and to no other: the types say so.

use std::path::PathBuf;

use super::{ClaimNames, EMBEDDED_ISSUER, IssuerError};
use crate::secrets::SECRET_MIN;

/// Longest life of a token, from `iat` to `exp`, unless an issuer says otherwise.
const TTL_MAX_S: i64 = 24 * 60 * 60;

/// How a production issuer signs. Public keys only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The name in the header `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256, Self::EdDsa]
            .into_iter()
            .find(|it| it.name() == name)
    }
}

/// Where a production issuer's public keys stand, as a JWK set (RFC 7517).
#[derive(Clone, Debug)]
pub enum JwksSource {
    /// A file on this host.
    File(PathBuf),
    /// An https address, or http on a loopback host.
    Url(String),
}

impl JwksSource {
    /// Reads `https://…` and `http://…` as addresses, anything else as a path.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("https://") || text.starts_with("http://") {
            Self::Url(text.to_owned())
        } else {
            Self::File(PathBuf::from(text))
        }
    }
}

/// What proves a signature.
#[derive(Clone)]
pub(super) enum KeyConfig {
    /// HS256 with a secret of this installation.
    Embedded(Vec<u8>),
    /// Public keys of an identity provider.
    Jwks(Algorithm, JwksSource),
}

/// One issuer whose tokens are believed.
#[derive(Clone)]
pub struct IssuerConfig {
    /// Claim `iss`, compared byte by byte.
    pub issuer: String,
    /// Our name in claim `aud`.
    pub audience: String,
    /// Longest life of a token in seconds, `exp` minus `iat`; 24 h by default.
    pub ttl_max_s: i64,
    /// What the issuer calls our claims.
    pub claims: ClaimNames,
    /// Whether header `typ` must be `at+jwt` (RFC 9068). Many identity providers write `JWT`;
    /// then only the audience tells an access token from an identity token.
    pub typed: bool,
    pub(super) keys: KeyConfig,
}

impl IssuerConfig {
    /// The issuer of this installation itself: HS256, its own name, `typ` not required.
    pub fn embedded(secret: &[u8], audience: &str) -> Self {
        Self {
            issuer: EMBEDDED_ISSUER.to_owned(),
            audience: audience.to_owned(),
            ttl_max_s: TTL_MAX_S,
            claims: ClaimNames::default(),
            typed: false,
            keys: KeyConfig::Embedded(secret.to_vec()),
        }
    }

    /// An identity provider: one algorithm, public keys, `typ: at+jwt` required.
    pub fn production(
        issuer: &str,
        audience: &str,
        algorithm: Algorithm,
        source: JwksSource,
    ) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            ttl_max_s: TTL_MAX_S,
            claims: ClaimNames::default(),
            typed: true,
            keys: KeyConfig::Jwks(algorithm, source),
        }
    }

    pub(super) fn check(&self) -> Result<(), IssuerError> {
        let embedded = matches!(self.keys, KeyConfig::Embedded(_));
        if embedded != (self.issuer == EMBEDDED_ISSUER) || self.issuer.is_empty() {
            return Err(IssuerError::Name(self.issuer.clone()));
        }
        match &self.keys {
            KeyConfig::Embedded(secret) if secret.len() < SECRET_MIN => {
                Err(IssuerError::SecretShort(secret.len()))
            }
            KeyConfig::Jwks(_, JwksSource::Url(url)) if !safe_to_fetch(url) => {
                Err(IssuerError::Insecure(url.clone()))
            }
            KeyConfig::Embedded(_) | KeyConfig::Jwks(..) => Ok(()),
        }
    }
}

fn safe_to_fetch(url: &str) -> bool {
    let Ok(url) = url.parse::<axum::http::Uri>() else {
        return false;
    };
    match (url.scheme_str(), url.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "127.0.0.1" | "[::1]" | "localhost"),
        _ => false,
    }
}
