//! The entities: what other subgraphs may refer to, and the keys to do it by.

use async_graphql::{Context, ID, Result, Union, Value};

use crate::graph::catalog::Product;
use crate::graph::customers::Customer;
use crate::graph::error::bad_input;
use crate::graph::inventory::StockPosition;
use crate::graph::node::{self, Node};
use crate::graph::orders::Order;
use crate::graph::subscriptions::SubscriptionContract;

/// An entity and the keys that it has, the one to prefer first.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    ("Customer", &["id"]),
    ("Order", &["id"]),
    ("Product", &["id", "sku"]),
    ("StockPosition", &["id", "sku warehouse"]),
    ("SubscriptionContract", &["id"]),
];

/// What other subgraphs may refer to.
#[derive(Union)]
#[graphql(name = "_Entity")]
pub enum Entity {
    /// A customer.
    Customer(Customer),
    /// An order.
    Order(Order),
    /// A product.
    Product(Product),
    /// Stock of a SKU in a warehouse.
    StockPosition(StockPosition),
    /// A subscription.
    SubscriptionContract(SubscriptionContract),
}

impl Entity {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Customer(_) => "Customer",
            Self::Order(_) => "Order",
            Self::Product(_) => "Product",
            Self::StockPosition(_) => "StockPosition",
            Self::SubscriptionContract(_) => "SubscriptionContract",
        }
    }
}

impl From<Node> for Entity {
    fn from(node: Node) -> Self {
        match node {
            Node::Customer(customer) => Self::Customer(customer),
            Node::Order(order) => Self::Order(order),
            Node::Product(product) => Self::Product(product),
            Node::StockPosition(position) => Self::StockPosition(position),
            Node::SubscriptionContract(subscription) => Self::SubscriptionContract(subscription),
        }
    }
}

/// The entity that a representation stands for.
pub(super) async fn find(ctx: &Context<'_>, representation: &Value) -> Result<Option<Entity>> {
    let text = |name: &str| match representation {
        Value::Object(fields) => match fields.get(name) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    };
    let kind = text("__typename")
        .ok_or_else(|| bad_input("representations", "each must have a __typename"))?;
    let keys = KEYS.iter().find(|(known, _)| *known == kind);
    let (_, keys) =
        keys.ok_or_else(|| bad_input("representations", "an entity of an unknown type"))?;
    let found = match (kind, text("id"), text("sku"), text("warehouse")) {
        (_, Some(id), _, _) => node::find(ctx, &ID(id.to_owned())).await?,
        ("Product", None, Some(sku), _) => node::product(ctx, sku.to_owned()).await?,
        ("StockPosition", None, Some(sku), Some(warehouse)) => {
            node::stock_position(ctx, sku, warehouse).await?
        }
        _ => {
            let message = format!(
                "an entity of type {kind} is named by {}",
                keys.join(" or by ")
            );
            return Err(bad_input("representations", &message));
        }
    };
    Ok(found
        .map(Entity::from)
        .filter(|entity| entity.kind() == kind))
}
