//! Replaces a customer's personal record by a newer one.

use serde::Serialize;
use uuid::Uuid;

use super::{CustomerEvent, CustomerUpdated};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, CustomerId, Halt};
use crate::world::World;

/// Points a customer to another personal record.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateCustomer {
    /// Which.
    pub customer_id: CustomerId,
    /// The stored personal record that now holds.
    pub personal_ref: Uuid,
}

impl Command for UpdateCustomer {
    const NAME: &'static str = "UpdateCustomer";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        world
            .customer(self.customer_id)?
            .check_active("customerId")?;
        let updated = CustomerUpdated {
            customer_id: self.customer_id,
            personal_ref: self.personal_ref,
        };
        let updated = CustomerEvent::Updated(updated);
        Ok(Decision::about(self.customer_id.0).with(self.customer_id, updated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::EraseCustomer;
    use crate::testing::{customer, refused, retailer};

    #[test]
    fn only_a_customer_who_is_known_and_not_erased_is_updated() {
        let customer_id = CustomerId(Uuid::from_u128(7));
        let update = UpdateCustomer {
            customer_id,
            personal_ref: Uuid::from_u128(2),
        };
        let mut past = retailer();
        assert_eq!(refused(past.when(&update)), "NOT_FOUND customerId");
        past = past.and(customer_id, customer(customer_id));
        past.when(&update).expect("accepted");
        past.when(&EraseCustomer { customer_id }).expect("accepted");
        assert_eq!(refused(past.when(&update)), "WRONG_STATE customerId");
    }
}
