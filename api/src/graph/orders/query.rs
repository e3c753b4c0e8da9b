//! Queries of orders.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entrepot_entity::{order_keys, orders};
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};
use serde::Serialize;
use uuid::Uuid;

use super::load::{OrderLoader, orders_of, with_relations};
use super::sums::{self, OrderSums, OrderSumsFilter};
use super::types::{FulfillmentStatus, Order, OrderStatus, PaymentStatus};
use crate::graph::connection::Listed;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::visible;
use crate::graph::scalar::DateTime;
use crate::graph::session::session;
use crate::graph::{gid, loader};

/// Queries of orders.
#[derive(Debug, Default)]
pub struct OrderQuery;

/// A list of orders.
pub type OrderConnection = Listed<Order>;

/// Which orders.
#[derive(Clone, Debug, Default, InputObject, Serialize)]
pub struct OrderFilter {
    /// Of this channel.
    channel: Option<String>,
    /// With this id in its channel.
    external_id: Option<String>,
    /// Of this customer.
    customer_id: Option<ID>,
    /// Made by cycles of this subscription.
    subscription_id: Option<ID>,
    /// In this state.
    #[serde(skip)]
    status: Option<OrderStatus>,
    /// Paid this far.
    #[serde(skip)]
    payment_status: Option<PaymentStatus>,
    /// Shipped this far.
    #[serde(skip)]
    fulfillment_status: Option<FulfillmentStatus>,
    /// Placed at this instant or later.
    #[serde(skip)]
    placed_from: Option<DateTime>,
    /// Placed before this instant.
    #[serde(skip)]
    placed_before: Option<DateTime>,
}

/// What orders are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum OrderSort {
    /// The newest first.
    #[default]
    PlacedAtDesc,
    /// The oldest first.
    PlacedAtAsc,
    /// The last changed first.
    UpdatedAtDesc,
    /// The largest total first.
    TotalDesc,
    /// The smallest total first.
    TotalAsc,
}

impl OrderFilter {
    /// All orders of a customer.
    pub(in crate::graph) fn of_customer(id: Uuid) -> Self {
        Self {
            customer_id: Some(gid::encode("Customer", id)),
            ..Self::default()
        }
    }
}

impl OrderSort {
    fn keyset(self) -> Keyset<order_keys::Entity> {
        use order_keys::Column;
        let (column, descending) = match self {
            Self::PlacedAtDesc => (Column::PlacedAt, true),
            Self::PlacedAtAsc => (Column::PlacedAt, false),
            Self::UpdatedAtDesc => (Column::UpdatedAt, true),
            Self::TotalDesc => (Column::TotalMinor, true),
            Self::TotalAsc => (Column::TotalMinor, false),
        };
        Keyset {
            columns: vec![column, Column::OrderId],
            descending,
        }
    }
}

fn filtered(
    mut rows: Select<order_keys::Entity>,
    filter: &OrderFilter,
) -> Result<Select<order_keys::Entity>> {
    use entrepot_projections::orders as model;
    use orders::Column;
    let customer = gid::decode_opt(filter.customer_id.as_ref(), "Customer", "filter.customerId")?;
    let subscription = gid::decode_opt(
        filter.subscription_id.as_ref(),
        "Subscription",
        "filter.subscriptionId",
    )?;
    let conditions = [
        filter
            .channel
            .as_ref()
            .map(|channel| Column::Channel.eq(channel)),
        filter
            .external_id
            .as_ref()
            .map(|id| Column::ExternalId.eq(id)),
        customer.map(|id| Column::CustomerId.eq(id)),
        subscription.map(|id| Column::SubscriptionId.eq(id)),
        filter
            .status
            .map(|status| Column::Status.eq(model::OrderStatus::from(status).as_str())),
        filter
            .payment_status
            .map(|status| Column::PaymentStatus.eq(model::PaymentStatus::from(status).as_str())),
        filter.fulfillment_status.map(|status| {
            Column::FulfillmentStatus.eq(model::FulfillmentStatus::from(status).as_str())
        }),
        filter
            .placed_from
            .map(|from| Column::PlacedAt.gte(from.0.micros())),
        filter
            .placed_before
            .map(|before| Column::PlacedAt.lt(before.0.micros())),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    Ok(rows)
}

/// A page of the orders that match a filter.
pub(in crate::graph) async fn list(
    ctx: &Context<'_>,
    filter: OrderFilter,
    sort: OrderSort,
    args: PageArgs,
) -> Result<OrderConnection> {
    let matching = List {
        name: "orders",
        rows: filtered(visible(session(ctx)?)?, &filter)?,
        keyset: sort.keyset(),
        selected_by: format!("{sort:?}:{filter:?}"),
    };
    let page = matching.page(ctx, args, |row| Ok(row.order_id)).await?;
    let mut page = orders_of(session(ctx)?, page).await?;
    with_relations(ctx, &mut page).await;
    Ok(page)
}

#[Object]
impl OrderQuery {
    /// An order by its id. Null if there is none that the caller may see.
    async fn order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's global id, or its bare uuid.")] id: ID,
    ) -> Result<Option<Order>> {
        let id = gid::decode(&id, "Order", "id")?;
        Ok(loader::load::<OrderLoader, _>(ctx, id)
            .await?
            .map(Order::from))
    }

    /// Orders, page by page: `first` 50 by default, 250 at most.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<OrderFilter>,
        #[graphql(default, desc = "In which order.")] sort: OrderSort,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<OrderConnection>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        list(ctx, filter.unwrap_or_default(), sort, args)
            .await
            .map(Some)
    }

    /// Sums of the orders placed on a range of days, from the daily roll-up.
    async fn order_sums(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<OrderSumsFilter>,
    ) -> Result<Option<Vec<OrderSums>>> {
        sums::sums(ctx, filter.unwrap_or_default()).await.map(Some)
    }
}
