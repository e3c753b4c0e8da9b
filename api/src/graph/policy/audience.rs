//! Whoever asks, as far as fields are concerned: the tables of the policy, folded for one look a field.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::Result;

use super::{Area, FIELDS, allows};
use crate::auth::Roles;
use crate::graph::error::fault;
use crate::http::Caller;

/// Roles, and whether a router asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The caller's roles.
    pub roles: Roles,
    /// Whether a router asks, so that the fields of Federation are there.
    pub router: bool,
}

/// The area of every field, by type and name.
static AREAS: LazyLock<HashMap<&str, HashMap<&str, Area>>> = LazyLock::new(|| {
    let mut areas: HashMap<&str, HashMap<&str, Area>> = HashMap::new();
    for (of, area, fields) in FIELDS {
        let fields = fields.split_ascii_whitespace().map(|field| (field, *area));
        areas.entry(of).or_default().extend(fields);
    }
    areas
});

/// The area of a field. What the table does not name is nobody's.
pub fn area_of(of: &str, field: &str) -> Option<Area> {
    AREAS.get(of)?.get(field).copied()
}

impl Audience {
    /// What a caller is.
    pub fn of(caller: &Caller) -> Self {
        Self {
            roles: caller.requester.roles(),
            router: caller.entrance.federation,
        }
    }

    /// Whether an area is open to it.
    pub fn may(self, area: Area) -> bool {
        match area {
            Area::Federation => self.router,
            area => allows(self.roles, area),
        }
    }

    /// Whether a field is. What the table does not name is closed.
    pub fn sees(self, of: &str, field: &str) -> bool {
        area_of(of, field).is_some_and(|area| self.may(area))
    }

    /// Refuses a field that is closed.
    ///
    /// # Errors
    ///
    /// `FORBIDDEN`.
    pub fn check(self, of: &str, field: &str) -> Result<()> {
        if self.sees(of, field) {
            return Ok(());
        }
        Err(fault("FORBIDDEN", "this field is not open to your roles"))
    }
}
