//! The accept loop: bounded connections, bounded time for headers, an orderly end.
//!
//! It knows nothing of GraphQL, and does no TLS: a proxy in front does.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// Bytes of a request's head. Tokens are up to 8 KB; a query in a GET must fit beside.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Headers of one request.
const HEADERS_MAX: usize = 100;
/// Rest after a failed accept: file descriptors have run out, and come back as others close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// Connections open at one time, sockets included. Others wait in the kernel's queue.
    pub connections_max: u32,
    /// How long a request's head may take, and how long a connection may stand idle.
    pub header_timeout: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub write_timeout: Duration,
    /// How long connections may take to end when the server stops.
    pub drain_timeout: Duration,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_mins(1),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// One of the server's connections. It counts until its last clone is dropped, so that a socket
/// counts on after its upgrade.
#[derive(Clone, Debug)]
pub struct ConnectionPermit(
    #[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>,
);

/// Serves `app` until `shutdown`, then lets connections finish for `drain_timeout`.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    config: ListenerConfig,
    shutdown: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(config.connections_max as usize));
    let mut connections = JoinSet::new();
    while let Some((stream, permit)) = accept(&listener, &slots, &shutdown).await {
        while connections.try_join_next().is_some() {}
        let connection = connection(
            stream,
            app.clone(),
            permit,
            config.clone(),
            shutdown.clone(),
        );
        connections.spawn(connection);
    }
    drop(listener);
    if timeout(
        config.drain_timeout,
        slots.acquire_many(config.connections_max),
    )
    .await
    .is_err()
    {
        tracing::warn!("connections were still open at the end of the time to drain them");
    }
}

/// The next connection; `None` when the server stops.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, ConnectionPermit)> {
    let next = async {
        let permit = Arc::clone(slots).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, ConnectionPermit(Arc::new(permit)))),
                Err(error) if of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection was accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    shutdown.run_until_cancelled(next).await.flatten()
}

fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn connection(
    stream: TcpStream,
    app: Router,
    permit: ConnectionPermit,
    config: ListenerConfig,
    shutdown: CancellationToken,
) {
    // Small answers leave at once; a socket that refuses the option still serves.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(config.write_timeout));
    let app = TowerToHyperService::new(app);
    let held = permit.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(permit.clone());
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a connection broke off"
        );
    }
    drop(held);
}
