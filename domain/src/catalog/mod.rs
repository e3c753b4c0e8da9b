//! The `catalog` area: what the tenant sells, and for how much.

mod create_sku;
mod discontinue_sku;
mod event;
mod set_price;
mod state;

pub use create_sku::CreateSku;
pub use discontinue_sku::DiscontinueSku;
pub use event::*;
pub use set_price::SetPrice;
pub use state::*;
