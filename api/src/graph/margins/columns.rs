//! Lines of many orders, and of each the columns that are asked for: a row has 25, and most of what a
//! page of orders costs would be those that nobody wants.

use std::collections::HashMap;

use async_graphql::{Context, Lookahead, Result};
use entrepot_entity::margins::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::ArrayType;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DbErr, IdenStatic as _, ModelTrait as _,
    QueryResult, QuerySelect as _, QueryTrait as _, Value,
};
use uuid::Uuid;

use super::load::of;
use super::types::MarginLine;
use crate::graph::error;
use crate::graph::policy::visible;
use crate::graph::session::session;

/// The columns that each field is made of.
const FIELDS: [(&str, &[Column]); 27] = [
    ("orderId", &[Column::OrderId]),
    ("line", &[Column::Line]),
    ("sku", &[Column::Sku]),
    ("channel", &[Column::Channel]),
    ("customerId", &[Column::CustomerId]),
    ("currency", &[Column::Currency]),
    ("bookedOn", &[Column::BookedOn]),
    ("shippedOn", &[Column::ShippedOn]),
    ("recognizedOn", &[Column::RecognizedOn]),
    ("quantity", &[Column::Quantity]),
    ("shippedQuantity", &[Column::ShippedQuantity]),
    ("gross", &[Column::GrossMinor, Column::Currency]),
    ("discount", &[Column::DiscountMinor, Column::Currency]),
    ("net", &[Column::NetMinor, Column::Currency]),
    ("costKnown", &[Column::CogsMinor]),
    ("cogs", &[Column::CogsMinor, Column::Currency]),
    ("grossMargin", &[Column::GrossMarginMinor, Column::Currency]),
    (
        "grossMarginRatio",
        &[Column::GrossMarginMinor, Column::NetMinor],
    ),
    (
        "shippingRevenue",
        &[Column::ShippingMinor, Column::Currency],
    ),
    ("fee", &[Column::FeeMinor, Column::Currency]),
    (
        "shippingCost",
        &[Column::ShippingCostMinor, Column::Currency],
    ),
    (
        "contribution",
        &[Column::ContributionMinor, Column::Currency],
    ),
    (
        "contributionRatio",
        &[Column::ContributionMinor, Column::NetMinor],
    ),
    ("updatedAt", &[Column::UpdatedAt]),
    ("position", &[Column::Position]),
    ("order", &[Column::OrderId]),
    ("product", &[Column::Sku]),
];

/// The lines of orders, in order of their numbers, with what the selections ask of them.
pub(in crate::graph) async fn of_orders(
    ctx: &Context<'_>,
    order_ids: &[Uuid],
    selections: &[Lookahead<'_>],
) -> Result<HashMap<Uuid, Vec<MarginLine>>> {
    let columns = asked(selections);
    let session = session(ctx)?;
    let snapshot = session.read().await?;
    let mut rows = of(visible::<Entity>(session)?, order_ids).select_only();
    for column in &columns {
        rows = rows.column(*column);
    }
    let rows = rows.build(snapshot.tx.get_database_backend());
    let rows = snapshot.tx.query_all_raw(rows).await.map_err(error::db)?;
    let mut orders: HashMap<Uuid, Vec<MarginLine>> = HashMap::new();
    for row in &rows {
        let (order_id, line) = line(row, &columns).map_err(error::db)?;
        orders.entry(order_id).or_default().push(MarginLine(line));
    }
    Ok(orders)
}

/// The columns that selections ask for, and first of all whose line it is.
fn asked(selections: &[Lookahead<'_>]) -> Vec<Column> {
    let is_asked = |(field, _): &(&str, _)| selections.iter().any(|of| of.field(field).exists());
    let asked = FIELDS.into_iter().filter(is_asked);
    let mut columns = vec![Column::OrderId];
    for column in asked.flat_map(|(_, columns)| columns) {
        if !columns
            .iter()
            .any(|known| known.as_str() == column.as_str())
        {
            columns.push(*column);
        }
    }
    columns
}

/// A row with these columns, the order's id first.
fn line(row: &QueryResult, columns: &[Column]) -> Result<(Uuid, ActiveModel), DbErr> {
    let mut line = <ActiveModel as Default>::default();
    for (at, column) in columns.iter().enumerate() {
        let value: Value = match Model::get_value_type(*column) {
            ArrayType::BigInt => row.try_get_by_index::<Option<i64>>(at)?.into(),
            ArrayType::Uuid => row.try_get_by_index::<Option<Uuid>>(at)?.into(),
            _ => row.try_get_by_index::<Option<String>>(at)?.into(),
        };
        line.try_set(*column, value)?;
    }
    Ok((row.try_get_by_index(0)?, line))
}
