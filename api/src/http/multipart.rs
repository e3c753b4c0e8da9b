//! Multipart subscriptions, as Apollo's clients and routers read them.
//!
//! The delimiter follows each part rather than leading the next, so that a part is known to be
//! whole as soon as it is there.

use std::time::Duration;

use axum::body::Bytes;

use super::streaming::Moment;

pub(super) const CONTENT_TYPE: &str =
    "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\"";
/// The protocol wants a sign of life every five seconds.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// What stands before the first part.
pub(super) const START: &[u8] = b"\r\n--graphql";

pub(super) fn write(moment: &Moment) -> Bytes {
    match moment {
        Moment::Next(update) => part(&format!("{{\"payload\":{}}}", update.payload)),
        Moment::Silence => part("{}"),
        // An error of the transport stands beside the payload, and nothing follows.
        Moment::CutOff(update) => {
            let errors = update.payload.strip_prefix('{').unwrap_or(&update.payload);
            let mut last = part(&format!("{{\"payload\":null,{errors}")).to_vec();
            last.extend_from_slice(b"--\r\n");
            last.into()
        }
        Moment::Complete => Bytes::from_static(b"--\r\n"),
    }
}

fn part(json: &str) -> Bytes {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql").into()
}
