//! GraphQL over WebSocket: sub-protocol `graphql-transport-ws`.
//!
//! A socket is one reader that obeys the protocol (`connection`), one writer that owns the way
//! out (`outbound`), and one task for each operation (`operation`). The way out is bounded:
//! when a client reads slowly, its operations wait, and nothing is dropped.

mod connection;
mod operation;
mod origin;
mod outbound;
mod protocol;

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts as _, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};

use super::{
    answer, endpoint::Endpoint, entrance::Entrance, executor::GraphExecutor, identity,
    listener::ConnectionPermit, negotiate::Media, refusal::Refusal,
};
use crate::auth::Requester;

/// Bytes that a socket reads at once. It is held as long as the socket is: the library's own 128 KiB
/// would be most of what an idle one takes.
const READ_BUFFER: usize = 4 * 1024;
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// What is known of a client when its socket opens.
struct Opening {
    /// Where it opens.
    entrance: Entrance,
    /// Verified from the upgrade's `authorization`, if it had one.
    requester: Option<Arc<Requester>>,
    /// The upgrade's `entrepot-tenant`.
    tenant: Option<String>,
    /// Whether the sub-protocol was agreed on.
    agreed: bool,
    /// Counts the socket among the server's connections until it closes.
    permit: Option<ConnectionPermit>,
}

/// Answers an upgrade request. A token in its headers must be sound; one may also come with
/// `connection_init`, which is how browsers have to do it.
pub(super) async fn upgrade<E: GraphExecutor>(
    endpoint: Arc<Endpoint<E>>,
    entrance: Entrance,
    mut parts: Parts,
) -> Response {
    match open(&endpoint, entrance, &parts).await {
        Err(refusal) => answer::refused(refusal, Media::Json),
        Ok(mut opening) => {
            let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
                Ok(upgrade) => upgrade,
                Err(rejection) => return rejection.into_response(),
            };
            let bytes_max = endpoint.config.limits.socket.message_bytes_max;
            let upgrade = upgrade
                .read_buffer_size(READ_BUFFER)
                .max_message_size(bytes_max)
                .max_frame_size(bytes_max)
                .protocols([SUBPROTOCOL]);
            opening.agreed = upgrade.selected_protocol().is_some();
            upgrade.on_upgrade(move |socket| connection::serve(socket, endpoint, opening))
        }
    }
}

async fn open<E: GraphExecutor>(
    endpoint: &Endpoint<E>,
    entrance: Entrance,
    parts: &Parts,
) -> Result<Opening, Refusal> {
    let headers: &HeaderMap = &parts.headers;
    if !origin::allowed(headers, &endpoint.config.origins_allowed) {
        let message = "pages of this origin may not open sockets here";
        return Err(Refusal::transport(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            message,
        ));
    }
    entrance.open(&endpoint.config, headers)?;
    let requester = if headers.contains_key(header::AUTHORIZATION) {
        Some(entrance.requester(&endpoint.verifier, headers).await?)
    } else {
        None
    };
    Ok(Opening {
        entrance,
        requester,
        tenant: identity::text(headers, &identity::TENANT).map(str::to_owned),
        agreed: false,
        permit: parts.extensions.get::<ConnectionPermit>().cloned(),
    })
}
