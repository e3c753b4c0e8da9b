//! A graph as most are built: async-graphql with dataloaders, a statement a relation, over the
//! product's own tables. No token, no policy, no tenant but the one that is asked for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Request, Schema, SimpleObject};
use axum::routing::post;
use axum::{Json, Router};
use entrepot_bench_peers::{Error, answer_at, pool, setting};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

const BODY: &str = "query LastOrders($tenant: Int!) { orders(tenant: $tenant, first: 20) { nodes { id placedAt \
    status currency totals { total { amountMinor } } lines { line sku quantity net { amountMinor } } \
    customer { id externalId } \
    margins { line net { amountMinor } cogs { amountMinor } contribution { amountMinor } } } } }";
const ORDERS: &str = "SELECT tenant_id, order_id, customer_id, status, currency, placed_at, total_minor
    FROM rm_orders WHERE tenant_id = $1 ORDER BY placed_at DESC, order_id DESC LIMIT $2";
const LINES: &str = "SELECT order_id, line, sku, quantity, net_minor FROM rm_bi_order_lines
    WHERE tenant_id = $1 AND order_id = ANY($2) ORDER BY line";
const CUSTOMERS: &str = "SELECT customer_id, external_id FROM rm_customers
    WHERE tenant_id = $1 AND customer_id = ANY($2)";
const MARGINS: &str = "SELECT order_id, line, net_minor, cogs_minor, contribution_minor FROM rm_margins
    WHERE tenant_id = $1 AND order_id = ANY($2) ORDER BY line";
const CONNECTIONS: usize = 16;

/// A row's tenant and id.
type Key = (i64, Uuid);

#[derive(Clone, FromRow)]
struct Order {
    tenant_id: i64,
    order_id: Uuid,
    customer_id: Option<Uuid>,
    status: String,
    currency: String,
    placed_at: i64,
    total_minor: i64,
}

#[derive(Clone, FromRow)]
struct Line {
    order_id: Uuid,
    line: i64,
    sku: String,
    quantity: i64,
    net_minor: i64,
}

#[derive(Clone, FromRow)]
struct Customer {
    customer_id: Uuid,
    external_id: Option<String>,
}

#[derive(Clone, FromRow)]
struct Margin {
    order_id: Uuid,
    line: i64,
    net_minor: i64,
    cogs_minor: Option<i64>,
    contribution_minor: Option<i64>,
}

#[derive(SimpleObject)]
struct Money {
    amount_minor: String,
}

#[derive(SimpleObject)]
struct Totals {
    total: Money,
}

#[derive(SimpleObject)]
struct Page {
    nodes: Vec<Order>,
}

fn money(minor: i64) -> Money {
    Money { amount_minor: minor.to_string() }
}

#[Object]
impl Order {
    async fn id(&self) -> String {
        self.order_id.to_string()
    }
    async fn placed_at(&self) -> String {
        self.placed_at.to_string()
    }
    async fn status(&self) -> &str {
        &self.status
    }
    async fn currency(&self) -> &str {
        &self.currency
    }
    async fn totals(&self) -> Totals {
        Totals { total: money(self.total_minor) }
    }
    async fn lines(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Line>> {
        let loader = ctx.data::<DataLoader<Lines>>()?;
        let lines = loader.load_one((self.tenant_id, self.order_id)).await?;
        Ok(lines.unwrap_or_default())
    }
    async fn customer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Customer>> {
        let Some(id) = self.customer_id else {
            return Ok(None);
        };
        ctx.data::<DataLoader<Customers>>()?.load_one((self.tenant_id, id)).await
    }
    async fn margins(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Margin>> {
        let loader = ctx.data::<DataLoader<Margins>>()?;
        let margins = loader.load_one((self.tenant_id, self.order_id)).await?;
        Ok(margins.unwrap_or_default())
    }
}

#[Object]
impl Line {
    async fn line(&self) -> i64 {
        self.line
    }
    async fn sku(&self) -> &str {
        &self.sku
    }
    async fn quantity(&self) -> String {
        self.quantity.to_string()
    }
    async fn net(&self) -> Money {
        money(self.net_minor)
    }
}

#[Object]
impl Customer {
    async fn id(&self) -> String {
        self.customer_id.to_string()
    }
    async fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }
}

#[Object]
impl Margin {
    async fn line(&self) -> i64 {
        self.line
    }
    async fn net(&self) -> Money {
        money(self.net_minor)
    }
    async fn cogs(&self) -> Option<Money> {
        self.cogs_minor.map(money)
    }
    async fn contribution(&self) -> Option<Money> {
        self.contribution_minor.map(money)
    }
}

/// The keys of each tenant.
fn by_tenant(keys: &[Key]) -> HashMap<i64, Vec<Uuid>> {
    let mut all: HashMap<i64, Vec<Uuid>> = HashMap::new();
    for (tenant, id) in keys {
        all.entry(*tenant).or_default().push(*id);
    }
    all
}

struct Lines(PgPool);
struct Customers(PgPool);
struct Margins(PgPool);

impl Loader<Key> for Lines {
    type Value = Vec<Line>;
    type Error = async_graphql::Error;

    async fn load(&self, keys: &[Key]) -> Result<HashMap<Key, Vec<Line>>, Self::Error> {
        let mut found: HashMap<Key, Vec<Line>> = HashMap::new();
        for (tenant, ids) in by_tenant(keys) {
            let lines: Vec<Line> = sqlx::query_as(LINES).bind(tenant).bind(ids).fetch_all(&self.0).await?;
            for line in lines {
                found.entry((tenant, line.order_id)).or_default().push(line);
            }
        }
        Ok(found)
    }
}

impl Loader<Key> for Customers {
    type Value = Customer;
    type Error = async_graphql::Error;

    async fn load(&self, keys: &[Key]) -> Result<HashMap<Key, Customer>, Self::Error> {
        let mut found = HashMap::new();
        for (tenant, ids) in by_tenant(keys) {
            let rows: Vec<Customer> = sqlx::query_as(CUSTOMERS).bind(tenant).bind(ids).fetch_all(&self.0).await?;
            found.extend(rows.into_iter().map(|row| ((tenant, row.customer_id), row)));
        }
        Ok(found)
    }
}

impl Loader<Key> for Margins {
    type Value = Vec<Margin>;
    type Error = async_graphql::Error;

    async fn load(&self, keys: &[Key]) -> Result<HashMap<Key, Vec<Margin>>, Self::Error> {
        let mut found: HashMap<Key, Vec<Margin>> = HashMap::new();
        for (tenant, ids) in by_tenant(keys) {
            let rows: Vec<Margin> = sqlx::query_as(MARGINS).bind(tenant).bind(ids).fetch_all(&self.0).await?;
            for row in rows {
                found.entry((tenant, row.order_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

struct Query(PgPool);

#[Object]
impl Query {
    async fn orders(&self, tenant: i64, first: i64) -> async_graphql::Result<Page> {
        let nodes = sqlx::query_as(ORDERS).bind(tenant).bind(first).fetch_all(&self.0).await?;
        Ok(Page { nodes })
    }
}

fn loader<L: Send + Sync + 'static>(loader: L) -> DataLoader<L> {
    DataLoader::new(loader, TokioSpawner::current(), TokioTimer::default()).delay(Duration::from_millis(1))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let pool = pool(CONNECTIONS).await?;
    let schema = Schema::build(Query(pool.clone()), EmptyMutation, EmptySubscription).finish();
    let execute = move |Json(request): Json<Request>| {
        let (schema, pool) = (schema.clone(), pool.clone());
        async move {
            let request = request
                .data(loader(Lines(pool.clone())))
                .data(loader(Customers(pool.clone())))
                .data(loader(Margins(pool)));
            Json(schema.execute(request).await)
        }
    };
    let address: SocketAddr = setting("PEER_LISTEN")?;
    let body = format!(r#"{{"query":"{BODY}","variables":{{"tenant":$TENANT}}}}"#);
    answer_at(address, Router::new().route("/graphql", post(execute)), &body).await
}
