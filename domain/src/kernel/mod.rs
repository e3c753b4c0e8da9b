//! The vocabulary that every business area shares. Of the areas, only the kinds of streams, the ids and
//! the codes of refusals are named here.

mod allocation;
mod ctx;
mod currency;
mod event_macro;
mod id;
mod list;
mod money;
mod refusal;
mod text;
mod time;

pub use allocation::{allocate, largest_remainder};
pub use ctx::{Actor, ActorKind, Ctx};
pub use currency::Currency;
pub use event_macro::{DecodeError, EventType};
pub use id::{
    CustomerId, OrderId, PaymentId, ReservationId, ShipmentId, Sku, StreamId, StreamKind,
    SubscriptionId, TenantId, Warehouse,
};
pub use list::{at_most, distinct, one_to};
pub use money::{
    AMOUNT_MAX, MILLION, QUANTITY_MAX, amount, non_negative, positive, quantity, rate,
    round_half_even, share,
};
pub use refusal::{Halt, Refusal, Refused, code};
pub use text::{CODE_MAX, NAME_MAX, REASON_MAX, REFERENCE_MAX, text};
pub use time::{Date, Instant, Zone};

pub(crate) use event_macro::events;
