//! Tenants that can sell for as long as a measurement takes, and the order that is placed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use entrepot_domain::catalog::{CreateSku, SetPrice};
use entrepot_domain::command::AnyCommand;
use entrepot_domain::customers::{ExternalRef, RegisterCustomer};
use entrepot_domain::inventory::{ReceiptCost, ReceiveStock};
use entrepot_domain::kernel::{
    Actor, ActorKind, Currency, CustomerId, QUANTITY_MAX, Sku, TenantId, Warehouse, Zone,
};
use entrepot_domain::orders::{PlaceLine, PlaceOrder};
use entrepot_domain::tenants::{Channel, Config, ConfigureTenant, CreateTenant, TaxRate};
use entrepot_event_store::{Receipt, Store, Submission, clock};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;

use super::Result;
use super::client::Caller;
use super::ground::{Ground, close};
use crate::auth::{IssueRequest, Role, issue_embedded};
use crate::config::AUDIENCE;

/// What is sold: the SKU and its price.
const ITEMS: [(&str, i64); 3] = [("A", 2499), ("B", 1500), ("C", 2500)];
/// How the commands' answer is asked for: what the log says, and no read model.
const ORDER_PLACE: &str = "mutation Place($input: OrderPlaceInput!) { orderPlace(input: $input) { \
                           position userErrors { code message } } }";
/// Where everything is sold, unless somebody says otherwise.
pub(super) const CHANNEL: &str = "web";
/// Shops that are opened at one time.
const SHOPS_AT_ONCE: usize = 32;
/// Commands on their way while the log is filled.
pub(super) const IN_FLIGHT: usize = 256;
/// How long tokens are good for: longer than any measurement.
const TOKEN_TTL: Duration = Duration::from_hours(12);

/// The slug of a tenant by its number.
pub(super) fn slug(number: usize) -> String {
    format!("bench-{number}")
}

/// Makes tenants that can sell.
pub(super) async fn prepare(ground: &Ground, tenants: usize) -> Result<()> {
    let app = ground.open().await?;
    for number in 0..tenants {
        open_shop(&app.store, &slug(number)).await?;
    }
    close(&app.store).await;
    Ok(())
}

/// Makes a tenant that can sell.
pub(super) async fn open_shop(store: &Store, slug: &str) -> Result<TenantId> {
    let tenant = store.provision(slug).await?;
    let created = CreateTenant {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        base_currency: Currency::default(),
        time_zone: Zone("America/New_York".to_owned()),
    };
    submit(store, tenant, created).await?;
    let tax = TaxRate {
        code: "US-NY".to_owned(),
        rate_ppm: 82_500,
    };
    let web = channel(CHANNEL);
    for config in [
        Config::TaxTable(BTreeMap::from([("standard".to_owned(), vec![tax])])),
        Config::Channels(vec![web]),
        Config::Warehouses(vec![Warehouse::from("east")]),
    ] {
        submit(store, tenant, ConfigureTenant::from(config)).await?;
    }
    for (sku, price) in ITEMS {
        stock(store, tenant, Sku::from(sku), price).await?;
    }
    Ok(tenant)
}

fn channel(code: &str) -> Channel {
    Channel {
        code: code.to_owned(),
        name: code.to_owned(),
    }
}

/// Has a tenant sell through so many channels, and gives their codes.
pub(super) async fn open_channels(
    store: &Store,
    tenant: TenantId,
    channels: usize,
) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..channels)
        .map(|number| format!("{CHANNEL}{number}"))
        .collect();
    let config = Config::Channels(codes.iter().map(|code| channel(code)).collect());
    submit(store, tenant, ConfigureTenant::from(config)).await?;
    Ok(codes)
}

/// A tenant with its customers.
pub(super) type Shop = (TenantId, Vec<CustomerId>);

/// Makes tenants that can sell, each with customers. They are numbered in the order of their slugs.
pub(super) async fn open_shops(
    store: &Store,
    tenants: usize,
    customers: usize,
) -> Result<Vec<Shop>> {
    for number in 0..tenants {
        store.provision(&slug(number)).await?;
    }
    let open = async |number| {
        let tenant = open_shop(store, &slug(number)).await?;
        Ok((tenant, register(store, tenant, customers).await?))
    };
    let opened = stream::iter((0..tenants).map(open)).buffered(SHOPS_AT_ONCE);
    opened.try_collect().await
}

async fn stock(store: &Store, tenant: TenantId, sku: Sku, price: i64) -> Result<()> {
    let create = CreateSku {
        sku: sku.clone(),
        title: format!("Item {sku}"),
        tax_class: "standard".to_owned(),
        tracked: true,
        category: None,
    };
    submit(store, tenant, create).await?;
    let set_price = SetPrice {
        sku: sku.clone(),
        currency: Currency::default(),
        amount_minor: price,
    };
    submit(store, tenant, set_price).await?;
    let receive = ReceiveStock {
        sku,
        warehouse: Warehouse::from("east"),
        quantity: QUANTITY_MAX / 1000,
        cost: ReceiptCost::Unit(price / 2),
        reference: None,
    };
    submit(store, tenant, receive).await.map(drop)
}

/// Registers customers of a tenant.
pub(super) async fn register(
    store: &Store,
    tenant: TenantId,
    customers: usize,
) -> Result<Vec<CustomerId>> {
    let mut ids = Vec::with_capacity(customers);
    for number in 0..customers {
        let customer_id = CustomerId(clock::fresh_id());
        let customer = RegisterCustomer {
            customer_id: Some(customer_id),
            external_ref: Some(ExternalRef {
                system: "crm".to_owned(),
                id: format!("C-{number}"),
            }),
            personal_ref: None,
        };
        submit(store, tenant, customer).await?;
        ids.push(customer_id);
    }
    Ok(ids)
}

/// Sells to the customers of tenants in turn.
pub(super) async fn sell(store: &Store, shops: &[Shop], orders: usize) -> Result<()> {
    let place = |number: usize| {
        let (tenant, customers) = &shops[number % shops.len()];
        let mut order = order();
        order.customer_id = Some(customers[number / shops.len() % customers.len()]);
        submit(store, *tenant, order)
    };
    let placed = stream::iter((0..orders).map(place)).buffer_unordered(IN_FLIGHT);
    placed.try_for_each(|_| async { Ok(()) }).await
}

/// Has a command decided in this process.
pub(super) async fn submit(
    store: &Store,
    tenant: TenantId,
    command: impl AnyCommand + 'static,
) -> Result<Receipt> {
    Ok(store.submit(submission(tenant, command)).await?)
}

/// A command of the bench.
pub(super) fn submission(tenant: TenantId, command: impl AnyCommand + 'static) -> Submission {
    let actor = Actor {
        kind: ActorKind::Operator,
        id: "bench".to_owned(),
        roles: Vec::new(),
    };
    Submission::new(tenant, actor, command)
}

/// An order of three lines, as a command.
pub(super) fn order() -> PlaceOrder {
    let line = |(sku, _)| PlaceLine {
        sku: Sku::from(sku),
        quantity: 1,
        unit_price_minor: None,
        discounts: Vec::new(),
    };
    PlaceOrder {
        order_id: None,
        channel: CHANNEL.to_owned(),
        external_ref: None,
        customer_id: None,
        address_ref: None,
        currency: None,
        lines: ITEMS.into_iter().map(line).collect(),
        discounts: Vec::new(),
        shipping: None,
        placed_at: None,
        subscription_id: None,
    }
}

/// An order of three lines, as the body of a request, under a key of its own.
pub(super) fn order_request(channel: &str) -> String {
    let lines = ITEMS.map(|(sku, _)| json!({ "sku": sku, "quantity": "1" }));
    let input = json!({ "idempotencyKey": clock::fresh_id(), "channel": channel, "lines": lines });
    json!({ "query": ORDER_PLACE, "variables": { "input": input } }).to_string()
}

/// A caller who may place a tenant's orders, follow them and see their margins.
pub(super) fn caller(
    ground: &Ground,
    address: SocketAddr,
    tenant: usize,
    accept: &str,
) -> Result<Caller> {
    Ok(Caller::new(address, &token(ground, tenant)?, accept))
}

/// A token for such a caller.
pub(super) fn token(ground: &Ground, tenant: usize) -> Result<String> {
    let request = IssueRequest {
        audience: AUDIENCE.to_owned(),
        subject: "bench".to_owned(),
        tenant: Some(slug(tenant)),
        platform: false,
        roles: [Role::Commerce, Role::Finance].into_iter().collect(),
        channels: Vec::new(),
        ttl: TOKEN_TTL,
    };
    let key = ground.place().secrets()?.jwt_key();
    Ok(issue_embedded(&key, &request, clock::now())?)
}
