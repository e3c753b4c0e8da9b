//! The entrances: one endpoint of the graph for each way to meet it.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use sha2::{Digest as _, Sha256};

use super::{config::HttpConfig, identity, refusal::Refusal};
use crate::auth::{Requester, Role, Verifier};

/// Carries a router's credential.
const ROUTER: HeaderName = HeaderName::from_static("entrepot-router");
/// Where routers of a federation ask.
const FEDERATION: &str = "/federation";

/// An endpoint, and what it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entrance {
    /// For routers: the fields of Federation are there, and a credential is asked for.
    pub federation: bool,
    /// The one role that is spoken here; all of the token's if `None`.
    pub contract: Option<Role>,
}

impl Entrance {
    /// The entrances and their paths. Without a credential to ask for there is none for routers.
    pub(super) fn all(config: &HttpConfig) -> Vec<(Self, String)> {
        let graph = [(false, config.path.as_str())];
        let federation = config.router_secret.as_ref().map(|_| (true, FEDERATION));
        let mut entrances = Vec::new();
        for (federation, path) in graph.into_iter().chain(federation) {
            let roles = Role::ALL.into_iter().map(Some);
            for contract in std::iter::once(None).chain(roles) {
                let path = match contract {
                    None => path.to_owned(),
                    Some(role) => format!("{path}/{role}"),
                };
                let entrance = Self {
                    federation,
                    contract,
                };
                entrances.push((entrance, path));
            }
        }
        entrances
    }

    /// Whether the way is open: a router must show its credential.
    pub(super) fn open(self, config: &HttpConfig, headers: &HeaderMap) -> Result<(), Refusal> {
        if !self.federation || is_router(config, headers) {
            return Ok(());
        }
        Err(Refusal::transport(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "a router's credential is needed in the header entrepot-router",
        ))
    }

    /// Who asks here. A router may ask without a token; then it learns the schema and nothing else.
    pub(super) async fn requester(
        self,
        verifier: &Verifier,
        headers: &HeaderMap,
    ) -> Result<Arc<Requester>, Refusal> {
        if self.federation && !headers.contains_key(header::AUTHORIZATION) {
            return Ok(Arc::new(Requester::router()));
        }
        let requester = identity::requester(verifier, headers).await?;
        self.narrow(requester).ok_or_else(|| {
            let message = "your token does not have the role of this endpoint";
            Refusal::transport(StatusCode::FORBIDDEN, "FORBIDDEN", message)
        })
    }

    /// The requester as this entrance takes it: in the endpoint's role and no other.
    pub(super) fn narrow(self, requester: Requester) -> Option<Arc<Requester>> {
        match self.contract {
            None => Some(requester),
            Some(role) => requester.only(role),
        }
        .map(Arc::new)
    }
}

/// Whether a request shows the credential of a router.
pub(super) fn is_router(config: &HttpConfig, headers: &HeaderMap) -> bool {
    let given = headers
        .get(&ROUTER)
        .map(|value| Sha256::digest(value.as_bytes()));
    let wanted = config.router_secret.as_ref().map(Sha256::digest);
    // Digests, so that the time to compare tells nothing of the secret.
    wanted.is_some() && given == wanted
}
