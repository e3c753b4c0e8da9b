//! Typed identities. A natural key becomes a UUIDv5 of its parts, so that it can name a stream.

use std::fmt::{self, Write as _};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Refused, text};

/// The namespace of natural keys: UUIDv5 of `entrepot` in the OID namespace. Never changes.
const NATURAL: Uuid = Uuid::from_u128(0x0f21_6a5c_5d0e_5b1e_9a77_2f0e_6e74_7265);
/// The longest SKU, warehouse or other natural key, in bytes.
const KEY_MAX: usize = 64;

/// A tenant's number inside the database: the first column of every key. Outside, a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub i64);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id that an external reference always maps to.
            pub fn natural(parts: &[&str]) -> Self {
                Self(natural_id(stringify!($name), parts))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

uuid_ids! {
    /// A customer of the tenant.
    CustomerId,
    /// An order.
    OrderId,
    /// A payment: one authorization and what follows from it.
    PaymentId,
    /// A shipment of an order's lines.
    ShipmentId,
    /// Stock held for somebody.
    ReservationId,
    /// A subscription.
    SubscriptionId,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// Checks that the key is text of at most 64 bytes.
            pub fn check(&self, field: &str) -> Refused<()> {
                text(&self.0, KEY_MAX, field)
            }

            /// The key as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(key: &str) -> Self {
                Self(key.to_owned())
            }
        }
    )*};
}

keys! {
    /// A stock keeping unit: the tenant's own code for what it sells.
    Sku,
    /// The tenant's code for a place that holds stock.
    Warehouse,
}

/// UUIDv5 of a natural key. Parts are length-prefixed, so `["a", "bc"]` and `["ab", "c"]` differ.
pub(crate) fn natural_id(kind: &str, parts: &[&str]) -> Uuid {
    let mut name = kind.to_owned();
    for part in parts {
        let _ = write!(name, "|{}:{part}", part.len());
    }
    Uuid::new_v5(&NATURAL, name.as_bytes())
}

/// What a stream is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// The tenant itself and its configuration.
    Tenant,
    /// One SKU: its description and prices.
    Sku,
    /// One customer.
    Customer,
    /// One order with its shipments.
    Order,
    /// One payment.
    Payment,
    /// One SKU in one warehouse.
    Stock,
    /// One subscription.
    Subscription,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Tenant,
        Self::Sku,
        Self::Customer,
        Self::Order,
        Self::Payment,
        Self::Stock,
        Self::Subscription,
    ];

    /// The name that the log stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Sku => "sku",
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Stock => "stock",
            Self::Subscription => "subscription",
        }
    }

    /// The kind of a stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One stream of a tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// What it is about.
    pub kind: StreamKind,
    /// Which one.
    pub id: Uuid,
}

impl StreamId {
    /// The tenant's own stream: one a tenant.
    pub const TENANT: Self = Self {
        kind: StreamKind::Tenant,
        id: Uuid::nil(),
    };

    /// The stream of a SKU.
    pub fn sku(sku: &Sku) -> Self {
        Self {
            kind: StreamKind::Sku,
            id: natural_id("sku", &[sku.as_str()]),
        }
    }

    /// The stream of a SKU in a warehouse.
    pub fn stock(sku: &Sku, warehouse: &Warehouse) -> Self {
        let id = natural_id("stock", &[sku.as_str(), warehouse.as_str()]);
        Self {
            kind: StreamKind::Stock,
            id,
        }
    }
}

macro_rules! stream_of {
    ($($id:ident => $kind:ident),*) => {$(
        impl From<$id> for StreamId {
            fn from(id: $id) -> Self {
                Self { kind: StreamKind::$kind, id: id.0 }
            }
        }
    )*};
}
stream_of!(CustomerId => Customer, OrderId => Order, PaymentId => Payment, SubscriptionId => Subscription);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_natural_key_do_not_run_together() {
        assert_ne!(
            natural_id("stock", &["a", "bc"]),
            natural_id("stock", &["ab", "c"])
        );
        assert_eq!(
            OrderId::natural(&["web", "1"]),
            OrderId::natural(&["web", "1"])
        );
    }
}
