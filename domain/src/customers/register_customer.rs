//! Makes a customer known. The personal data itself never comes here.

use serde::Serialize;
use uuid::Uuid;

use super::{Customer, CustomerEvent, CustomerRegistered, ExternalRef};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, CustomerId, Halt, Refusal, code};
use crate::world::World;

/// Registers a customer.
#[derive(Clone, Debug, Serialize)]
pub struct RegisterCustomer {
    /// The id to use; none: derived from the external reference, or fresh.
    pub customer_id: Option<CustomerId>,
    /// The customer's id in the system that it comes from.
    pub external_ref: Option<ExternalRef>,
    /// The stored personal record; none for a customer known by reference only.
    pub personal_ref: Option<Uuid>,
}

impl Command for RegisterCustomer {
    const NAME: &'static str = "RegisterCustomer";

    fn decide(&self, world: &World<'_>, ctx: &Ctx) -> Result<Decision, Halt> {
        if let Some(external) = &self.external_ref {
            external.check("externalRef")?;
        }
        let customer_id = self.id(ctx);
        if *world.customer(customer_id)? != Customer::Unknown {
            let message = format!("customer {customer_id} exists");
            return Err(Refusal::at(code::ALREADY_EXISTS, "customerId", message).into());
        }
        let registered = CustomerRegistered {
            customer_id,
            external_ref: self.external_ref.clone(),
            personal_ref: self.personal_ref,
        };
        let registered = CustomerEvent::Registered(registered);
        Ok(Decision::about(customer_id.0).with(customer_id, registered))
    }
}

impl RegisterCustomer {
    fn id(&self, ctx: &Ctx) -> CustomerId {
        match (&self.customer_id, &self.external_ref) {
            (Some(id), _) => *id,
            (None, Some(external)) => CustomerId::natural(&[&external.system, &external.id]),
            (None, None) => CustomerId(ctx.fresh_id()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{refused, retailer};

    fn known_by(id: &str) -> RegisterCustomer {
        let external_ref = Some(ExternalRef {
            system: "till".to_owned(),
            id: id.to_owned(),
        });
        RegisterCustomer {
            customer_id: None,
            external_ref,
            personal_ref: None,
        }
    }

    #[test]
    fn an_external_customer_is_registered_once() {
        let mut past = retailer();
        let outcome = past.when(&known_by("7")).expect("the first is accepted");
        assert_eq!(outcome.subject, CustomerId::natural(&["till", "7"]).0);
        assert_eq!(
            refused(past.when(&known_by("7"))),
            "ALREADY_EXISTS customerId"
        );
    }

    #[test]
    fn an_external_reference_is_text() {
        let outcome = retailer().when(&known_by("7\0"));
        assert_eq!(refused(outcome), "TEXT_MALFORMED externalRef.id");
    }

    #[test]
    fn an_id_that_is_given_is_used_and_one_that_is_not_is_fresh() {
        let mut past = retailer();
        let given = CustomerId(Uuid::from_u128(7));
        let mut register = |customer_id| {
            let command = RegisterCustomer {
                customer_id,
                external_ref: None,
                personal_ref: Some(Uuid::from_u128(1)),
            };
            past.when(&command).map(|outcome| outcome.subject)
        };
        assert_eq!(register(Some(given)).expect("accepted"), given.0);
        assert_eq!(
            register(Some(given)).expect_err("refused").code,
            code::ALREADY_EXISTS
        );
        assert_ne!(
            register(None).expect("accepted"),
            register(None).expect("accepted")
        );
    }
}
