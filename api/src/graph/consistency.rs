//! The consistency token: "at least as fresh as this", from a mutation to any later read.

use entrepot_domain::kernel::TenantId;

use crate::secrets::Secrets;

/// Header that carries a token, both ways.
pub(crate) const HEADER: &str = "entrepot-consistency";

/// What tokens are bound to.
const BINDING: &str = "consistency";

/// A position in a tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) tenant: TenantId,
    pub(crate) position: i64,
}

impl Token {
    /// The token as clients hold it.
    pub(crate) fn seal(self, secrets: &Secrets) -> String {
        secrets.seal_cursor(&format!("{} {}", self.tenant, self.position), BINDING)
    }

    /// The position of a client's token, if it was made here for this tenant.
    pub(crate) fn open(token: &str, tenant: TenantId, secrets: &Secrets) -> Option<Self> {
        let text = secrets.open_cursor(token, BINDING)?;
        let (of, position) = text.split_once(' ')?;
        (of.parse() == Ok(tenant.0)).then_some(Self {
            tenant,
            position: position.parse().ok()?,
        })
    }
}
