//! The verified caller.

use super::{Role, Roles};

/// Who asks, for which tenant, in which roles. Made by [`Verifier::verify`] from a token, or by
/// [`Requester::system`] for the process itself; never from anything else a client sends.
///
/// [`Verifier::verify`]: super::Verifier::verify
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    pub(super) tenant: Option<String>,
    pub(super) platform: bool,
    pub(super) subject: String,
    pub(super) client: String,
    pub(super) roles: Roles,
    /// All roles of the token, also where it acts in one of them.
    pub(super) held: Roles,
    pub(super) channels: Vec<String>,
    pub(super) issuer: String,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
}

impl Requester {
    /// The process itself, on behalf of an operator at the command line or of a background task.
    /// `subject` names it in the log, for example `cli:import`.
    pub fn system(tenant: &str, subject: &str) -> Self {
        Self {
            tenant: Some(tenant.to_owned()),
            platform: true,
            subject: subject.to_owned(),
            client: subject.to_owned(),
            roles: [Role::Operator].into_iter().collect(),
            held: [Role::Operator].into_iter().collect(),
            channels: Vec::new(),
            issuer: "system".to_owned(),
            issued_at: i64::MAX,
            expires_at: i64::MAX,
        }
    }

    /// A router of a federation by itself: no tenant, no role.
    pub(crate) fn router() -> Self {
        Self {
            tenant: None,
            platform: false,
            subject: "router".to_owned(),
            client: "router".to_owned(),
            roles: Roles::EMPTY,
            held: Roles::EMPTY,
            channels: Vec::new(),
            issuer: "system".to_owned(),
            issued_at: i64::MAX,
            expires_at: i64::MAX,
        }
    }

    /// Somebody of a tenant in a role, of all of these channels.
    #[cfg(test)]
    pub(crate) fn acting(tenant: &str, role: Role, channels: &[&str]) -> Self {
        Self {
            platform: false,
            roles: [role].into_iter().collect(),
            held: [role].into_iter().collect(),
            channels: channels.iter().map(ToString::to_string).collect(),
            ..Self::system(tenant, "test")
        }
    }

    /// The same requester with a token of these roles.
    #[cfg(test)]
    pub(crate) fn holding(self, roles: &[Role]) -> Self {
        let roles: Roles = roles.iter().copied().collect();
        Self {
            roles,
            held: roles,
            ..self
        }
    }

    /// The same requester in one of its roles. `None` if it does not have that role.
    pub(crate) fn only(self, role: Role) -> Option<Self> {
        let roles = [role].into_iter().collect();
        self.roles.contains(role).then_some(Self { roles, ..self })
    }

    /// The slug of the selected tenant. `None` for a platform token that selected none, and for a
    /// router by itself.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Whether the token stands for the whole platform (`tenants: ["*"]`).
    pub const fn platform(&self) -> bool {
        self.platform
    }

    /// Claim `sub`: the person or the service.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Claim `client_id`, else `azp`, else `sub`: the application. Scopes idempotency keys.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The roles that it acts in here; empty only for a router by itself.
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// The known roles of the token, whichever of them it acts in here: for what must not depend on
    /// the entrance that a client chooses.
    pub(crate) const fn held(&self) -> Roles {
        self.held
    }

    /// The sales channels whose rows a partner sees.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// Claim `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Claim `iat`, in Unix seconds. What was revoked later is not there for the token any more.
    pub const fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// Claim `exp`, in Unix seconds. Streams and sockets end then.
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }
}
