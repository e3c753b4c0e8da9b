//! A retailer, made by commands, and the commands that tests give most.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrepot_domain::catalog::{CreateSku, SetPrice};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::inventory::{ReceiptCost, ReceiveStock};
use entrepot_domain::kernel::{
    Actor, ActorKind, Currency, OrderId, Sku, TenantId, Warehouse, Zone,
};
use entrepot_domain::orders::{PlaceLine, PlaceOrder};
use entrepot_domain::tenants::{Channel, Config, ConfigureTenant, CreateTenant, Fee, TaxRate};
use entrepot_event_store::{IdempotencyKey, Receipt, Store, Submission, SubmitError};

/// Units of each tracked SKU in each warehouse.
const UNITS: i64 = 1_000;

/// A retailer that can sell: US dollars, New York, the channels `web` and `till`, the warehouses
/// `east` and `west`, the tax classes `standard` (8.25 %) and `exempt`, the fees of `stripe`
/// (2.9 % + 0.30), the SKUs A, B, C at 24.99, 15.00, 25.00 with 1,000 units at 10.00 in each
/// warehouse, and GIFT at 5.00, of which no stock is kept.
pub async fn retailer(store: &Store, slug: &str) -> TenantId {
    let tenant = tenant(store, slug).await;
    for sku in ["A", "B", "C"] {
        for warehouse in ["east", "west"] {
            give(store, tenant, stock(sku, warehouse, UNITS))
                .await
                .expect("goods are received");
        }
    }
    tenant
}

/// A retailer with a catalog and nothing in stock.
pub async fn tenant(store: &Store, slug: &str) -> TenantId {
    let tenant = store.provision(slug).await.expect("a tenant has its place");
    let create = CreateTenant {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        base_currency: Currency::default(),
        time_zone: Zone("America/New_York".to_owned()),
    };
    give(store, tenant, create)
        .await
        .expect("the tenant is created");
    for config in configs() {
        give(store, tenant, ConfigureTenant::from(config))
            .await
            .expect("the tenant is configured");
    }
    for (sku, amount_minor, tracked) in [
        ("A", 2499, true),
        ("B", 1500, true),
        ("C", 2500, true),
        ("GIFT", 500, false),
    ] {
        let sku = Sku::from(sku);
        let create = CreateSku {
            sku: sku.clone(),
            title: format!("Item {sku}"),
            tax_class: "standard".to_owned(),
            tracked,
            category: None,
        };
        give(store, tenant, create)
            .await
            .expect("the SKU is created");
        let price = SetPrice {
            sku,
            currency: Currency::default(),
            amount_minor,
        };
        give(store, tenant, price).await.expect("the price is set");
    }
    tenant
}

fn configs() -> [Config; 4] {
    let standard = TaxRate {
        code: "US-NY".to_owned(),
        rate_ppm: 82_500,
    };
    let stripe = Fee {
        rate_ppm: 29_000,
        fixed_minor: 30,
    };
    let channels = ["web", "till"].map(|code| Channel {
        code: code.to_owned(),
        name: code.to_owned(),
    });
    [
        Config::TaxTable(BTreeMap::from([
            ("standard".to_owned(), vec![standard]),
            ("exempt".to_owned(), Vec::new()),
        ])),
        Config::Channels(channels.to_vec()),
        Config::FeeSchedule(BTreeMap::from([("stripe".to_owned(), stripe)])),
        Config::Warehouses(["east", "west"].map(Warehouse::from).to_vec()),
    ]
}

/// Submits a command without a key.
pub async fn give(
    store: &Store,
    tenant: TenantId,
    command: impl AnyCommand + 'static,
) -> Result<Receipt, SubmitError> {
    store.submit(submission(tenant, Arc::new(command))).await
}

/// A command as a user of the tenant gives it.
pub fn submission(tenant: TenantId, command: Arc<dyn AnyCommand>) -> Submission {
    Submission {
        tenant,
        command,
        actor: Actor {
            kind: ActorKind::User,
            id: "test".to_owned(),
            roles: Vec::new(),
        },
        key: None,
        fingerprint: None,
        correlation_id: None,
        causation_id: None,
        vault: Vec::new(),
    }
}

/// A key of client `test`.
pub fn key(key: impl Into<String>) -> IdempotencyKey {
    IdempotencyKey {
        client: "test".to_owned(),
        key: key.into(),
        permanent: false,
    }
}

/// An order of some units of one SKU under a fresh id.
pub fn order(sku: &str, quantity: i64) -> PlaceOrder {
    place(None, &[(sku, quantity)])
}

/// An order under a given id.
pub fn place(order_id: Option<OrderId>, lines: &[(&str, i64)]) -> PlaceOrder {
    let line = |(sku, quantity): &(&str, i64)| PlaceLine {
        sku: Sku::from(*sku),
        quantity: *quantity,
        unit_price_minor: None,
        discounts: Vec::new(),
    };
    PlaceOrder {
        order_id,
        channel: "web".to_owned(),
        external_ref: None,
        customer_id: None,
        address_ref: None,
        currency: None,
        lines: lines.iter().map(line).collect(),
        discounts: Vec::new(),
        shipping: None,
        placed_at: None,
        subscription_id: None,
    }
}

/// Goods that arrive, at 10.00 each.
pub fn stock(sku: &str, warehouse: &str, quantity: i64) -> ReceiveStock {
    ReceiveStock {
        sku: sku.into(),
        warehouse: warehouse.into(),
        quantity,
        cost: ReceiptCost::Unit(1_000),
        reference: None,
    }
}

/// The code of a refusal; what else came of the command, if it was not refused.
pub fn refusal(answer: Result<Receipt, SubmitError>) -> String {
    match answer {
        Err(SubmitError::Refused(refusal)) => refusal.code.to_owned(),
        other => format!("{other:?}"),
    }
}
