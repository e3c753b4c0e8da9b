//! Forgets a person. The caller destroys the key of the personal data in the same commit.

use serde::Serialize;

use super::{CustomerErased, CustomerEvent};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, CustomerId, Halt};
use crate::world::World;

/// Erases a customer; the orders stay, without a person behind them.
#[derive(Clone, Debug, Serialize)]
pub struct EraseCustomer {
    /// Which.
    pub customer_id: CustomerId,
}

impl Command for EraseCustomer {
    const NAME: &'static str = "EraseCustomer";

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        world
            .customer(self.customer_id)?
            .check_active("customerId")?;
        let erased = CustomerErased {
            customer_id: self.customer_id,
        };
        let erased = CustomerEvent::Erased(erased);
        Ok(Decision::about(self.customer_id.0).with(self.customer_id, erased))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{customer, refused, retailer};

    #[test]
    fn a_customer_is_erased_once() {
        let customer_id = CustomerId::natural(&["till", "7"]);
        let erase = EraseCustomer { customer_id };
        let mut past = retailer();
        assert_eq!(refused(past.when(&erase)), "NOT_FOUND customerId");
        past = past.and(customer_id, customer(customer_id));
        past.when(&erase).expect("accepted");
        assert_eq!(refused(past.when(&erase)), "WRONG_STATE customerId");
    }
}
