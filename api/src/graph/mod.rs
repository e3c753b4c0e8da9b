//! The graph: one schema, one folder a business area, with its types, queries, commands and live
//! updates.
//!
//! What all areas share: [`session`] (who asks, and the one state that is read), [`policy`] (who may),
//! [`contract`] (what of the schema a caller may use), [`scalar`], [`page`] and [`connection`] (lists),
//! [`direct`] (rows straight to text), [`answers`] (given again), [`room`] (how large an answer may
//! become), [`cost`] (what operations cost and clients may spend), [`federation`] (what routers ask),
//! [`command`] (mutations), [`live`] (subscriptions), [`loader`] (batching), [`turns`] (who reads when).
//! Resolvers hold no rules and no SQL beyond a filter; another tenant's rows are out of reach of
//! any argument.

#![expect(
    unreachable_pub,
    reason = "the schema's types are public to the schema's derives, not to other crates"
)]
#![expect(
    clippy::unused_async,
    reason = "the schema's derives take resolvers as async functions"
)]

mod among;
mod answers;
mod catalog;
mod command;
mod connection;
pub(crate) mod consistency;
pub mod contract;
pub mod cost;
mod customers;
mod direct;
mod documents;
mod engine;
mod error;
mod executor;
mod federation;
mod fulfillment;
mod gid;
mod glances;
mod idempotent;
mod inventory;
mod live;
mod loader;
mod margins;
mod node;
mod orders;
mod page;
mod payments;
pub(crate) mod personal;
pub mod policy;
mod room;
mod scalar;
pub mod session;
mod snapshot;
mod subscriptions;
mod tenants;
pub mod turns;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema, ValidationMode};

pub use executor::{Executor, SchemaError};
pub use live::LiveLimits;

/// The graph's schema.
pub type Graph = Schema<Query, Mutation, Subscription>;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    orders::OrderQuery,
    inventory::InventoryQuery,
    margins::MarginQuery,
    catalog::CatalogQuery,
    customers::CustomerQuery,
    subscriptions::SubscriptionQuery,
    tenants::TenantQuery,
    node::NodeQuery,
    federation::FederationQuery,
);

/// Everything that can be commanded. Commands run one after the other.
#[derive(MergedObject, Default)]
pub struct Mutation(
    orders::OrderMutation,
    payments::PaymentMutation,
    fulfillment::FulfillmentMutation,
    inventory::InventoryMutation,
    catalog::CatalogMutation,
    customers::CustomerMutation,
    subscriptions::SubscriptionMutation,
    tenants::TenantMutation,
);

/// Everything that can be followed live.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    orders::OrderSubscription,
    inventory::InventorySubscription,
    margins::MarginSubscription,
    subscriptions::SubscriptionSubscription,
);

/// Builds the schema.
pub fn graph() -> Graph {
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .data(direct::Texts::default())
    .override_output_type_description::<catalog::ProductConnection>("Products, page by page.")
    .override_output_type_description::<customers::CustomerConnection>("Customers, page by page.")
    .override_output_type_description::<inventory::StockConnection>("Stock, page by page.")
    .override_output_type_description::<margins::MarginConnection>(
        "Order lines' margins, page by page.",
    )
    .override_output_type_description::<orders::OrderConnection>("Orders, page by page.")
    .override_output_type_description::<subscriptions::SubscriptionConnection>(
        "Subscriptions, page by page.",
    )
    .override_output_type_description::<subscriptions::MrrMovementConnection>(
        "Movements of recurring revenue, page by page.",
    )
    .limit_depth(15)
    .limit_recursive_depth(32)
    .limit_directives(10)
    .disable_suggestions()
    // The gate of the caller's contract validates.
    .validation_mode(ValidationMode::Fast)
    .directive(idempotent::idempotent)
    .extension(engine::EngineFactory)
    .finish()
}

/// The schema as text, all of it.
fn sdl_of(graph: &Graph) -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    graph.sdl_with_options(options)
}
