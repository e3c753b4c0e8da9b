//! The public keys of one issuer: read when first needed, kept, renewed when they must be.
//!
//! A key id that is not known makes one attempt to renew, at most every [`REFRESH_INTERVAL`], so
//! that a flood of invented ids costs the identity provider nothing. When renewing fails, the
//! last good set stays in force. Redirects are not followed.

use std::{
    collections::HashMap,
    io::Read as _,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use super::{Algorithm, AuthError, IssuerError, JwksSource};

/// Least time between two attempts to renew.
const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// Age at which a set is renewed although every key id was known: a withdrawn key goes then.
const AGE_MAX: Duration = Duration::from_mins(10);
/// A key set of a hundred RSA keys is a tenth of this.
const SET_BYTES_MAX: u64 = 256 * 1024;
/// How long a key set may take to come.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of one issuer.
pub(super) struct KeySet {
    algorithm: Algorithm,
    source: JwksSource,
    current: RwLock<Arc<Keys>>,
    attempted: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, Arc<DecodingKey>>,
    /// The only key, when the set has one without an id.
    single: Option<Arc<DecodingKey>>,
    read_at: Option<Instant>,
}

impl KeySet {
    pub(super) fn new(algorithm: Algorithm, source: JwksSource) -> Self {
        Self {
            algorithm,
            source,
            current: RwLock::default(),
            attempted: Mutex::new(None),
        }
    }

    /// The key of that id, renewing the set if it has none or is old.
    pub(super) async fn key(&self, id: Option<&str>) -> Result<Arc<DecodingKey>, AuthError> {
        let keys = self.current();
        let known = keys.find(id);
        if known.is_none() || keys.old() {
            self.renew(known.is_none()).await;
        }
        let keys = self.current();
        match keys.find(id) {
            Some(key) => Ok(key),
            None if keys.read_at.is_none() => Err(AuthError::KeysUnavailable),
            None => Err(AuthError::Unauthenticated("the token's key is not known")),
        }
    }

    /// Reads the set anew, unless that was just tried. Those who wait for a key wait for a
    /// renewal under way; those who have one go on with it.
    async fn renew(&self, wait: bool) {
        let mut attempted = match self.attempted.try_lock() {
            Ok(free) => free,
            Err(_) if wait => self.attempted.lock().await,
            Err(_) => return,
        };
        if attempted.is_some_and(|at| at.elapsed() < REFRESH_INTERVAL) {
            return;
        }
        *attempted = Some(Instant::now());
        match self.read().await {
            Ok(keys) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an issuer's key set was not renewed; the last good one stays in force"
            ),
        }
    }

    async fn read(&self) -> Result<Keys, IssuerError> {
        let source = self.source.clone();
        let json = tokio::task::spawn_blocking(move || match &source {
            JwksSource::File(path) => read_file(path),
            JwksSource::Url(url) => fetch(url),
        })
        .await
        .map_err(|_| IssuerError::Stopping)??;
        Keys::parse(&json, self.algorithm)
    }

    fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keys {
    fn parse(json: &[u8], algorithm: Algorithm) -> Result<Self, IssuerError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }

        let set: Set = serde_json::from_slice(json).map_err(IssuerError::Malformed)?;
        let mut keys = Self {
            read_at: Some(Instant::now()),
            ..Self::default()
        };
        let mut unnamed = Vec::new();
        // A key of a kind that is not understood here is another service's business.
        let known = set
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        for jwk in known.filter(|jwk| usable(jwk, algorithm)) {
            let Ok(key) = DecodingKey::from_jwk(&jwk).map(Arc::new) else {
                continue;
            };
            match jwk.common.key_id {
                Some(id) => drop(keys.by_id.insert(id, key)),
                None => unnamed.push(key),
            }
        }
        if keys.by_id.is_empty() && unnamed.len() == 1 {
            keys.single = unnamed.pop();
        }
        if keys.by_id.is_empty() && keys.single.is_none() {
            return Err(IssuerError::NoKey);
        }
        Ok(keys)
    }

    fn find(&self, id: Option<&str>) -> Option<Arc<DecodingKey>> {
        let named = id.and_then(|id| self.by_id.get(id));
        named.or(self.single.as_ref()).map(Arc::clone)
    }

    fn old(&self) -> bool {
        self.read_at.is_none_or(|at| at.elapsed() > AGE_MAX)
    }
}

fn usable(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let for_signatures = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let declared = jwk.common.key_algorithm.as_ref().map(ToString::to_string);
    let agrees = declared.is_none_or(|name| name == algorithm.name());
    let fits = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::Rs256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::Es256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDsa) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    for_signatures && agrees && fits
}

fn read_file(path: &Path) -> Result<Vec<u8>, IssuerError> {
    let failed = |source| IssuerError::Read {
        path: path.to_owned(),
        source,
    };
    let mut json = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(SET_BYTES_MAX + 1)
        .read_to_end(&mut json)
        .map_err(failed)?;
    if json.len() as u64 > SET_BYTES_MAX {
        return Err(IssuerError::Large(SET_BYTES_MAX));
    }
    Ok(json)
}

fn fetch(url: &str) -> Result<Vec<u8>, IssuerError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(FETCH_TIMEOUT))
        .max_redirects(0)
        .max_redirects_will_error(true)
        .build()
        .into();
    let answer = agent.get(url).header("accept", "application/json").call();
    let mut answer = answer.map_err(|error| IssuerError::Fetch(Box::new(error)))?;
    let body = answer
        .body_mut()
        .with_config()
        .limit(SET_BYTES_MAX)
        .read_to_vec();
    body.map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(limit) => IssuerError::Large(limit),
        other => IssuerError::Fetch(Box::new(other)),
    })
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
