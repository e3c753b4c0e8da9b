//! The entities: what other subgraphs may refer to, and the keys to do it by.

use async_graphql::{ID, Result, Union, Value};
use entrepot_projections::inventory::StockKey;

use crate::graph::catalog::Product;
use crate::graph::customers::Customer;
use crate::graph::error::bad_input;
use crate::graph::inventory::StockPosition;
use crate::graph::node::{Key, Node};
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

/// The key in a representation; `None` if it cannot be one of the entity's.
pub(super) fn key(representation: &Value) -> Result<Option<Key>> {
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
    let key = match (kind, text("id"), text("sku"), text("warehouse")) {
        (_, Some(id), _, _) => Key::of_id(&ID(id.to_owned())),
        ("Product", None, Some(sku), _) => Some(Key::Product(sku.to_owned())),
        ("StockPosition", None, Some(sku), Some(warehouse)) => Some(Key::Stock(StockKey {
            sku: sku.into(),
            warehouse: warehouse.into(),
        })),
        _ => {
            let message = format!(
                "an entity of type {kind} is named by {}",
                keys.join(" or by ")
            );
            return Err(bad_input("representations", &message));
        }
    };
    Ok(key.filter(|key| key.kind() == kind))
}
