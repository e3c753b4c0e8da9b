//! Subscriptions: orders that come round by themselves, on civil dates.

mod calendar;
mod cancel_subscription;
mod change_quantity;
mod create_subscription;
mod event;
#[cfg(test)]
mod given;
mod guard;
mod mrr;
mod pause_subscription;
mod resume_subscription;
mod run_cycle;
mod skip_cycle;
mod state;

pub use calendar::{cycle_date, due_at};
pub use cancel_subscription::CancelSubscription;
pub use change_quantity::ChangeQuantity;
pub use create_subscription::{CreateSubscription, NewItem};
pub use event::*;
pub use mrr::mrr_micros;
pub use pause_subscription::PauseSubscription;
pub use resume_subscription::ResumeSubscription;
pub use run_cycle::RunCycle;
pub use skip_cycle::SkipCycle;
pub use state::*;
