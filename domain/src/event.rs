//! Every fact that the log can hold, by business area.

use crate::catalog::CatalogEvent;
use crate::customers::CustomerEvent;
use crate::fulfillment::FulfillmentEvent;
use crate::inventory::InventoryEvent;
use crate::kernel::{DecodeError, EventType};
use crate::orders::OrderEvent;
use crate::payments::PaymentEvent;
use crate::subscriptions::SubscriptionEvent;
use crate::tenants::TenantEvent;
use crate::upcast::upcast;

macro_rules! areas {
    ($($(#[$doc:meta])* $area:ident($events:ty),)*) => {
        /// A fact of any area.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $area($events),)* }

        $(impl From<$events> for Event {
            fn from(event: $events) -> Self { Self::$area(event) }
        })*

        impl Event {
            /// The name that the log stores: `order.placed`.
            pub const fn type_name(&self) -> &'static str {
                match self { $(Self::$area(event) => event.type_name(),)* }
            }

            /// The version that the payload is written in.
            pub const fn schema_version(&self) -> i32 {
                match self { $(Self::$area(event) => event.schema_version(),)* }
            }

            /// The payload as JSON text.
            pub fn encode(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$area(event) => event.encode(),)* }
            }

            /// Reads a stored event, lifting older versions to the current one.
            pub fn decode(type_name: &str, schema_version: i32, payload: &str) -> Result<Self, DecodeError> {
                let payload = upcast(type_name, schema_version, payload)?;
                $(if let Some(decoded) = <$events>::decode(type_name, &payload) {
                    return decoded.map(Self::$area).map_err(|error| {
                        DecodeError::Payload(type_name.to_owned(), error.to_string())
                    });
                })*
                Err(DecodeError::UnknownType(type_name.to_owned()))
            }

            /// Every event type, for events.json.
            pub fn types() -> Vec<EventType> {
                let mut types = Vec::new();
                $(types.extend(<$events>::types());)*
                types
            }
        }
    };
}

areas! {
    /// Tenants and their configuration.
    Tenant(TenantEvent),
    /// SKUs and prices.
    Catalog(CatalogEvent),
    /// Customers, without personal data.
    Customer(CustomerEvent),
    /// Orders.
    Order(OrderEvent),
    /// Payments.
    Payment(PaymentEvent),
    /// Shipments; they stand in the order's stream.
    Fulfillment(FulfillmentEvent),
    /// Stock.
    Inventory(InventoryEvent),
    /// Subscriptions.
    Subscription(SubscriptionEvent),
}
