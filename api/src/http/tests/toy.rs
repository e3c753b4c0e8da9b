//! A schema that says who called, counts, and streams.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, ErrorExtensions as _, InputObject, MergedObject, Object, Request, Response, Schema,
    ServerError, Subscription, Value,
};
use axum::Router;
use axum::http::HeaderValue;
use entrepot_event_store::clock;
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::net::TcpListener;

use crate::{
    auth::{IssueRequest, IssuerConfig, Role, Verifier, issue_embedded},
    http::{
        Caller, GraphExecutor, HttpConfig, InputTypes, ListenerConfig, Update, graphql_router,
        serve,
    },
};

pub(super) const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

#[derive(Default, MergedObject)]
pub(super) struct Query(Plain);

#[derive(Default)]
struct Plain;

#[derive(InputObject)]
struct Line {
    sku: String,
    quantity: Option<i32>,
}

#[Object]
impl Plain {
    async fn tenant(&self, context: &Context<'_>) -> Option<String> {
        caller(context).requester.tenant().map(str::to_owned)
    }

    async fn header(&self, context: &Context<'_>) -> Vec<String> {
        let caller = caller(context);
        let given = [
            &caller.idempotency_key,
            &caller.consistency,
            &caller.last_event_id,
        ];
        given.into_iter().flatten().cloned().collect()
    }

    async fn lines(&self, lines: Vec<Line>) -> Vec<String> {
        lines
            .into_iter()
            .map(|it| format!("{}x{}", it.sku, it.quantity.unwrap_or(1)))
            .collect()
    }

    async fn boom(&self) -> async_graphql::Result<i32> {
        tokio::task::yield_now().await;
        Err(async_graphql::Error::new("no").extend_with(|_, it| it.set("code", "BOOM")))
    }

    async fn throttled(&self, context: &Context<'_>) -> i32 {
        context.insert_http_header("retry-after", "7");
        1
    }

    async fn panics(&self) -> i32 {
        assert!(std::hint::black_box(false), "on purpose");
        1
    }

    async fn slow(&self) -> i32 {
        tokio::time::sleep(Duration::from_hours(1)).await;
        1
    }
}

pub(super) struct Mutation(Arc<AtomicUsize>);

#[Object]
impl Mutation {
    async fn count(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

pub(super) struct Numbers;

#[Subscription]
impl Numbers {
    /// The numbers behind `after` up to `to`, and then nothing.
    async fn numbers(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// No number, for ever.
    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    /// Numbers as fast as they are taken, for ever.
    async fn flood(&self) -> impl Stream<Item = String> {
        stream::repeat("x".repeat(1_000))
    }
}

fn caller<'c>(context: &Context<'c>) -> &'c Caller {
    context.data_unchecked::<Caller>()
}

#[derive(Clone)]
pub(super) struct Toy {
    schema: Schema<Query, Mutation, Numbers>,
    pub counted: Arc<AtomicUsize>,
}

impl Toy {
    pub(super) fn new() -> Self {
        let counted = Arc::new(AtomicUsize::new(0));
        let mutation = Mutation(Arc::clone(&counted));
        Self {
            schema: Schema::new(Query::default(), mutation, Numbers),
            counted,
        }
    }
}

impl GraphExecutor for Toy {
    async fn execute(&self, request: Request, caller: Caller) -> Response {
        if caller.requester.subject() == "throttled" {
            let mut error = ServerError::new("too much", None);
            error
                .extensions
                .get_or_insert_default()
                .set("code", "THROTTLED");
            return Response::from_errors(vec![error]);
        }
        self.schema.execute(request.data(caller)).await
    }

    async fn subscribe(&self, request: Request, caller: Caller) -> BoxStream<'static, Update> {
        match caller.requester.subject() {
            "late" => tokio::time::sleep(Duration::from_secs(5)).await,
            "stuck" => std::future::pending().await,
            "panics" => panic!("on purpose"),
            _ => {}
        }
        let after = caller
            .last_event_id
            .as_deref()
            .and_then(|id| id.parse().ok())
            .unwrap_or(0);
        let responses = self.schema.execute_stream(request.data(caller)).enumerate();
        let numbered = responses.skip(after).map(|(at, mut response)| {
            if response.errors.is_empty() {
                let cursor = Value::from((at + 1).to_string());
                response.extensions.insert("cursor".to_owned(), cursor);
            }
            Update::from(response)
        });
        numbered.boxed()
    }

    fn valid(&self, document: &str, _: &Caller) -> bool {
        !document.contains("unknown")
    }

    fn input_types(&self) -> InputTypes {
        InputTypes::from_sdl(&self.schema.sdl()).unwrap()
    }
}

/// A token of `subject` that lives for `ttl`.
pub(super) fn token(subject: &str, ttl: Duration) -> String {
    let request = IssueRequest {
        audience: "entrepot".to_owned(),
        subject: subject.to_owned(),
        tenant: Some("acme".to_owned()),
        platform: false,
        roles: [Role::Commerce].into_iter().collect(),
        channels: Vec::new(),
        ttl,
    };
    issue_embedded(SECRET, &request, clock::now()).unwrap()
}

pub(super) fn bearer() -> HeaderValue {
    let token = token("ann", Duration::from_mins(10));
    HeaderValue::from_str(&format!("Bearer {token}")).unwrap()
}

pub(super) fn verifier() -> Arc<Verifier> {
    let issuer = IssuerConfig::embedded(SECRET, "entrepot");
    Arc::new(Verifier::new(vec![issuer]).unwrap())
}

pub(super) fn router(toy: Toy, config: HttpConfig) -> Router {
    graphql_router(toy, verifier(), config)
}

/// Listens on a free port; gives the address.
pub(super) async fn listen(config: HttpConfig) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = config.shutdown.clone();
    let router = router(Toy::new(), config);
    tokio::spawn(serve(listener, router, ListenerConfig::default(), shutdown));
    address
}
