//! Two believable retailers for a first look: `north` (US dollars, New York) and `south` (euros,
//! Berlin), each with a catalog, stock, customers, four months of orders and some subscriptions.
//!
//! Everything goes through the same commands as any other business, each under a key of its own: a
//! fill that broke off goes on where it was, and one that is done changes nothing. The same numbers
//! come out each time; only the dates follow the day of the first fill.

mod course;
mod dice;
mod goods;
mod money;
mod pen;
mod people;
mod plan;
mod retailer;
mod subscriptions;
#[cfg(test)]
mod tests;

use entrepot_domain::catalog::{CreateSku, SetPrice};
use entrepot_domain::customers::{ExternalRef, RegisterCustomer};
use entrepot_domain::kernel::{Instant, Sku, TenantId, code};
use entrepot_domain::tenants::ConfigureTenant;
use entrepot_event_store::vault::Vault;
use entrepot_event_store::{Store, StoreError, SubmitError};

use self::course::Course;
use self::goods::Good;
use self::pen::Pen;
use self::people::Person;
use self::retailer::{RETAILERS, Retailer};
use crate::import::Progress;

/// Orders of each retailer.
const ORDERS: usize = 400;
/// Days that the orders are spread over.
const DAYS: usize = 120;
/// Customers of each retailer.
const CUSTOMERS: usize = 60;

/// Why a fill broke off. What was written stays; another fill goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A tenant of this name exists that no demo made.
    #[error("tenant `{0}` exists and is not the demo's")]
    Taken(&'static str),
    /// The log does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log did not take a command.
    #[error("command `{key}` of tenant {tenant}: {source}")]
    Submit {
        /// Whose log.
        tenant: TenantId,
        /// The command's key.
        key: String,
        /// Why.
        source: SubmitError,
    },
}

/// Fills both tenants, as of `now`, and answers them with their slugs.
///
/// `now` must not be later than the clock: nothing is recorded as if it came from the future.
pub async fn fill(
    store: &Store,
    vault: &Vault,
    now: Instant,
    progress: &dyn Progress,
) -> Result<Vec<(TenantId, &'static str)>, DemoError> {
    let goods = goods::all();
    let mut tenants = Vec::with_capacity(RETAILERS.len());
    for retailer in &RETAILERS {
        let tenant = store.provision(retailer.slug).await?;
        let pen = Pen {
            store,
            vault,
            tenant,
            progress,
        };
        set_up(&pen, retailer).await?;
        stock_catalog(&pen, retailer, &goods).await?;
        register(&pen, retailer).await?;
        let mut course = Course {
            pen: &pen,
            retailer,
            goods: &goods,
            now,
            shelf: vec![0; goods.len()],
        };
        course.run().await?;
        subscriptions::run(&course).await?;
        tenants.push((tenant, retailer.slug));
    }
    Ok(tenants)
}

async fn set_up(pen: &Pen<'_>, retailer: &Retailer) -> Result<(), DemoError> {
    match pen
        .write(pen.line("tenant".to_owned(), retailer.created()))
        .await
    {
        Err(DemoError::Submit {
            source: SubmitError::Refused(refusal),
            ..
        }) if refusal.code == code::ALREADY_EXISTS => return Err(DemoError::Taken(retailer.slug)),
        created => drop(created?),
    }
    let configs = retailer
        .configs()
        .into_iter()
        .map(|(kind, config)| pen.line(format!("config:{kind}"), ConfigureTenant::from(config)));
    pen.write_all(configs.collect()).await.map(drop)
}

async fn stock_catalog(
    pen: &Pen<'_>,
    retailer: &Retailer,
    goods: &[Good],
) -> Result<(), DemoError> {
    let lines = goods.iter().flat_map(|good| {
        let created = CreateSku {
            sku: Sku::from(good.sku),
            title: good.title.to_owned(),
            tax_class: good.tax_class.to_owned(),
            tracked: good.cost.is_some(),
            category: Some(good.category.to_owned()),
        };
        let price = SetPrice {
            sku: Sku::from(good.sku),
            currency: retailer.currency(),
            amount_minor: retailer.price(good),
        };
        [
            pen.line(format!("sku:{}", good.sku), created),
            pen.line(format!("price:{}", good.sku), price),
        ]
    });
    pen.write_all(lines.collect()).await.map(drop)
}

async fn register(pen: &Pen<'_>, retailer: &Retailer) -> Result<(), DemoError> {
    let mut lines = Vec::with_capacity(CUSTOMERS);
    for number in 0..CUSTOMERS {
        let customer_id = plan::customer_id(number);
        let person = Person::of(retailer.slug, retailer.country, number);
        let (personal_ref, writes) = pen.seal(customer_id.0, &person, person.email()).await?;
        let command = RegisterCustomer {
            customer_id: Some(customer_id),
            external_ref: Some(ExternalRef {
                system: "web".to_owned(),
                id: plan::customer_number(number),
            }),
            personal_ref: Some(personal_ref),
        };
        lines.push(
            pen.line(format!("customer:{number}"), command)
                .sealed(writes),
        );
    }
    pen.write_all(lines).await.map(drop)
}
