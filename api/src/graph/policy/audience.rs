//! Whoever asks, as far as fields are concerned: the tables of the policy, folded for one look a field.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::Result;

use super::{Area, FIELDS, allows};
use crate::auth::{Role, Roles};
use crate::graph::error::fault;
use crate::http::Caller;

/// Roles, and whether a router asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Audience {
    /// The caller's roles.
    pub roles: Roles,
    /// Whether a router asks, so that the fields of Federation are there.
    pub router: bool,
}

/// By type and name.
type Fields<T> = HashMap<&'static str, HashMap<&'static str, T>>;

/// The area of every field, and the roles that it is open to.
static OPEN: LazyLock<Fields<(Area, Roles)>> = LazyLock::new(|| {
    let mut open: Fields<(Area, Roles)> = HashMap::new();
    for (of, area, fields) in FIELDS {
        let may = |role: &Role| allows([*role].into_iter().collect(), *area);
        let roles = Role::ALL.into_iter().filter(may).collect();
        let fields = fields.split_ascii_whitespace();
        let fields = fields.map(|field| (field, (*area, roles)));
        open.entry(of).or_default().extend(fields);
    }
    open
});

fn open(of: &str, field: &str) -> Option<(Area, Roles)> {
    OPEN.get(of)?.get(field).copied()
}

/// The area of a field. What the table does not name is nobody's.
pub fn area_of(of: &str, field: &str) -> Option<Area> {
    Some(open(of, field)?.0)
}

/// Areas whose fields are read from the read models alone.
const FROM_ROWS: [Area; 10] = [
    Area::Shared,
    Area::Orders,
    Area::Fees,
    Area::Customers,
    Area::Catalog,
    Area::Stock,
    Area::StockCost,
    Area::Margins,
    Area::Subscriptions,
    Area::RecurringRevenue,
];
/// Fields of those areas that look elsewhere: into the log, and into the vault for an e-mail address.
const NOT_FROM_ROWS: [(&str, &str); 3] = [
    ("Query", "customers"),
    ("Query", "node"),
    ("Query", "nodes"),
];

/// Whether a field's value follows from the rows that the caller may see, the argument's values and
/// nothing else.
pub fn follows_from_rows(of: &str, field: &str) -> bool {
    area_of(of, field).is_some_and(|area| FROM_ROWS.contains(&area))
        && !NOT_FROM_ROWS.contains(&(of, field))
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
        match open(of, field) {
            Some((Area::Federation, _)) => self.router,
            Some((_, roles)) => self.roles.intersects(roles),
            None => false,
        }
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
