//! Logins for BI on PostgreSQL: whoever comes with SQL sees one tenant, by the login's own name, and
//! of its views those that a role of the policy opens.

pub mod access;
mod error;
pub mod logins;
pub mod password;

pub use error::BiError;

use crate::auth::Role;

/// The roles that a login may have. A partner's rows are those of the channels in its token, which no
/// login carries: partners use the graph.
pub const LOGIN_ROLES: [Role; 4] = [Role::Commerce, Role::Finance, Role::Support, Role::Operator];

/// The group that carries a role's rights.
pub fn group_of(role: Role) -> String {
    format!("entrepot_bi_{}", role.name())
}
