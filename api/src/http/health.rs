//! What those ask who keep the server running: is it there, is it ready, how is it doing.
//!
//! Nothing here is authenticated. Serve it where only they can reach it.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use super::headers;

/// Whether the server can do its work, part by part.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    parts: BTreeMap<&'static str, Result<(), String>>,
}

impl Readiness {
    /// Adds a part. Its error is shown as it stands: no secrets, no addresses.
    #[must_use]
    pub fn with(mut self, part: &'static str, state: Result<(), String>) -> Self {
        self.parts.insert(part, state);
        self
    }

    fn ready(&self) -> bool {
        self.parts.values().all(Result::is_ok)
    }
}

#[derive(Serialize)]
struct Report {
    ready: bool,
    parts: BTreeMap<&'static str, String>,
}

impl IntoResponse for Readiness {
    fn into_response(self) -> Response {
        let ready = self.ready();
        let shown = |state: Result<(), String>| state.err().unwrap_or_else(|| "ok".to_owned());
        let parts = self
            .parts
            .into_iter()
            .map(|(part, state)| (part, shown(state)))
            .collect();
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let report = serde_json::to_string(&Report { ready, parts }).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/json")], report).into_response()
    }
}

/// `/healthz`: the process answers. `/readyz`: `ready` says so, part by part. `/metrics`: the
/// text of `metrics`, for Prometheus.
pub fn health_router<R, F, M>(ready: R, metrics: M) -> Router
where
    R: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Readiness> + Send + 'static,
    M: Fn() -> String + Send + Sync + 'static,
{
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(readyz::<R, F>).with_state(Arc::new(ready)))
        .route(
            "/metrics",
            get(exposition::<M>).with_state(Arc::new(metrics)),
        );
    headers::secured(router)
}

async fn readyz<R, F>(State(ready): State<Arc<R>>) -> Readiness
where
    R: Fn() -> F,
    F: Future<Output = Readiness>,
{
    ready().await
}

async fn exposition<M: Fn() -> String>(State(metrics): State<Arc<M>>) -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        metrics(),
    )
}
