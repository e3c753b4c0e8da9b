//! What a customer looks like.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Result};
use entrepot_entity::customers;
use entrepot_projections::customers as model;

use crate::graph::direct::{fields, names};
use crate::graph::error::corrupt;
use crate::graph::gid;
use crate::graph::orders::{self, OrderConnection, OrderFilter, OrderSort};
use crate::graph::page::PageArgs;
use crate::graph::personal::{self, PersonalRecord};
use crate::graph::scalar::DateTime;

/// Somebody who orders.
#[derive(Clone)]
pub struct Customer(pub(crate) Arc<customers::Model>);

/// Whether a customer's person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CustomerStatus {
    /// Orders are taken; personal data may be there.
    Active,
    /// Personal data was destroyed for good; new orders are refused.
    Erased,
}

names!(CustomerStatus);

fields! {
    /// Somebody who orders.
    Customer {
        /// Global id.
        pub(in crate::graph) id: ID = |it| gid::encode("Customer", it.0.customer_id);

        /// The system or channel that the customer came from. Null for one registered here.
        external_system: Option<&str> = |it| it.0.external_system.as_deref();

        /// The customer's id there, verbatim.
        external_id: Option<&str> = |it| it.0.external_id.as_deref();

        /// Whether the person is known.
        status: Result<CustomerStatus> = |it| {
            match it.0.status.as_str() {
                model::ACTIVE => Ok(CustomerStatus::Active),
                model::ERASED => Ok(CustomerStatus::Erased),
                other => Err(corrupt("a customer status", other)),
            }
        };

        /// When the customer became known here.
        registered_at: Result<DateTime> = |it| DateTime::stored(it.0.registered_at);

        /// When the newest event of the customer was recorded.
        updated_at: Result<DateTime> = |it| DateTime::stored(it.0.updated_at);
    }
    general {
        /// Who it is. Null if nobody said, and after erasure.
        async fn personal_data(&self, ctx: &Context<'_>) -> Result<Option<PersonalRecord>> {
            personal::open(ctx, self.0.personal_ref).await
        }

        /// The customer's orders, page by page: `first` 50 by default, 250 at most.
        async fn orders(
            &self,
            ctx: &Context<'_>,
            #[graphql(default, desc = "In which order.")] sort: OrderSort,
            #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
            #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
            #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
            #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
        ) -> Result<Option<OrderConnection>> {
            let filter = OrderFilter::of_customer(self.0.customer_id);
            orders::list(
                ctx,
                filter,
                sort,
                PageArgs {
                    first,
                    after,
                    last,
                    before,
                },
            )
            .await
            .map(Some)
        }
    }
}
