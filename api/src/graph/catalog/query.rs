//! Queries of products.

use async_graphql::{Context, Enum, InputObject, Object, Result};
use entrepot_entity::products;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};

use super::load::ProductLoader;
use super::types::Product;
use crate::graph::connection::Listed;
use crate::graph::direct::general;
use crate::graph::loader;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::visible;
use crate::graph::session::session;

/// Queries of products.
#[derive(Debug, Default)]
pub struct CatalogQuery;

/// A list of products.
pub type ProductConnection = Listed<Product>;

general!(Product);

/// Which products.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ProductFilter {
    /// In this category.
    category: Option<String>,
    /// Whose SKU starts with this text; upper and lower case differ.
    sku_prefix: Option<String>,
    /// Whether they cannot be ordered any more.
    discontinued: Option<bool>,
}

/// What products are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum ProductSort {
    /// By SKU.
    #[default]
    SkuAsc,
    /// By SKU, backwards.
    SkuDesc,
    /// By title.
    TitleAsc,
    /// The last changed first.
    UpdatedAtDesc,
}

impl ProductSort {
    fn keyset(self) -> Keyset<products::Entity> {
        use products::Column;
        let (columns, descending) = match self {
            Self::SkuAsc => (vec![Column::Sku], false),
            Self::SkuDesc => (vec![Column::Sku], true),
            Self::TitleAsc => (vec![Column::Title, Column::Sku], false),
            Self::UpdatedAtDesc => (vec![Column::UpdatedAt, Column::Sku], true),
        };
        Keyset {
            columns,
            descending,
        }
    }
}

fn filtered(
    mut rows: Select<products::Entity>,
    filter: &ProductFilter,
) -> Select<products::Entity> {
    use products::Column;
    // Not LIKE: its case and its wildcards differ between the databases.
    let starts_with = |prefix: &String| {
        // PostgreSQL knows no `substr` with a bigint.
        let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
        Func::cust("substr")
            .args([Expr::col(Column::Sku), Expr::val(1), Expr::val(length)])
            .eq(prefix.as_str())
    };
    let conditions = [
        filter
            .category
            .as_ref()
            .map(|category| Column::Category.eq(category)),
        filter.sku_prefix.as_ref().map(starts_with),
        filter
            .discontinued
            .map(|discontinued| Column::Discontinued.eq(discontinued)),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    rows
}

#[Object]
impl CatalogQuery {
    /// A product by its SKU. Null if there is none.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant's own code, verbatim.")] sku: String,
    ) -> Result<Option<Product>> {
        Ok(loader::load::<ProductLoader, _>(ctx, sku)
            .await?
            .map(Product))
    }

    /// Products, page by page: `first` 50 by default, 250 at most.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<ProductFilter>,
        #[graphql(default, desc = "In which order.")] sort: ProductSort,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<ProductConnection>> {
        let filter = filter.unwrap_or_default();
        let matching = List {
            name: "products",
            rows: filtered(visible(session(ctx)?)?, &filter),
            keyset: sort.keyset(),
            selected_by: format!("{sort:?}:{filter:?}"),
        };
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        matching
            .page(ctx, args, |row| Ok(Product(row)))
            .await
            .map(Some)
    }
}
