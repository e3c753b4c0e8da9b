//! Queries of the tenant.

use async_graphql::{Context, Object, Result};

use super::types::Tenant;
use crate::graph::session::session;

/// Queries of the tenant.
#[derive(Debug, Default)]
pub struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The caller's own tenant, as of the end of its log. Null before it was created.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        let session = session(ctx)?;
        Tenant::read(session, session.tenant()?).await
    }
}
