//! Queries of subscriptions.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entrepot_domain::subscriptions::SubscriptionStatus as Status;
use entrepot_entity::subscriptions;
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};

use super::load::{SubscriptionLoader, document};
use super::revenue::{self, MrrMovementConnection, MrrMovementFilter, MrrSums};
use super::types::{SubscriptionContract, SubscriptionStatus};
use crate::graph::connection::Listed;
use crate::graph::direct::general;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::visible;
use crate::graph::scalar::Date;
use crate::graph::session::session;
use crate::graph::{gid, loader};

/// Queries of subscriptions.
#[derive(Debug, Default)]
pub struct SubscriptionQuery;

/// A list of subscriptions.
pub type SubscriptionConnection = Listed<SubscriptionContract>;

general!(SubscriptionContract);

/// Which subscriptions.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SubscriptionFilter {
    /// In this state.
    status: Option<SubscriptionStatus>,
    /// Of this customer.
    customer_id: Option<ID>,
    /// Whose next cycle is due on this day or later; only active ones have a next cycle.
    next_on_from: Option<Date>,
    /// Whose next cycle is due on this day or earlier.
    next_on_to: Option<Date>,
}

/// What subscriptions are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum SubscriptionSort {
    /// The newest first.
    #[default]
    CreatedAtDesc,
    /// The oldest first.
    CreatedAtAsc,
    /// The last changed first.
    UpdatedAtDesc,
    /// The one that is due first; those that are not active are left out.
    NextOnAsc,
}

impl SubscriptionSort {
    fn keyset(self) -> Keyset<subscriptions::Entity> {
        let (column, descending) = match self {
            Self::CreatedAtDesc => (subscriptions::Column::CreatedAt, true),
            Self::CreatedAtAsc => (subscriptions::Column::CreatedAt, false),
            Self::UpdatedAtDesc => (subscriptions::Column::UpdatedAt, true),
            Self::NextOnAsc => (subscriptions::Column::NextOn, false),
        };
        Keyset {
            columns: vec![column, subscriptions::Column::SubscriptionId],
            descending,
        }
    }
}

const fn stored(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Paused => "paused",
        Status::Canceled => "canceled",
    }
}

fn filtered(
    mut rows: Select<subscriptions::Entity>,
    filter: &SubscriptionFilter,
    sort: SubscriptionSort,
) -> Result<Select<subscriptions::Entity>> {
    use subscriptions::Column;
    let customer = gid::decode_opt(filter.customer_id.as_ref(), "Customer", "filter.customerId")?;
    let conditions = [
        filter
            .status
            .map(|status| Column::Status.eq(stored(status.into()))),
        customer.map(|id| Column::CustomerId.eq(id)),
        filter
            .next_on_from
            .map(|from| Column::NextOn.gte(from.0.to_string())),
        filter
            .next_on_to
            .map(|to| Column::NextOn.lte(to.0.to_string())),
        (sort == SubscriptionSort::NextOnAsc).then(|| Column::NextOn.is_not_null()),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    Ok(rows)
}

#[Object]
impl SubscriptionQuery {
    /// A subscription by its id. Null if there is none that the caller may see.
    async fn subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The subscription's global id, or its bare uuid.")] id: ID,
    ) -> Result<Option<SubscriptionContract>> {
        let id = gid::decode(&id, "Subscription", "id")?;
        Ok(loader::load::<SubscriptionLoader, _>(ctx, id)
            .await?
            .map(SubscriptionContract::from))
    }

    /// Subscriptions, page by page: `first` 50 by default, 250 at most.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn subscriptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<SubscriptionFilter>,
        #[graphql(default, desc = "In which order.")] sort: SubscriptionSort,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<SubscriptionConnection>> {
        let filter = filter.unwrap_or_default();
        let matching = List {
            name: "subscriptions",
            rows: filtered(visible(session(ctx)?)?, &filter, sort)?,
            keyset: sort.keyset(),
            selected_by: format!("{sort:?}:{filter:?}"),
        };
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        matching
            .page(ctx, args, |row| {
                document(&row).map(SubscriptionContract::from)
            })
            .await
            .map(Some)
    }

    /// Every change of monthly recurring revenue, the newest first, page by page: `first` 50 by
    /// default, 250 at most.
    async fn mrr_movements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<MrrMovementFilter>,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<MrrMovementConnection>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        revenue::movements(ctx, filter.unwrap_or_default(), args)
            .await
            .map(Some)
    }

    /// Monthly recurring revenue as it stands, by currency, and the movements that led to it.
    async fn mrr_sums(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Count movements of this day and earlier only, in the tenant's time zone; all of them \
                          without it."
        )]
        until: Option<Date>,
    ) -> Result<Option<Vec<MrrSums>>> {
        revenue::sums(ctx, until).await.map(Some)
    }
}
