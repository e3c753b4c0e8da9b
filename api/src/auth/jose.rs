//! The outer form of a token: three segments, and a header that may name nothing but a key.
//!
//! Nothing here is trusted yet. The header says which key to try; it never brings one along,
//! and never says where to fetch one (RFC 8725 section 3, RFC 9068 section 4).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{AuthError, claims::Claims};

/// Longest token that is looked at. Real ones are one or two kilobytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Longest key id. It is only a key into a map in memory.
const KEY_ID_BYTES_MAX: usize = 256;
/// Header names that bring or locate keys, or demand what is not implemented.
const HEADERS_REFUSED: [&str; 5] = ["crit", "jku", "jwk", "x5u", "x5c"];

const MALFORMED: AuthError = AuthError::Unauthenticated("the token is malformed");

/// A token taken apart, its signature not yet checked.
pub(super) struct Unverified<'t> {
    /// What was signed: header and claims as they came.
    pub signed: &'t str,
    /// The signature, still encoded.
    pub signature: &'t str,
    /// Header `alg`.
    pub algorithm: String,
    /// Header `kid`.
    pub key_id: Option<String>,
    /// Header `typ` says access token, in either spelling.
    pub access_token: bool,
    /// The claims; they mean nothing before the signature is verified.
    pub claims: Claims,
}

impl<'t> Unverified<'t> {
    pub(super) fn parse(token: &'t str) -> Result<Self, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Unauthenticated("the token is too long"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = signed.split_once('.').ok_or(MALFORMED)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(MALFORMED);
        }
        let header = Claims::parse(&decode(header)?)?;
        if HEADERS_REFUSED.iter().any(|name| header.has(name)) {
            return Err(AuthError::Unauthenticated(
                "the token's header names a key or an extension",
            ));
        }
        let key_id = header.text("kid")?.map(str::to_owned);
        if key_id.as_deref().is_some_and(|id| !sound_key_id(id)) {
            return Err(AuthError::Unauthenticated(
                "the token's key id is malformed",
            ));
        }
        Ok(Self {
            signed,
            signature,
            algorithm: header.text("alg")?.ok_or(MALFORMED)?.to_owned(),
            key_id,
            access_token: header.text("typ")?.is_some_and(access_token_type),
            claims: Claims::parse(&decode(claims)?)?,
        })
    }
}

fn decode(segment: &str) -> Result<Vec<u8>, AuthError> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| MALFORMED)
}

/// Thumbprints, base64 of either alphabet, URNs and plain names: what providers call their keys.
fn sound_key_id(id: &str) -> bool {
    id.len() <= KEY_ID_BYTES_MAX
        && !id.contains("..")
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=:.".contains(&byte))
}

fn access_token_type(name: &str) -> bool {
    name.eq_ignore_ascii_case("at+jwt") || name.eq_ignore_ascii_case("application/at+jwt")
}
