//! From a token to a requester: the signature first, then time and audience, then reach.

use std::{collections::HashMap, sync::Arc};

use entrepot_event_store::clock;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;

use super::{
    AuthError, ClaimNames, IssuerConfig, IssuerError, Requester, Role, Roles,
    claims::Claims,
    issuer::{Algorithm, KeyConfig},
    jose::Unverified,
    jwks::KeySet,
    verified::{Sent, Verified, VerifiedTokens, Window},
};

/// How far clocks may stand apart, in seconds.
const LEEWAY_S: i64 = 30;
/// Longest slug of a tenant.
const SLUG_BYTES_MAX: usize = 63;

const UNTRUSTED: AuthError = AuthError::Unauthenticated("the token is not from a trusted issuer");

/// Verifies tokens of the configured issuers.
pub struct Verifier {
    issuers: HashMap<String, Issuer>,
    verified: VerifiedTokens,
}

struct Issuer {
    config: IssuerConfig,
    keys: Keys,
}

enum Keys {
    Embedded(Arc<DecodingKey>),
    Jwks(Algorithm, KeySet),
}

impl Keys {
    /// The key of this id, as of now; an embedded one has no other.
    async fn key(&self, id: Option<&str>) -> Result<Arc<DecodingKey>, AuthError> {
        match self {
            Self::Embedded(key) => Ok(Arc::clone(key)),
            Self::Jwks(_, set) => set.key(id).await,
        }
    }
}

impl Verifier {
    /// A verifier that believes these issuers and no other. Key sets are read when first needed.
    pub fn new(issuers: Vec<IssuerConfig>) -> Result<Self, IssuerError> {
        let mut known = HashMap::new();
        for config in issuers {
            config.check()?;
            let keys = match &config.keys {
                KeyConfig::Embedded(secret) => {
                    Keys::Embedded(Arc::new(DecodingKey::from_secret(secret)))
                }
                KeyConfig::Jwks(algorithm, source) => {
                    Keys::Jwks(*algorithm, KeySet::new(*algorithm, source.clone()))
                }
            };
            let name = config.issuer.clone();
            if known
                .insert(name.clone(), Issuer { config, keys })
                .is_some()
            {
                return Err(IssuerError::Duplicate(name));
            }
        }
        Ok(Self {
            issuers: known,
            verified: VerifiedTokens::default(),
        })
    }

    /// Verifies `token` now. `tenant_header` (`entrepot-tenant`) selects among the tenants that
    /// the token lists, and can add none.
    pub async fn verify(
        &self,
        token: &str,
        tenant_header: Option<&str>,
    ) -> Result<Requester, AuthError> {
        self.verify_at(token, tenant_header, clock::now()).await
    }

    /// As [`Verifier::verify`], at a given time.
    pub async fn verify_at(
        &self,
        token: &str,
        tenant_header: Option<&str>,
        now: Timestamp,
    ) -> Result<Requester, AuthError> {
        let (sent, now) = (Sent::new(token, tenant_header), now.as_second());
        if let Some(verified) = self.verified.find(&sent, now)
            && self.trusts(&verified).await
        {
            return Ok(verified.requester.clone());
        }
        let token = Unverified::parse(token)?;
        let issuer = token
            .claims
            .text("iss")?
            .and_then(|name| self.issuers.get(name));
        let issuer = issuer.ok_or(UNTRUSTED)?;
        let key = issuer.check_signature(&token).await?;
        let window = issuer.check_validity(&token.claims, now)?;
        let requester = issuer.requester(&token.claims, tenant_header)?;
        let verified = Verified {
            requester: requester.clone(),
            key_id: token.key_id,
            key,
            window,
        };
        self.verified.keep(sent, verified);
        Ok(requester)
    }

    /// Whether the key that verified a token is its issuer's still.
    async fn trusts(&self, verified: &Verified) -> bool {
        let Some(issuer) = self.issuers.get(&verified.requester.issuer) else {
            return false;
        };
        let key = issuer.keys.key(verified.key_id.as_deref()).await;
        key.is_ok_and(|key| Arc::ptr_eq(&key, &verified.key))
    }
}

impl Issuer {
    /// The key that verifies the signature.
    async fn check_signature(&self, token: &Unverified<'_>) -> Result<Arc<DecodingKey>, AuthError> {
        if self.config.typed && !token.access_token {
            return Err(AuthError::Unauthenticated(
                "the token is not an access token",
            ));
        }
        let algorithm = match &self.keys {
            Keys::Embedded(_) if token.algorithm == "HS256" => jsonwebtoken::Algorithm::HS256,
            Keys::Jwks(algorithm, _) if token.algorithm == algorithm.name() => {
                library_name(*algorithm)
            }
            Keys::Embedded(_) | Keys::Jwks(..) => {
                return Err(AuthError::Unauthenticated(
                    "the issuer does not sign that way",
                ));
            }
        };
        let key = self.keys.key(token.key_id.as_deref()).await?;
        let signed = token.signed.as_bytes();
        match jsonwebtoken::crypto::verify(token.signature, signed, &key, algorithm) {
            Ok(true) => Ok(key),
            Ok(false) | Err(_) => Err(AuthError::Unauthenticated(
                "the token's signature does not verify",
            )),
        }
    }

    /// When the token is valid, and that it is now.
    fn check_validity(&self, claims: &Claims, now: i64) -> Result<Window, AuthError> {
        let missing = AuthError::Unauthenticated("the token lacks exp or iat");
        let expires_at = claims.seconds("exp")?.ok_or_else(|| missing.clone())?;
        let issued_at = claims.seconds("iat")?.ok_or(missing)?;
        let not_before = claims.seconds("nbf")?.unwrap_or(issued_at);
        let from = |at: i64| at.saturating_sub(LEEWAY_S);
        let until = expires_at.saturating_add(LEEWAY_S);
        let wrong = if now >= until {
            Some("the token has expired")
        } else if now < from(issued_at) {
            Some("the token was issued in the future")
        } else if now < from(not_before) {
            Some("the token is not valid yet")
        } else if expires_at.saturating_sub(issued_at) > self.config.ttl_max_s {
            Some("the token lives longer than its issuer may grant")
        } else if !claims
            .text_or_list("aud")?
            .contains(&self.config.audience.as_str())
        {
            Some("the token is for another audience")
        } else {
            None
        };
        let window = from(issued_at.max(not_before))..until;
        wrong.map_or(Ok(window), |why| Err(AuthError::Unauthenticated(why)))
    }

    fn requester(&self, claims: &Claims, selected: Option<&str>) -> Result<Requester, AuthError> {
        let names = &self.config.claims;
        let subject = claims.text("sub")?;
        let subject = subject.ok_or(AuthError::Unauthenticated("the token lacks sub"))?;
        let client = match claims.text("client_id")? {
            Some(id) => Some(id),
            None => claims.text("azp")?,
        };
        let roles: Roles = claims
            .list(&names.roles)?
            .into_iter()
            .filter_map(Role::from_name)
            .collect();
        if roles.is_empty() {
            return Err(AuthError::Forbidden(
                "the token carries no role that is known here",
            ));
        }
        let (tenant, platform) = select_tenant(claims, names, selected)?;
        Ok(Requester {
            tenant,
            platform,
            subject: subject.to_owned(),
            client: client.unwrap_or(subject).to_owned(),
            roles,
            held: roles,
            channels: claims
                .list(&names.channels)?
                .into_iter()
                .map(str::to_owned)
                .collect(),
            issuer: self.config.issuer.clone(),
            issued_at: claims.seconds("iat")?.unwrap_or_default(),
            expires_at: claims.seconds("exp")?.unwrap_or_default(),
        })
    }
}

/// The selected tenant, and whether the token reaches all of them.
fn select_tenant(
    claims: &Claims,
    names: &ClaimNames,
    selected: Option<&str>,
) -> Result<(Option<String>, bool), AuthError> {
    let own = claims.text(&names.tenant)?;
    let listed = claims.list(&names.tenants)?;
    let platform = listed.contains(&"*");
    let tenant = match selected {
        Some(slug) if own == Some(slug) || listed.contains(&slug) || platform => Some(slug),
        Some(_) => return Err(AuthError::Forbidden("the token does not reach that tenant")),
        None => own.or(match listed.as_slice() {
            [only] if *only != "*" => Some(*only),
            _ => None,
        }),
    };
    match tenant {
        Some(slug) if sound_slug(slug) => Ok((Some(slug.to_owned()), platform)),
        Some(_) => Err(AuthError::Forbidden("the tenant's name is malformed")),
        None if platform => Ok((None, true)),
        None if listed.is_empty() => Err(AuthError::Forbidden("the token names no tenant")),
        None => Err(AuthError::Forbidden(
            "select a tenant by the header entrepot-tenant",
        )),
    }
}

fn sound_slug(slug: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    slug.len() <= SLUG_BYTES_MAX
        && slug.bytes().all(inner)
        && !slug.is_empty()
        && !slug.starts_with('-')
}

const fn library_name(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
