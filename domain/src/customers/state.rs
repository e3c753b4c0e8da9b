//! What decisions know of a customer.

use serde::{Deserialize, Serialize};

use super::event::CustomerEvent;
use crate::event::Event;
use crate::kernel::{Refusal, Refused, code};
use crate::state::Aggregate;

/// A customer, without personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Customer {
    /// No event yet.
    #[default]
    Unknown,
    /// Registered.
    Active,
    /// Personal data was destroyed; new orders are refused.
    Erased,
}

impl Customer {
    /// Refuses a customer who is unknown or erased.
    pub fn check_active(&self, field: &str) -> Refused<()> {
        match self {
            Self::Active => Ok(()),
            Self::Unknown => Err(Refusal::not_found(field, "customer")),
            Self::Erased => {
                let message = "the customer was erased";
                Err(Refusal::at(code::WRONG_STATE, field, message))
            }
        }
    }
}

impl Aggregate for Customer {
    fn evolve(&mut self, event: &Event) {
        let Event::Customer(event) = event else {
            return;
        };
        match event {
            CustomerEvent::Registered(_) => *self = Self::Active,
            CustomerEvent::Updated(_) => {}
            CustomerEvent::Erased(_) => *self = Self::Erased,
        }
    }
}
