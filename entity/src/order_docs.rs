//! Read model `rm_orders` as it is read: the document. The other columns, which lists are sorted and
//! filtered by, are in the document too; decoding them would cost more than the document.

use sea_orm::entity::prelude::*;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rm_orders")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    /// Where it was sold.
    pub channel: String,
    /// All of the order, JSON as text: `projections::orders::OrderDoc`.
    pub doc: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
