//! What a decision may read: the states of the tenant's streams, as of one position.
//!
//! A rule asks for any stream by name. What is not in memory is noted and stops the decision; the
//! lane loads it and decides again. Rules are pure, so deciding twice is harmless, and no rule has
//! to say beforehand what it will read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::catalog::CatalogItem;
use crate::customers::Customer;
use crate::inventory::Position;
use crate::kernel::{
    CustomerId, Halt, OrderId, PaymentId, Refusal, Sku, StreamId, SubscriptionId, Warehouse,
};
use crate::orders::Order;
use crate::payments::Payment;
use crate::state::State;
use crate::subscriptions::Subscription;
use crate::tenants::Tenant;

/// The states in memory. `None` means not loaded, never "has no events".
pub trait States {
    /// The state of a stream, if it is in memory.
    fn state(&self, stream: StreamId) -> Option<&State>;
}

/// The tenant's past, as one decision sees it.
pub struct World<'a> {
    states: &'a dyn States,
    missing: RefCell<BTreeSet<StreamId>>,
}

macro_rules! readers {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $kind:ident($state:ty) at $stream:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, $($arg: $type),*) -> Result<&'a $state, Halt> {
            match self.read($stream)? {
                State::$kind(state) => Ok(state),
                _ => Err(Halt::Refused(Refusal::not_found("id", stringify!($kind)))),
            }
        }
    )*};
}

impl<'a> World<'a> {
    /// A view of the states in memory.
    pub fn new(states: &'a dyn States) -> Self {
        Self {
            states,
            missing: RefCell::default(),
        }
    }

    /// The streams that were asked for and are not in memory.
    pub fn into_missing(self) -> BTreeSet<StreamId> {
        self.missing.into_inner()
    }

    /// Notes all of these streams at once, so that they are loaded in one step and not one by one.
    pub fn want(&self, streams: impl IntoIterator<Item = StreamId>) -> Result<(), Halt> {
        let mut missing = self.missing.borrow_mut();
        missing.extend(
            streams
                .into_iter()
                .filter(|stream| self.states.state(*stream).is_none()),
        );
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Halt::NeedsState)
        }
    }

    fn read(&self, stream: StreamId) -> Result<&'a State, Halt> {
        self.states.state(stream).ok_or_else(|| {
            self.missing.borrow_mut().insert(stream);
            Halt::NeedsState
        })
    }

    readers! {
        /// The tenant and its active configuration.
        tenant() -> Tenant(Tenant) at StreamId::TENANT;
        /// A SKU with its prices.
        item(sku: &Sku) -> Sku(CatalogItem) at StreamId::sku(sku);
        /// A customer.
        customer(id: CustomerId) -> Customer(Customer) at id.into();
        /// An order.
        order(id: OrderId) -> Order(Order) at id.into();
        /// A payment.
        payment(id: PaymentId) -> Payment(Payment) at id.into();
        /// A SKU's stock in a warehouse.
        position(sku: &Sku, warehouse: &Warehouse) -> Stock(Position) at StreamId::stock(sku, warehouse);
        /// A subscription.
        subscription(id: SubscriptionId) -> Subscription(Subscription) at id.into();
    }
}
