//! The graph as a subgraph of Apollo Federation 2: what routers ask, and nobody else may.
//!
//! A router's credential opens these fields and no data: what an entity shows depends on the token
//! of the caller for whom the router asks, exactly as without a router.

mod entities;
mod sdl;

use std::sync::Arc;

use async_graphql::{Any, Context, Object, Result, SimpleObject};

use super::contract::Contracts;
use super::error::{bad_input, broken};
use super::node;
use super::session::session;

pub use entities::Entity;
pub(super) use sdl::subgraph;

/// The most representations of one `_entities`: four of the longest pages.
const REPRESENTATIONS_MAX: usize = 1000;

/// What routers ask.
#[derive(Debug, Default)]
pub struct FederationQuery;

/// The subgraph itself.
#[derive(Debug, SimpleObject)]
#[graphql(name = "_Service")]
pub struct Service {
    /// The subgraph's schema, with the directives of Federation.
    sdl: String,
}

#[Object]
impl FederationQuery {
    /// The subgraph itself.
    #[graphql(name = "_service")]
    async fn service(&self, ctx: &Context<'_>) -> Result<Service> {
        let contracts = ctx.data::<Arc<Contracts>>()?;
        let sdl = contracts.subgraph(session(ctx)?.caller().entrance.contract);
        let sdl = sdl.map_err(|error| {
            tracing::error!(%error, "the subgraph has no schema");
            broken()
        })?;
        Ok(Service {
            sdl: (*sdl).to_owned(),
        })
    }

    /// Entities by their keys, in the same order, at most 1000. Null in the place of each that does
    /// not exist or that the caller may not see.
    #[graphql(name = "_entities")]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Objects with `__typename` and the fields of a key.")]
        representations: Vec<Any>,
    ) -> Result<Vec<Option<Entity>>> {
        if representations.len() > REPRESENTATIONS_MAX {
            return Err(bad_input("representations", "must be at most 1000"));
        }
        let keys = representations.iter();
        let keys = keys.map(|representation| entities::key(&representation.0));
        let found = node::find(ctx, keys.collect()).await;
        let found = node::in_place(ctx, found).into_iter();
        Ok(found.map(|node| node.map(Entity::from)).collect())
    }
}
