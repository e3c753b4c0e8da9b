//! Queries of the tenant.

use async_graphql::{Context, Object, Result};

use super::types::Tenant;
use crate::graph::policy::{Allow, Area};
use crate::graph::session::session;

/// Queries of the tenant.
#[derive(Debug, Default)]
pub struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The caller's own tenant, as of the end of its log. Null before it was created.
    #[graphql(guard = "Allow(Area::Tenant)")]
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        let session = session(ctx)?;
        Tenant::read(session, session.tenant()?).await
    }
}
