//! Serves: the graph, health, metrics, until a signal; then stops with nothing lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use entrepot_event_store::db::Purpose;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::{IssuerConfig, Verifier};
use crate::bounds::{BoundArgs, TooManyExports};
use crate::config::{self, AUDIENCE};
use crate::export::export_router;
use crate::graph::{Executor, LiveLimits, graph};
use crate::http::{
    self, Callbacks, Classes, HttpConfig, ListenerConfig, Readiness, explorer_router,
    graphql_router, health_router,
};
use crate::open_files;
use crate::process::Workers;
use crate::secrets::SECRET_MIN;

/// What a serving process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Duty {
    /// Everything.
    All,
    /// Answers requests only.
    Api,
    /// Projects and keeps the clock only.
    Worker,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Address to listen on.
    #[arg(long, env = "ENTREPOT_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// What this process does; split it when one kind of work must not wait for the other.
    #[arg(long, env = "ENTREPOT_ROLE", value_enum, default_value_t = Duty::All)]
    pub role: Duty,
    /// JSON file of the production issuers whose tokens are believed.
    #[arg(long, env = "ENTREPOT_ISSUERS")]
    pub issuers: Option<std::path::PathBuf>,
    /// Believe tokens of the embedded issuer also where production issuers are configured.
    #[arg(long, env = "ENTREPOT_EMBEDDED_ISSUER")]
    pub embedded_issuer: bool,
    /// Origins whose pages may open sockets here, besides our own.
    #[arg(long, env = "ENTREPOT_ORIGINS", value_delimiter = ',')]
    pub origins: Vec<String>,
    /// Credential of the routers of a federation, at least 32 bytes: opens /federation to requests with it in the header entrepot-router.
    #[arg(long, env = "ENTREPOT_ROUTER_SECRET", hide_env_values = true)]
    pub router_secret: Option<String>,
    /// Hosts of routers (host or host:port) to which subscriptions may be posted by HTTP callback; none without it.
    #[arg(long, env = "ENTREPOT_CALLBACK_HOSTS", value_delimiter = ',')]
    pub callback_hosts: Vec<String>,
    /// JSON file of the classes of clients: which documents each may send, and the manifests of trusted ones.
    #[arg(long, env = "ENTREPOT_CLIENTS")]
    pub clients: Option<std::path::PathBuf>,
    /// Folder of the explorer, the page at `/`: what `scripts/explorer` builds.
    #[arg(long, env = "ENTREPOT_EXPLORER", default_value = "explorer/dist")]
    pub explorer: std::path::PathBuf,
    /// Connections open at one time, sockets included.
    #[arg(long, env = "ENTREPOT_CONNECTIONS", default_value_t = 20_000)]
    pub connections: u32,
    /// What one client and one tenant may take.
    #[command(flatten)]
    pub bounds: BoundArgs,
    /// Events that a subscriber may fall behind before its stream ends with SUBSCRIPTION_LAGGED.
    #[arg(long, env = "ENTREPOT_LAG_EVENTS", default_value_t = 100_000, value_parser = clap::value_parser!(i64).range(1..))]
    pub lag_events: i64,
    /// Seconds that an update may wait for its reader before the stream ends with
    /// SUBSCRIPTION_LAGGED; a connection that takes nothing for half a minute more is closed.
    #[arg(long, env = "ENTREPOT_LAG_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub lag_seconds: u64,
}

/// Why serving fails.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// A host to call back is wrong.
    #[error(transparent)]
    CallbackHost(#[from] http::HostError),
    /// An issuer is wrong.
    #[error(transparent)]
    Issuer(#[from] crate::auth::IssuerError),
    /// The classes of clients are wrong.
    #[error(transparent)]
    Clients(#[from] http::ClassError),
    /// Exports would leave nothing to read by.
    #[error(transparent)]
    Exports(#[from] TooManyExports),
    /// The schema is wrong.
    #[error("the schema: {0}")]
    Schema(#[from] crate::graph::SchemaError),
    /// The metrics' recorder is taken.
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Serves until `stop`. `ready` is told the address once requests are answered.
pub async fn serve(
    app: App,
    args: &ServeArgs,
    stop: CancellationToken,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    open_files::raise(u64::from(args.connections));
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let verifier = Arc::new(Verifier::new(issuers(&app, args)?)?);
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| ServeError::Listen(args.listen, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| ServeError::Listen(args.listen, error))?;
    let classes = args.clients.as_deref().map(Classes::read).transpose()?;
    let classes = classes.unwrap_or_default();
    let readers = args.bounds.readers(app.readers)?;
    let workers = (args.role != Duty::Api).then(|| Workers::of_app(&app));

    let callbacks = Callbacks::to(&args.callback_hosts)?;
    let mut router = health(&app, recorder);
    if args.role != Duty::Worker {
        let answer_bytes = usize::try_from(args.bounds.answer_bytes).unwrap_or(usize::MAX);
        let shared = Arc::new(App {
            answer_bytes,
            ..app.clone()
        });
        let executor = Executor::new(
            graph(),
            Arc::clone(&shared),
            args.bounds.costs(app.redis.clone(), &stop),
            readers.turns,
            live_limits(args),
            args.bounds.answers_bytes(),
        )?;
        router = router.merge(export_router(
            shared,
            Arc::clone(&verifier),
            readers.exports,
            stop.clone(),
        ));
        let mut config = HttpConfig {
            origins_allowed: args.origins.clone(),
            router_secret: router_secret(args)?,
            callbacks: callbacks.clone(),
            classes: Arc::new(classes),
            limits: args.bounds.limits(),
            shutdown: stop.clone(),
            ..HttpConfig::default()
        };
        config.limits.socket.send_timeout = write_timeout(args);
        router = router
            .merge(graphql_router(executor, verifier, config))
            .merge(explorer_router(&args.explorer));
    }
    ready(address);
    let connections = ListenerConfig {
        connections_max: args.connections,
        header_timeout: args.bounds.header_timeout,
        write_timeout: write_timeout(args),
        ..ListenerConfig::default()
    };
    http::serve(listener, router, connections, stop).await;
    if let Some(callbacks) = callbacks {
        callbacks.finished().await;
    }
    if let Some(workers) = workers {
        workers.stop().await;
    }
    app.store.db().close().await;
    Ok(())
}

/// Who takes nothing for this long is gone; who reads again before that is told that it lags.
const fn write_timeout(args: &ServeArgs) -> Duration {
    Duration::from_secs(args.lag_seconds + 30)
}

const fn live_limits(args: &ServeArgs) -> LiveLimits {
    LiveLimits {
        lag_events: args.lag_events,
        lag_time: Duration::from_secs(args.lag_seconds),
    }
}

fn router_secret(args: &ServeArgs) -> Result<Option<String>, config::ConfigError> {
    match &args.router_secret {
        Some(secret) if secret.len() < SECRET_MIN => Err(config::ConfigError::RouterSecretShort),
        secret => Ok(secret.clone()),
    }
}

fn issuers(app: &App, args: &ServeArgs) -> Result<Vec<IssuerConfig>, ServeError> {
    let mut issuers = args
        .issuers
        .as_deref()
        .map(config::issuers)
        .transpose()?
        .unwrap_or_default();
    if issuers.is_empty() || args.embedded_issuer {
        issuers.push(IssuerConfig::embedded(&app.secrets.jwt_key(), AUDIENCE));
    }
    Ok(issuers)
}

fn health(app: &App, recorder: PrometheusHandle) -> axum::Router {
    let db = app.store.db().clone();
    let ready = move || {
        let db = db.clone();
        async move {
            let answered = match db.begin_across_tenants(Purpose::Read).await {
                Ok(tx) => tx.rollback().await,
                Err(error) => Err(error),
            };
            Readiness::default().with(
                "database",
                answered.map_err(|_| "it does not answer".to_owned()),
            )
        }
    };
    health_router(ready, move || recorder.render())
}

/// Cancelled by SIGTERM or Ctrl-C.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let signalled = stop.clone();
    tokio::spawn(async move {
        let interrupt = tokio::signal::ctrl_c();
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt => {}
            () = terminated => {}
        }
        signalled.cancel();
    });
    stop
}
