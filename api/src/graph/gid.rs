//! Global ids: `gid://entrepot/Order/<uuid>`. Opaque to clients; the tenant never stands in them.

use async_graphql::{ID, Result};
use uuid::Uuid;

use super::error::bad_input;

const PREFIX: &str = "gid://entrepot/";

/// The global id of an object.
pub(crate) fn encode(kind: &str, id: Uuid) -> ID {
    ID(format!("{PREFIX}{kind}/{id}"))
}

/// The kind and the uuid of any global id.
pub(crate) fn parse(id: &ID) -> Option<(&str, Uuid)> {
    let (kind, id) = id.0.strip_prefix(PREFIX)?.split_once('/')?;
    Some((kind, Uuid::parse_str(id).ok()?))
}

/// The uuid of a global id that must be of one kind. A bare uuid is taken as well.
pub(crate) fn decode(id: &ID, kind: &str, field: &str) -> Result<Uuid> {
    let given = match parse(id) {
        Some((of, id)) if of == kind => Some(id),
        Some(_) => None,
        None => Uuid::parse_str(&id.0).ok(),
    };
    given.ok_or_else(|| bad_input(field, &format!("not an id of kind {kind}")))
}

/// The same for an id that may be absent.
pub(crate) fn decode_opt(id: Option<&ID>, kind: &str, field: &str) -> Result<Option<Uuid>> {
    id.map(|id| decode(id, kind, field)).transpose()
}
