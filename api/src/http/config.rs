//! What a deployment may set about the transport. The defaults are for production.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{callback::Callbacks, document::DocumentLimits, persisted::Classes};

/// Settings of one GraphQL endpoint.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The endpoint's path; `/graphql` by default. Below it, one for each role: `/graphql/finance`.
    pub path: String,
    /// What routers of a federation must show; without it there is no endpoint for them.
    pub router_secret: Option<String>,
    /// Which documents clients may send.
    pub classes: Arc<Classes>,
    /// Bounds on what one client may ask for.
    pub limits: Limits,
    /// Origins (`https://app.example.com`) whose pages may open sockets here, beside our own.
    pub origins_allowed: Vec<String>,
    /// Posts subscriptions to routers that ask for it; without it, that protocol is not spoken.
    pub callbacks: Option<Callbacks>,
    /// Cancelled when the server stops: sockets close with 1001 and streams end.
    pub shutdown: CancellationToken,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            path: "/graphql".to_owned(),
            router_secret: None,
            classes: Arc::default(),
            limits: Limits::default(),
            origins_allowed: Vec::new(),
            callbacks: None,
            shutdown: CancellationToken::new(),
        }
    }
}

/// Bounds on requests, streams and sockets.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bounds on the document itself.
    pub document: DocumentLimits,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// How long a body may take to come.
    pub body_timeout: Duration,
    /// How long a query may run. Mutations are never cut off: their outcome would be unknown.
    pub query_timeout: Duration,
    /// Subscriptions that a tenant may have open here, over all its sockets and streams.
    pub tenant_subscriptions_max: usize,
    /// How often a silent stream shows that it lives.
    pub keep_alive: Duration,
    /// Bounds on sockets.
    pub socket: SocketLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: DocumentLimits::default(),
            body_bytes_max: 256 * 1024,
            body_timeout: Duration::from_secs(10),
            query_timeout: Duration::from_secs(10),
            tenant_subscriptions_max: 20_000,
            keep_alive: Duration::from_secs(12),
            socket: SocketLimits::default(),
        }
    }
}

/// Bounds on one WebSocket.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// How long the client may take to send `connection_init`.
    pub init_timeout: Duration,
    /// Largest message in bytes.
    pub message_bytes_max: usize,
    /// Operations that run at one time.
    pub operations_max: usize,
    /// Messages that wait for the client; then operations wait.
    pub queue_messages_max: usize,
    /// How long one message may take to leave before the socket is given up.
    pub send_timeout: Duration,
    /// How often the server pings; a client silent for three of these is gone.
    pub ping_interval: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            init_timeout: Duration::from_secs(10),
            message_bytes_max: 64 * 1024,
            operations_max: 100,
            queue_messages_max: 16,
            send_timeout: Duration::from_mins(1),
            ping_interval: Duration::from_secs(15),
        }
    }
}
