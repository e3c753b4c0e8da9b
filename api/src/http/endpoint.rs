//! The GraphQL endpoint: POST, GET, streams, and the door to sockets.
//!
//! In this order: form of the request, then who asks, then the body, then the document. Nobody
//! unknown gets anything parsed.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
    routing::any,
};
use entrepot_event_store::clock;
use futures_util::{StreamExt as _, stream};

use super::{
    answer,
    config::HttpConfig,
    document::{self, InputTypes, Parsed, Prepared},
    entrance::{Entrance, is_router},
    executor::{Asked, Caller, GraphExecutor},
    headers, identity,
    negotiate::{Accepted, Media, check_content},
    parameters::{Parameters, read_body},
    persisted::{Persisted, Registration},
    refusal::Refusal,
    run, socket, streaming,
    subscriptions::Subscriptions,
    update::Update,
};
use crate::auth::Verifier;

/// Longest time a timer is set to. Tokens live days at most.
const FAR: Duration = Duration::from_hours(24 * 365);

/// What begins so is most often a command, which is never answered from memory: its input need not be
/// written down to be looked for.
const MUTATION: &str = "mutation";

/// One GraphQL endpoint.
pub(super) struct Endpoint<E> {
    pub executor: E,
    pub verifier: Arc<Verifier>,
    pub config: HttpConfig,
    pub input_types: InputTypes,
    parsed: Parsed,
    persisted: Persisted,
    subscriptions: Subscriptions,
}

/// A request with its document.
struct Found {
    request: async_graphql::Request,
    /// To be kept under its hash, if it is valid.
    register: Option<Registration>,
}

/// Serves `executor` at every [`Entrance`]: POST and GET, server-sent events, multipart subscriptions
/// and `graphql-transport-ws`.
pub fn graphql_router<E: GraphExecutor>(
    executor: E,
    verifier: Arc<Verifier>,
    config: HttpConfig,
) -> Router {
    let entrances = Entrance::all(&config);
    let input_types = executor.input_types();
    let parsed = Parsed::new(config.limits.document.clone());
    let persisted = Persisted::new(Arc::clone(&config.classes));
    let endpoint = Arc::new(Endpoint {
        executor,
        verifier,
        config,
        input_types,
        parsed,
        persisted,
        subscriptions: Subscriptions::default(),
    });
    let mut router = Router::new();
    for (entrance, path) in entrances {
        let handle = move |State(endpoint): State<Arc<Endpoint<E>>>, request: Request| {
            handle(endpoint, entrance, request)
        };
        router = router.route(&path, any(handle));
    }
    headers::secured(router.with_state(endpoint))
}

async fn handle<E: GraphExecutor>(
    endpoint: Arc<Endpoint<E>>,
    entrance: Entrance,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET && parts.headers.contains_key(header::UPGRADE) {
        return socket::upgrade(endpoint, entrance, parts).await;
    }
    let request_id = identity::request_id(&parts.headers);
    let accepted = Accepted::of(&parts.headers);
    let answered = endpoint
        .answer(entrance, &parts, body, accepted, &request_id)
        .await;
    let mut response = answered
        .unwrap_or_else(|refusal| answer::refused(refusal, accepted.single.unwrap_or_default()));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(identity::REQUEST_ID, value);
    }
    response
}

impl<E: GraphExecutor> Endpoint<E> {
    async fn answer(
        self: &Arc<Self>,
        entrance: Entrance,
        parts: &Parts,
        body: axum::body::Body,
        accepted: Accepted,
        request_id: &str,
    ) -> Result<Response, Refusal> {
        check_form(parts, accepted)?;
        entrance.open(&self.config, &parts.headers)?;
        let requester = entrance.requester(&self.verifier, &parts.headers).await?;
        let mut caller =
            identity::caller(requester, entrance, &parts.headers, request_id.to_owned());
        let parameters = if parts.method == Method::GET {
            Parameters::from_uri(&parts.uri)?
        } else {
            let limits = &self.config.limits;
            let body = read_body(body, limits.body_bytes_max, limits.body_timeout).await?;
            Parameters::from_json(&body)?
        };
        let found = self.find(parameters, &caller);
        if let Ok(Found {
            request,
            register: None,
        }) = &found
            && !request.query.starts_with(MUTATION)
        {
            caller.asked = Asked::of(request).map(Arc::new);
            if let Some(response) = run::recall(self, request, &caller).await {
                return Ok(self.answered(response, &caller, accepted));
            }
        }
        match found.and_then(|found| self.checked(found, &caller)) {
            Ok(prepared) if parts.method == Method::GET && prepared.mutates() => {
                let status = StatusCode::METHOD_NOT_ALLOWED;
                let message = "a mutation must be posted";
                Err(Refusal::transport(status, "METHOD_NOT_ALLOWED", message)
                    .header(header::ALLOW, "POST"))
            }
            Ok(prepared) if prepared.kind == OperationType::Subscription => {
                self.follow(prepared, caller, accepted, &parts.headers)
                    .await
            }
            Ok(prepared) => Ok(self.perform(prepared, caller, accepted).await),
            // A client that reads only a stream gets its refusal as one.
            Err(refusal) if accepted.single.is_none() && refusal.well_formed => Ok(self.stream(
                stream::iter([refusal.into_response().into()]).boxed(),
                &caller,
                accepted,
            )),
            Err(refusal) => Err(refusal),
        }
    }

    /// The request of these parameters, ready to run.
    pub(super) fn prepare(
        &self,
        parameters: Parameters,
        caller: &Caller,
    ) -> Result<Prepared, Refusal> {
        let found = self.find(parameters, caller)?;
        self.checked(found, caller)
    }

    /// The request of these parameters, with the document that they name or give.
    fn find(&self, mut parameters: Parameters, caller: &Caller) -> Result<Found, Refusal> {
        let document = self.persisted.find(parameters.asked(), &caller.requester)?;
        Ok(Found {
            request: parameters.into_request(document.text),
            register: document.register,
        })
    }

    fn checked(&self, found: Found, caller: &Caller) -> Result<Prepared, Refusal> {
        let prepared = document::prepare(found.request, &self.parsed, &self.input_types)?;
        prepared.check_key(caller.idempotency_key.as_deref())?;
        if let Some(registration) = found.register {
            let text = &prepared.request.query;
            if self.executor.valid(text, caller) {
                self.persisted.register(&registration, text);
            }
        }
        Ok(prepared)
    }

    async fn perform(
        self: &Arc<Self>,
        prepared: Prepared,
        caller: Caller,
        accepted: Accepted,
    ) -> Response {
        let response = run::run(self, prepared, caller.clone()).await;
        self.answered(response, &caller, accepted)
    }

    fn answered(
        &self,
        response: async_graphql::Response,
        caller: &Caller,
        accepted: Accepted,
    ) -> Response {
        match accepted.single {
            Some(media) => answer::executed(response, media),
            None => self.stream(stream::iter([response.into()]).boxed(), caller, accepted),
        }
    }

    async fn follow(
        &self,
        prepared: Prepared,
        caller: Caller,
        accepted: Accepted,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        if accepted.streaming.is_some() {
            // Before the head of the answer goes out: whoever has it misses nothing from then on.
            let source = self.subscribe(prepared, caller.clone()).await;
            return Ok(self.stream(source, &caller, accepted));
        }
        match &self.config.callbacks {
            Some(callbacks) if accepted.callback && is_router(&self.config, headers) => {
                callbacks.begin(self, prepared, caller).await
            }
            _ => {
                let message = "a subscription needs text/event-stream, multipart/mixed with \
                               subscriptionSpec=1.0, or a WebSocket; routers may be called back";
                let status = StatusCode::NOT_ACCEPTABLE;
                Err(Refusal::transport(status, "NOT_ACCEPTABLE", message))
            }
        }
    }

    /// Begins a subscription, if the tenant has not too many open already.
    pub(super) async fn subscribe(
        &self,
        prepared: Prepared,
        caller: Caller,
    ) -> stream::BoxStream<'static, Update> {
        let most = self.config.limits.tenant_subscriptions_max;
        let tenant = caller.requester.tenant().unwrap_or_default();
        let Some(open) = self.subscriptions.open(tenant, most) else {
            let message = format!("a tenant has at most {most} subscriptions open on one server");
            let refused = Refusal::request("SUBSCRIPTION_LIMIT", message);
            return stream::iter([refused.into_response().into()]).boxed();
        };
        run::begin(self, prepared, caller)
            .await
            .inspect(move |_| {
                // Held for as long as the stream is.
                let _held = &open;
            })
            .boxed()
    }

    fn stream(
        &self,
        updates: stream::BoxStream<'static, Update>,
        caller: &Caller,
        accepted: Accepted,
    ) -> Response {
        let source = streaming::Source {
            updates,
            lifetime: lifetime(caller.requester.expires_at()),
            keep_alive: self.config.limits.keep_alive,
            shutdown: self.config.shutdown.clone(),
        };
        match accepted.streaming {
            Some(kind) => streaming::respond(source, kind),
            None => answer::refused(not_acceptable(), Media::Json),
        }
    }
}

/// How long a token still lives.
pub(crate) fn lifetime(expires_at: i64) -> Duration {
    let now = clock::now();
    let left = expires_at.saturating_sub(now.as_second());
    let left = Duration::from_secs(u64::try_from(left).unwrap_or_default());
    let begun = Duration::from_nanos(u64::try_from(now.subsec_nanosecond()).unwrap_or_default());
    left.saturating_sub(begun).min(FAR)
}

/// Method, content type and accepted types: what needs no look at who asks.
fn check_form(parts: &Parts, accepted: Accepted) -> Result<(), Refusal> {
    match parts.method {
        Method::GET => {}
        Method::POST => check_content(&parts.headers)?,
        _ => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return Err(
                Refusal::transport(status, "METHOD_NOT_ALLOWED", "use POST or GET")
                    .header(header::ALLOW, "GET, POST"),
            );
        }
    }
    if accepted.single.is_none() && accepted.streaming.is_none() {
        return Err(not_acceptable());
    }
    Ok(())
}

fn not_acceptable() -> Refusal {
    let message = "accept application/graphql-response+json, application/json or text/event-stream";
    Refusal::transport(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
}
