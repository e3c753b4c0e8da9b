//! Commands on customers. Personal data goes to the vault, in the commit of the command that
//! refers to it; the log never sees it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::customers as domain;
use entrepot_domain::kernel::CustomerId;
use entrepot_event_store::clock;
use entrepot_event_store::vault::VaultWrite;
use uuid::Uuid;

use super::load::CustomerLoader;
use super::types::Customer;
use crate::graph::command::{CommandResult, Outgoing, submit};
use crate::graph::personal::{Person, PersonalDataInput, PersonalRecord, fingerprint_of, seal};
use crate::graph::{gid, loader};

/// Commands on customers.
#[derive(Debug, Default)]
pub struct CustomerMutation;

/// The answer to a command on a customer.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct CustomerPayload {
    #[graphql(skip)]
    customer_id: Option<Uuid>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[async_graphql::ComplexObject]
impl CustomerPayload {
    /// The customer as the command left it, or newer. Null if the command was refused.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.customer_id {
            Some(id) => Ok(loader::load::<CustomerLoader, _>(ctx, id)
                .await?
                .map(Customer)),
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    outgoing: Outgoing<C>,
) -> Result<Option<CustomerPayload>> {
    let (receipt, result) = submit(ctx, outgoing).await?;
    Ok(Some(CustomerPayload {
        customer_id: receipt.map(|receipt| receipt.subject),
        result,
    }))
}

/// A customer's id in another system.
#[derive(Clone, Debug, InputObject)]
pub struct ExternalRefInput {
    /// The system or channel: `web`.
    system: String,
    /// The id there, verbatim.
    id: String,
}

/// A new customer.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerRegisterInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// A uuid of the caller's choice. Without it, one that follows from `externalRef`, else a fresh one.
    customer_id: Option<ID>,
    /// The customer's id in the system that it comes from.
    external_ref: Option<ExternalRefInput>,
    #[graphql(flatten)]
    person: PersonalDataInput,
}

/// What holds of a customer from now on.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerUpdateInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which customer.
    customer_id: ID,
    #[graphql(flatten)]
    person: PersonalDataInput,
}

/// A customer to be forgotten.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerEraseInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Which customer.
    customer_id: ID,
}

impl CustomerRegisterInput {
    /// Who it will be: that must be known before anything is sealed.
    fn subject(&self) -> Result<Person> {
        let given = gid::decode_opt(self.customer_id.as_ref(), "Customer", "customerId")?;
        Ok(match (given, &self.external_ref) {
            (Some(id), _) => Person::Known(id),
            (None, Some(external)) => {
                Person::Known(CustomerId::natural(&[&external.system, &external.id]).0)
            }
            (None, None) => Person::Fresh(clock::fresh_id()),
        })
    }
}

#[Object]
impl CustomerMutation {
    /// Makes a customer known. Without personal data, the customer is known by reference only.
    async fn customer_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new customer.")] mut input: CustomerRegisterInput,
    ) -> Result<Option<CustomerPayload>> {
        let key = input.idempotency_key.take();
        let input_text = format!("{input:?}");
        let subject = input.subject()?;
        let external_ref = input.external_ref.map(|there| domain::ExternalRef {
            system: there.system,
            id: there.id,
        });
        let record = input.person.checked()?;
        let outgoing = |personal_ref, fingerprint, vault| Outgoing {
            command: domain::RegisterCustomer {
                customer_id: Some(CustomerId(subject.id())),
                external_ref,
                personal_ref,
            },
            key,
            fingerprint: Some(fingerprint),
            vault,
        };
        if record == PersonalRecord::default() {
            let fingerprint = fingerprint_of(ctx, &input_text)?;
            return run(ctx, outgoing(None, fingerprint, Vec::new())).await;
        }
        let email = record.email.as_deref();
        let sealed = seal(ctx, subject, &record, email, &input_text).await?;
        let (fingerprint, vault) = (sealed.fingerprint, sealed.writes);
        run(ctx, outgoing(Some(sealed.record_id), fingerprint, vault)).await
    }

    /// Replaces all of a customer's personal data: what is not given holds no more.
    async fn customer_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What holds from now on.")] mut input: CustomerUpdateInput,
    ) -> Result<Option<CustomerPayload>> {
        let key = input.idempotency_key.take();
        let input_text = format!("{input:?}");
        let customer_id = gid::decode(&input.customer_id, "Customer", "customerId")?;
        let record = input.person.checked()?;
        let (subject, email) = (Person::Known(customer_id), record.email.as_deref());
        let sealed = seal(ctx, subject, &record, email, &input_text).await?;
        let command = domain::UpdateCustomer {
            customer_id: CustomerId(customer_id),
            personal_ref: sealed.record_id,
        };
        let (fingerprint, vault) = (Some(sealed.fingerprint), sealed.writes);
        run(
            ctx,
            Outgoing {
                command,
                key,
                fingerprint,
                vault,
            },
        )
        .await
    }

    /// Destroys a customer's personal data for good, with the addresses of the customer's orders.
    /// The orders stay, without a person behind them.
    async fn customer_erase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customer.")] input: CustomerEraseInput,
    ) -> Result<Option<CustomerPayload>> {
        let customer_id = gid::decode(&input.customer_id, "Customer", "customerId")?;
        let command = domain::EraseCustomer {
            customer_id: CustomerId(customer_id),
        };
        let vault = vec![VaultWrite::Destroy(customer_id)];
        run(
            ctx,
            Outgoing {
                command,
                key: input.idempotency_key,
                fingerprint: None,
                vault,
            },
        )
        .await
    }
}
