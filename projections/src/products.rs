//! Read model: SKUs with their prices.

use std::collections::BTreeMap;

use entrepot_domain::catalog::CatalogEvent;
use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Currency, Sku, TenantId};
use entrepot_entity::products;
use entrepot_event_store::db::{DbError, View};

use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;
use crate::{load, subject};

/// What `doc` holds: minor units for one unit, tax excluded.
pub type PricesDoc = BTreeMap<Currency, i64>;

/// The read model `products`. A document is the row.
#[derive(Clone, Copy, Debug)]
pub struct Products;

impl Fold for Products {
    const NAME: &'static str = "products";
    type Key = Sku;
    type Doc = Option<products::Model>;

    fn tables() -> &'static [&'static str] {
        &["rm_products"]
    }

    fn keys(event: &Event) -> Vec<Sku> {
        let Event::Catalog(event) = event else {
            return Vec::new();
        };
        let sku = match event {
            CatalogEvent::SkuCreated(created) => &created.sku,
            CatalogEvent::SkuDiscontinued(discontinued) => &discontinued.sku,
            CatalogEvent::PriceSet(set) => &set.sku,
        };
        vec![sku.clone()]
    }

    fn begins(event: &Recorded) -> bool {
        event.version == 1
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[Sku],
    ) -> Result<Vec<(Sku, Self::Doc)>, DbError> {
        let skus = keys.iter().map(|key| key.0.clone());
        let column = products::Column::Sku;
        let rows = load::rows::<products::Entity, _>(view, tenant, column, skus).await?;
        let loaded = rows.into_iter();
        Ok(loaded
            .map(|row| (Sku(row.sku.clone()), Some(row)))
            .collect())
    }

    fn apply(
        doc: &mut Self::Doc,
        key: &Sku,
        event: &Recorded,
        facts: &TenantFacts,
    ) -> Result<(), FoldError> {
        let Event::Catalog(fact) = &event.event else {
            return Ok(());
        };
        let at = event.recorded_at.micros();
        match (fact, doc) {
            (CatalogEvent::SkuCreated(_), Some(_)) => return Err(subject::known("SKU", key)),
            (CatalogEvent::SkuCreated(created), doc) => {
                *doc = Some(products::Model {
                    tenant_id: facts.tenant.0,
                    sku: created.sku.0.clone(),
                    title: created.title.clone(),
                    tax_class: created.tax_class.clone(),
                    category: created.category.clone(),
                    tracked: created.tracked,
                    discontinued: false,
                    created_at: at,
                    updated_at: at,
                    position: event.position,
                    doc: load::text(&PricesDoc::new()),
                });
            }
            (_, None) => return Err(subject::unknown("SKU", key)),
            (CatalogEvent::SkuDiscontinued(_), Some(row)) => {
                row.discontinued = true;
                (row.updated_at, row.position) = (at, event.position);
            }
            (CatalogEvent::PriceSet(set), Some(row)) => {
                let mut prices = prices(&row.doc).map_err(FoldError)?;
                prices.insert(set.currency, set.amount_minor);
                row.doc = load::text(&prices);
                (row.updated_at, row.position) = (at, event.position);
            }
        }
        Ok(())
    }

    fn write(_: &TenantFacts, _: &Sku, _: &Self::Doc, after: &Self::Doc, out: &mut Writes) {
        if let Some(row) = after {
            out.put(row);
        }
    }
}

fn prices(doc: &str) -> Result<PricesDoc, String> {
    serde_json::from_str(doc).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fold, rows_do_not_depend_on_batches, story};

    #[test]
    fn a_product_has_its_newest_price_in_each_currency() {
        let docs = fold::<Products>(&story()).expect("folds");
        let row = |sku: &str| docs[&Sku::from(sku)].clone().expect("created");
        assert_eq!(row("A").doc, r#"{"EUR":2299,"USD":2499}"#);
        assert!(row("B").discontinued && !row("A").discontinued);
        assert!(row("A").tracked && !row("GIFT").tracked);
    }

    #[tokio::test]
    async fn products_do_not_depend_on_batches() {
        let tables = rows_do_not_depend_on_batches::<Products>(&story()).await;
        assert_eq!(tables["rm_products"].len(), 4);
    }
}
