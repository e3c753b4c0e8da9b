//! Roles, as tokens carry them.

use std::fmt;

/// What a requester is to the tenant. Each role is one contract of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sells: catalog, orders, customers, stock.
    Commerce,
    /// Counts: payments, fees, costs, margins.
    Finance,
    /// Helps customers: orders and personal data, no margins.
    Support,
    /// An app from outside, bound to its channels.
    Partner,
    /// Runs the platform: tenants, policy, configuration.
    Operator,
}

impl Role {
    /// Every role, in the order of declaration.
    pub const ALL: [Self; 5] = [
        Self::Commerce,
        Self::Finance,
        Self::Support,
        Self::Partner,
        Self::Operator,
    ];

    /// The role's name in a token.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commerce => "commerce",
            Self::Finance => "finance",
            Self::Support => "support",
            Self::Partner => "partner",
            Self::Operator => "operator",
        }
    }

    /// The role of that name. Names are lower case; nothing else is understood.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A set of roles. Several roles mean the union of what each may see.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// How many sets there are.
    pub(crate) const SETS: usize = 1 << Role::ALL.len();

    /// The set that holds nothing.
    pub const EMPTY: Self = Self(0);

    /// Whether the set holds `role`.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether a role is in both sets.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The set's number among all sets.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether the set holds no role.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles of the set, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .into_iter()
            .filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_own_name_only() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
            assert_eq!(Role::from_name(&role.name().to_uppercase()), None);
        }
        assert_eq!(Role::from_name("admin"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let roles: Roles = [Role::Finance, Role::Partner].into_iter().collect();
        assert_eq!(
            roles.iter().collect::<Vec<_>>(),
            [Role::Finance, Role::Partner]
        );
        assert!(roles.intersects([Role::Commerce, Role::Partner].into_iter().collect()));
        assert!(!roles.contains(Role::Operator));
        assert!(Roles::EMPTY.is_empty());
    }
}
