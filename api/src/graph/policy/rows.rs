//! The row rules: which rows of each table a caller sees who is bound to channels. Everybody else
//! sees all rows of the tenant that its fields are open for.

use async_graphql::Result;
use entrepot_entity::scope::{self, TenantScoped};
use entrepot_entity::{
    customers, inventory, margin_days, margins, mrr_movements, order_days, order_docs, order_keys,
    products, subscriptions,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};

use crate::graph::session::Session;

/// What somebody who is bound to channels sees of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRule<C> {
    /// The rows of its channels, by this column.
    OfChannel(C),
    /// All rows: they belong to no channel and are the same for all.
    All,
    /// No row: they belong to no channel and are not for people from outside.
    None,
}

/// A table with a row rule. The graph reads no other.
pub trait Ruled: TenantScoped {
    /// The rule.
    const RULE: RowRule<Self::Column>;
}

macro_rules! rules {
    ($($table:ident: $rule:ident $(($column:ident))?,)*) => {
        $(impl Ruled for $table::Entity {
            const RULE: RowRule<$table::Column> = RowRule::$rule $(($table::Column::$column))?;
        })*
    };
}

rules! {
    order_docs: OfChannel(Channel),
    order_keys: OfChannel(Channel),
    order_days: OfChannel(Channel),
    margins: OfChannel(Channel),
    margin_days: OfChannel(Channel),
    subscriptions: OfChannel(Channel),
    products: All,
    customers: None,
    inventory: None,
    mrr_movements: None,
}

/// The rows of a table that the caller may see: where every query of the graph starts.
pub(in crate::graph) fn visible<E: Ruled>(session: &Session) -> Result<Select<E>> {
    let rows = scope::of::<E>(session.tenant()?.0);
    Ok(match (session.channels(), E::RULE) {
        (None, _) | (Some(_), RowRule::All) => rows,
        (Some(channels), RowRule::OfChannel(column)) => rows.filter(column.is_in(channels)),
        (Some(_), RowRule::None) => rows.filter(Expr::value(1).eq(0)),
    })
}

/// Whether the caller may see all rows that the tenant has in a table.
pub(in crate::graph) fn all_rows<E: Ruled>(session: &Session) -> bool {
    session.channels().is_none() || matches!(E::RULE, RowRule::All)
}
