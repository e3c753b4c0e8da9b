//! What decisions know of a stream's past: one state for each kind of stream.

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogItem;
use crate::customers::Customer;
use crate::event::Event;
use crate::inventory::Position;
use crate::kernel::StreamKind;
use crate::orders::Order;
use crate::payments::Payment;
use crate::subscriptions::Subscription;
use crate::tenants::Tenant;

/// A consistency boundary: the fold of one stream. `Default` is the state before any event.
pub trait Aggregate: Default {
    /// Takes a fact into account. Total: a fact that happened cannot be refused.
    fn evolve(&mut self, event: &Event);

    /// How many entries the state lists, where that may be many.
    fn entries(&self) -> usize {
        0
    }
}

macro_rules! states {
    ($($kind:ident($state:ty),)*) => {
        /// The state of one stream, as the lane keeps it and as snapshots store it.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "state", rename_all = "snake_case")]
        pub enum State { $(#[doc = concat!("Of a `", stringify!($kind), "` stream.")] $kind(Box<$state>),)* }

        impl State {
            /// The state of a stream without events.
            pub fn empty(kind: StreamKind) -> Self {
                match kind { $(StreamKind::$kind => Self::$kind(Box::default()),)* }
            }

            /// Takes a fact into account.
            pub fn evolve(&mut self, event: &Event) {
                match self { $(Self::$kind(state) => state.evolve(event),)* }
            }

            /// How many entries the state lists, where that may be many.
            pub fn entries(&self) -> usize {
                match self { $(Self::$kind(state) => state.entries(),)* }
            }
        }
    };
}

states! {
    Tenant(Tenant),
    Sku(CatalogItem),
    Customer(Customer),
    Order(Order),
    Payment(Payment),
    Stock(Position),
    Subscription(Subscription),
}

/// Raised when a state's shape changes, so that older snapshots are not read.
pub const STATE_VERSION: i32 = 2;
