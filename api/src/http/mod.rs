//! The transport: GraphQL over HTTP, server-sent events, multipart and WebSocket.
//!
//! It turns bytes into requests and responses into bytes, exactly as the specifications have it,
//! and lets nothing through that is too large, too slow, too deep or from nobody. It does not
//! know the schema: an executor answers ([`GraphExecutor`]), the token says who asks
//! ([`auth`](crate::auth)).
//!
//! Read in this order: `entrance` and `endpoint` (the way of a request), `document` (what is checked before
//! anything runs), `answer` and `streaming` (the ways back), `socket`.

mod answer;
mod callback;
mod config;
mod document;
mod endpoint;
mod entrance;
mod events;
mod executor;
mod explorer;
mod headers;
mod health;
mod identity;
mod listener;
mod multipart;
mod negotiate;
mod parameters;
mod persisted;
mod polled;
mod refusal;
mod run;
mod socket;
mod streaming;
mod subscriptions;
mod update;

pub(crate) use answer::json_of;
pub use callback::{Callbacks, HostError};
pub use config::{HttpConfig, Limits, SocketLimits};
pub(crate) use document::Again;
pub use document::{DocumentLimits, InputTypes};
pub use endpoint::graphql_router;
pub(crate) use endpoint::lifetime;
pub use entrance::Entrance;
pub use executor::{Admission, Asked, Caller, GraphExecutor};
pub use explorer::explorer_router;
pub use headers::secured;
pub use health::{Readiness, health_router};
pub(crate) use identity::{REQUEST_ID, request_id, requester};
pub use listener::{ConnectionPermit, ListenerConfig, serve};
pub use persisted::{ClassError, Classes};
pub(crate) use refusal::Refusal;
pub use update::Update;

#[cfg(test)]
mod tests;
