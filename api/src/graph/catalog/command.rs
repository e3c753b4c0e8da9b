//! Commands on the catalog.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use entrepot_domain::catalog as domain;
use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::Sku;

use super::load::ProductLoader;
use super::types::Product;
use crate::graph::command::{CommandResult, Outgoing, submit};
use crate::graph::loader;
use crate::graph::scalar::{BigInt, CurrencyCode};

/// Commands on the catalog.
#[derive(Debug, Default)]
pub struct CatalogMutation;

/// The answer to a command on a product.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ProductPayload {
    #[graphql(skip)]
    sku: Option<String>,
    #[graphql(flatten)]
    result: CommandResult,
}

#[async_graphql::ComplexObject]
impl ProductPayload {
    /// The product as the command left it, or newer. Null if the command was refused.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        match &self.sku {
            Some(sku) => Ok(loader::load::<ProductLoader, _>(ctx, sku.clone())
                .await?
                .map(Product)),
            None => Ok(None),
        }
    }
}

async fn run<C: AnyCommand + 'static>(
    ctx: &Context<'_>,
    sku: String,
    outgoing: Outgoing<C>,
) -> Result<Option<ProductPayload>> {
    let (receipt, result) = submit(ctx, outgoing).await?;
    Ok(Some(ProductPayload {
        sku: receipt.map(|_| sku),
        result,
    }))
}

/// A new SKU.
#[derive(Clone, Debug, InputObject)]
pub struct SkuCreateInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The tenant's own code, 1 to 64 bytes; it can never change.
    sku: String,
    /// What people read: `Espresso Roast, Whole Bean 250 g`.
    title: String,
    /// Names the taxes that apply; it must be in the tenant's tax table.
    tax_class: String,
    /// Whether stock is kept.
    #[graphql(default = true)]
    tracked: bool,
    /// Free grouping: department, category.
    category: Option<String>,
}

/// A price.
#[derive(Clone, Debug, InputObject)]
pub struct PriceSetInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// Of which SKU.
    sku: String,
    /// Of the amount.
    currency: CurrencyCode,
    /// Minor units for one unit, tax excluded. Zero is a gift.
    amount_minor: BigInt,
}

/// A SKU that is given up.
#[derive(Clone, Debug, InputObject)]
pub struct SkuDiscontinueInput {
    /// The same key and input happen once, however often they are sent.
    idempotency_key: Option<String>,
    /// The SKU: the tenant's own code, verbatim.
    sku: String,
}

#[Object]
impl CatalogMutation {
    /// Adds a SKU to the catalog. It can be sold as soon as it has a price.
    async fn sku_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new SKU.")] input: SkuCreateInput,
    ) -> Result<Option<ProductPayload>> {
        let command = domain::CreateSku {
            sku: Sku(input.sku.clone()),
            title: input.title,
            tax_class: input.tax_class,
            tracked: input.tracked,
            category: input.category,
        };
        run(
            ctx,
            input.sku,
            Outgoing::new(command, input.idempotency_key),
        )
        .await
    }

    /// Sets the price of a SKU in one currency. Orders that were placed before keep theirs.
    async fn price_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The price.")] input: PriceSetInput,
    ) -> Result<Option<ProductPayload>> {
        let command = domain::SetPrice {
            sku: Sku(input.sku.clone()),
            currency: input.currency.0,
            amount_minor: input.amount_minor.0,
        };
        run(
            ctx,
            input.sku,
            Outgoing::new(command, input.idempotency_key),
        )
        .await
    }

    /// Takes a SKU off sale for good. Its stock may still be moved and shipped.
    async fn sku_discontinue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which SKU.")] input: SkuDiscontinueInput,
    ) -> Result<Option<ProductPayload>> {
        let command = domain::DiscontinueSku {
            sku: Sku(input.sku.clone()),
        };
        run(
            ctx,
            input.sku,
            Outgoing::new(command, input.idempotency_key),
        )
        .await
    }
}
