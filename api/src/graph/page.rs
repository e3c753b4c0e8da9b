//! Relay connections over keysets: a page costs the same wherever it starts.

use std::sync::Arc;

use async_graphql::{Context, Result};
use entrepot_entity::scope::TenantScoped;
use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait, ModelTrait, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::connection::{Cursor, Edge, Listed, Sealing};
use super::error::{self, bad_input};
use super::scalar::BigInt;
use super::session::{Session, session};
use crate::secrets::Secrets;

/// Rows of a page that asks for no number.
pub(super) const PAGE_DEFAULT: i32 = 50;
/// Rows of a page at most.
pub(super) const PAGE_MAX: i32 = 250;

/// The arguments of every connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageArgs {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

/// What a list is sorted by: columns that together are unique, in one direction.
pub(crate) struct Keyset<E: EntityTrait> {
    pub(crate) columns: Vec<E::Column>,
    pub(crate) descending: bool,
}

/// A list that is read page by page.
pub(crate) struct List<E: EntityTrait> {
    /// Its name among the tenant's lists.
    pub(crate) name: &'static str,
    /// All rows that match the filter.
    pub(crate) rows: Select<E>,
    pub(crate) keyset: Keyset<E>,
    /// The filter and the sort as text: a cursor is of no use with others.
    pub(crate) selected_by: String,
}

impl<E> List<E>
where
    E: TenantScoped,
    E::Model: ModelTrait<Entity = E> + Send + Sync,
{
    /// A page, and the count of all rows if the caller asks for it. A cursor of another list,
    /// another filter or another tenant is refused.
    pub(crate) async fn page<N>(
        self,
        ctx: &Context<'_>,
        args: PageArgs,
        node: impl Fn(E::Model) -> Result<N>,
    ) -> Result<Listed<N>> {
        let session = session(ctx)?;
        let total_count = total(ctx, session, &self.rows).await?;
        let binding = format!("{}:{}:{}", session.tenant()?, self.name, self.selected_by);
        let secrets = session.app.secrets.clone();
        let list = Arc::new(Sealing { secrets, binding });
        let page = read(session, self.rows, &self.keyset, &args, &list).await?;
        let edge = |row: E::Model| {
            let columns = self.keyset.columns.iter();
            let at = columns.map(|column| row.get(*column)).collect();
            let list = Arc::clone(&list);
            let node = node(row)?;
            Ok(Edge {
                cursor: Cursor { at, list },
                node,
            })
        };
        Ok(Listed {
            edges: page.rows.into_iter().map(edge).collect::<Result<_>>()?,
            has_previous: page.has_previous,
            has_next: page.has_next,
            total_count,
        })
    }
}

/// A page of rows.
struct Page<M> {
    rows: Vec<M>,
    has_previous: bool,
    has_next: bool,
}

async fn read<E>(
    session: &Session,
    select: Select<E>,
    keyset: &Keyset<E>,
    args: &PageArgs,
    list: &Sealing,
) -> Result<Page<E::Model>>
where
    E: TenantScoped,
    E::Model: ModelTrait<Entity = E>,
{
    let (limit, backward) = limit(args)?;
    let mut select = select;
    for (cursor, name, after) in [
        (&args.after, "after", true),
        (&args.before, "before", false),
    ] {
        if let Some(cursor) = cursor {
            let values = decode::<E>(cursor, keyset, &list.secrets, &list.binding)
                .ok_or_else(|| bad_input(name, "not a cursor of this list"))?;
            select = select.filter(beyond(keyset, &values, after));
        }
    }
    let order = if keyset.descending == backward {
        Order::Asc
    } else {
        Order::Desc
    };
    for column in &keyset.columns {
        select = select.order_by(*column, order.clone());
    }
    let mut rows = session.rows(select.limit(limit + 1)).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    if backward {
        rows.reverse();
    }
    let (has_previous, has_next) = if backward {
        (more, args.before.is_some())
    } else {
        (args.after.is_some(), more)
    };
    Ok(Page {
        rows,
        has_previous,
        has_next,
    })
}

/// The `totalCount` of a list, if the caller asks for it.
async fn total<E>(ctx: &Context<'_>, session: &Session, rows: &Select<E>) -> Result<Option<BigInt>>
where
    E: TenantScoped,
    E::Model: Send + Sync,
{
    if !ctx.look_ahead().field("totalCount").exists() {
        return Ok(None);
    }
    let snapshot = session.read().await?;
    let count = rows.clone().count(snapshot.tx().await?);
    let count = count.await.map_err(error::db)?;
    Ok(i64::try_from(count).ok().map(BigInt))
}

fn limit(args: &PageArgs) -> Result<(u64, bool)> {
    let (count, field, backward) = match (args.first, args.last) {
        (Some(_), Some(_)) => return Err(bad_input("last", "give either first or last")),
        (None, Some(last)) => (last, "last", true),
        (first, None) => (first.unwrap_or(PAGE_DEFAULT), "first", false),
    };
    if !(0..=PAGE_MAX).contains(&count) {
        return Err(bad_input(field, "must be between 0 and 250"));
    }
    Ok((u64::try_from(count).unwrap_or_default(), backward))
}

/// `(a, b) > (x, y)`, spelled out so that an index serves it on both databases.
fn beyond<E: EntityTrait>(keyset: &Keyset<E>, values: &[Value], after: bool) -> Condition {
    let greater = after != keyset.descending;
    let mut any = Condition::any();
    for (index, column) in keyset.columns.iter().enumerate() {
        let mut all = Condition::all();
        for (column, value) in keyset.columns.iter().zip(values).take(index) {
            all = all.add(column.eq(value.clone()));
        }
        let value = values[index].clone();
        any = any.add(all.add(if greater {
            column.gt(value)
        } else {
            column.lt(value)
        }));
    }
    any
}

fn decode<E>(
    cursor: &str,
    keyset: &Keyset<E>,
    secrets: &Secrets,
    binding: &str,
) -> Option<Vec<Value>>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E>,
{
    let values: Vec<Json> = serde_json::from_str(&secrets.open_cursor(cursor, binding)?).ok()?;
    if values.len() != keyset.columns.len() {
        return None;
    }
    let value = |(column, json): (&E::Column, &Json)| match E::Model::get_value_type(*column) {
        ArrayType::BigInt => json.as_i64().map(Value::from),
        ArrayType::Int => json
            .as_i64()
            .and_then(|number| i32::try_from(number).ok())
            .map(Value::from),
        ArrayType::Uuid => Uuid::parse_str(json.as_str()?).ok().map(Value::from),
        _ => json.as_str().map(Value::from),
    };
    keyset.columns.iter().zip(&values).map(value).collect()
}
