//! The types of Relay connections: a page of a list, as the graph shows it.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::connection::PageInfo;
use async_graphql::parser::types::SelectionSet;
use async_graphql::{Object, OutputType, Result, TypeName};
use sea_orm::sea_query::Value;
use serde_json::Value as Json;

use super::direct::{Compiler, Direct, Plan, Rows, Text};
use super::scalar::BigInt;
use crate::secrets::Secrets;

/// A page of a list.
pub struct Listed<N> {
    pub(super) edges: Vec<Edge<N>>,
    pub(super) has_previous: bool,
    pub(super) has_next: bool,
    pub(super) total_count: Option<BigInt>,
}

/// A row of a page.
pub struct Edge<N> {
    pub(super) cursor: Cursor,
    pub(super) node: N,
}

/// A cursor, which is sealed when it is asked for: most readers want few of a page, or none.
pub(super) struct Cursor {
    /// Where the row stands in its list: what the list is sorted by.
    pub(super) at: Vec<Value>,
    pub(super) list: Arc<Sealing>,
}

/// What seals the cursors of a list.
pub(super) struct Sealing {
    pub(super) secrets: Secrets,
    /// The list, and how it was selected.
    pub(super) binding: String,
}

impl Cursor {
    fn sealed(&self) -> String {
        let Sealing { secrets, binding } = &*self.list;
        secrets.seal_cursor(&place_of(&self.at), binding)
    }
}

/// The place of a row as text: a JSON list.
fn place_of(values: &[Value]) -> String {
    let json = |value: &Value| match value {
        Value::BigInt(Some(number)) => Json::from(*number),
        Value::Int(Some(number)) => Json::from(*number),
        Value::Uuid(Some(id)) => Json::from(id.to_string()),
        Value::String(Some(text)) => Json::from(text.as_str()),
        _ => Json::Null,
    };
    values.iter().map(json).collect::<Json>().to_string()
}

impl<N> Listed<N> {
    /// The same page of something else.
    pub(super) fn try_map<T>(self, mut node: impl FnMut(N) -> Result<T>) -> Result<Listed<T>> {
        let edge = |edge: Edge<N>| {
            Ok(Edge {
                cursor: edge.cursor,
                node: node(edge.node)?,
            })
        };
        Ok(Listed {
            edges: self.edges.into_iter().map(edge).collect::<Result<_>>()?,
            has_previous: self.has_previous,
            has_next: self.has_next,
            total_count: self.total_count,
        })
    }
}

#[Object(name_type, shareable)]
impl<N: OutputType + Direct + Sync> Listed<N> {
    /// Information to aid in pagination.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(|edge| edge.cursor.sealed()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.sealed()),
        }
    }

    /// A list of edges.
    async fn edges(&self) -> Rows<&Edge<N>> {
        Rows(self.edges.iter().collect())
    }

    /// A list of nodes.
    async fn nodes(&self) -> Rows<&N> {
        Rows(self.edges.iter().map(|edge| &edge.node).collect())
    }

    /// All that match the filter, on whatever page. Null if it was not asked for.
    async fn total_count(&self) -> Option<BigInt> {
        self.total_count
    }
}

/// An edge in a connection.
#[Object(name_type, shareable)]
impl<N: OutputType + Direct + Sync> Edge<N> {
    /// The item at the end of the edge
    async fn node(&self) -> &N {
        &self.node
    }

    /// A cursor for use in pagination
    async fn cursor(&self) -> String {
        self.cursor.sealed()
    }
}

impl<N: OutputType> TypeName for Listed<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// The places of an edge's fields.
const CURSOR: u16 = 0;
const NODE: u16 = 1;

impl<N: OutputType + Direct> Direct for Edge<N> {
    fn plan(compiler: &Compiler<'_>, set: &SelectionSet) -> Option<Plan> {
        compiler.object(&<Self as TypeName>::type_name(), set, |name| match name {
            "cursor" => Some((CURSOR, str::plan)),
            "node" => Some((NODE, N::plan)),
            _ => None,
        })
    }

    fn write(&self, plan: &Plan, text: &mut Text) -> Option<()> {
        text.object(plan, |text, at, inner| {
            match at {
                CURSOR => self.cursor.sealed().write(inner, text)?,
                _ => self.node.write(inner, text)?,
            }
            Some(1)
        })
    }
}
