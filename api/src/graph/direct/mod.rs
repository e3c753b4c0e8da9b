//! Lists of objects whose values are there already, written straight to JSON.
//!
//! The library runs every field as a future behind the hooks of an [`Engine`](super::engine), which
//! is most of what a page of a read model costs. Most fields need none of that: their value follows
//! from the row. [`fields!`] states such fields once, for the library and for this module. A list
//! makes a [`Plan`] of its selection once and writes each of its members by it.
//!
//! Exact, because everything else goes the general way: a selection with any field that is not
//! stated so, or not open to the caller, or a directive; a list that is asked for twice; a row that
//! holds what it must not. The plan
//! counts costs as the hooks would. Tests compare both ways, field by field.

mod fields;
mod kept;
mod plan;
mod text;
mod value;

pub(crate) use fields::{camel_is, fields};
pub(crate) use kept::{MadeOf, Part, Texts};
pub(crate) use plan::{Compiler, Inner, Plan};
pub(crate) use text::{Text, json};
pub(crate) use value::{Direct, general, names};

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_list;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use std::borrow::Cow;

use super::cost::Meter;
use super::room::{Room, TooLarge};

/// Among a request's data: its lists go the general way. The library merges what is asked for twice
/// under one key, and cannot look into what is written.
pub(crate) struct Merges;

/// A list that is written directly where it can be.
pub(crate) struct Rows<T>(pub(crate) Vec<T>);

impl<T: OutputType + Direct + Sync> OutputType for Rows<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let written = write(&self.0, ctx).map_err(|full| {
            ctx.set_error_path(async_graphql::Error::from(full).into_server_error(field.pos))
        })?;
        let way = if written.is_some() {
            "direct"
        } else {
            "general"
        };
        metrics::counter!("entrepot_lists_total", "way" => way).increment(1);
        match written {
            Some(members) => Ok(Value::List(members)),
            None => resolve_list(ctx, field, &self.0, Some(self.0.len())).await,
        }
    }
}

/// Every row as JSON, if all of them can be written directly.
fn write<T: Direct>(
    rows: &[T],
    ctx: &ContextSelectionSet<'_>,
) -> Result<Option<Vec<Value>>, TooLarge> {
    if ctx.data_opt::<Merges>().is_some() {
        return Ok(None);
    }
    let plan = Compiler::of(ctx).and_then(|compiler| T::plan(&compiler, &ctx.item.node));
    let (Some(plan), Some(texts)) = (plan, ctx.data_opt::<Texts>()) else {
        return Ok(None);
    };
    let Some(written) = texts.write(plan, rows, ctx.data_opt::<Room>())? else {
        return Ok(None);
    };
    if let Ok(meter) = ctx.data::<Meter>() {
        meter.add(written.iter().map(|row| row.spent).sum());
    }
    let members = written.into_iter().map(|row| json(row.json));
    Ok(Some(members.collect()))
}
