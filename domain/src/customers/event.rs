//! Facts about customers. Personal data stands outside the log; events hold a reference to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::{CODE_MAX, CustomerId, REFERENCE_MAX, Refused, events, text};

events! {
    /// Facts of a customer's stream.
    CustomerEvent {
        /// The customer is known.
        Registered(CustomerRegistered) = "customer.registered" v 1,
        /// The personal data behind the reference was replaced.
        Updated(CustomerUpdated) = "customer.updated" v 1,
        /// The key of the personal data was destroyed.
        Erased(CustomerErased) = "customer.erased" v 1,
    }
}

/// `customer.registered`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerRegistered {
    /// The new customer.
    pub customer_id: CustomerId,
    /// The customer's id in the system that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<ExternalRef>,
    /// The personal record; none for a customer known by reference only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_ref: Option<Uuid>,
}

/// `customer.updated`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerUpdated {
    /// Which.
    pub customer_id: CustomerId,
    /// The personal record that now holds.
    pub personal_ref: Uuid,
}

/// `customer.erased`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerErased {
    /// Which.
    pub customer_id: CustomerId,
}

/// An id in another system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ExternalRef {
    /// The system or channel: `till`.
    pub system: String,
    /// The id there, verbatim.
    pub id: String,
}

impl ExternalRef {
    /// Checks both parts; `field` names the whole.
    pub fn check(&self, field: &str) -> Refused<()> {
        text(&self.system, CODE_MAX, &format!("{field}.system"))?;
        text(&self.id, REFERENCE_MAX, &format!("{field}.id"))
    }
}
