//! The read models' tables.

use sea_orm_migration::prelude::*;

use crate::dialect::{protect, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, CORE).await?;
        run(manager, BI).await?;
        protect(manager, TABLES).await
    }
}

const TABLES: &[&str] = &[
    "rm_orders",
    "rm_order_days",
    "rm_inventory",
    "rm_margins",
    "rm_margin_days",
    "rm_subscriptions",
    "rm_mrr_movements",
    "rm_customers",
    "rm_products",
    "rm_bi_orders",
    "rm_bi_order_lines",
    "rm_bi_payments",
    "rm_bi_shipments",
];

/// Group `core`: documents for the graph, and roll-ups.
const CORE: &str = "
CREATE TABLE rm_orders (
  tenant_id bigint NOT NULL,
  order_id {uuid} NOT NULL,
  channel text NOT NULL,
  external_id text,
  customer_id {uuid},
  subscription_id {uuid},
  currency text NOT NULL,
  status text NOT NULL,
  payment_status text NOT NULL,
  fulfillment_status text NOT NULL,
  placed_at bigint NOT NULL,
  placed_on text NOT NULL,
  updated_at bigint NOT NULL,
  gross_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  net_minor bigint NOT NULL,
  shipping_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  total_minor bigint NOT NULL,
  canceled_minor bigint NOT NULL,
  captured_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL,
  line_count int NOT NULL,
  position bigint NOT NULL,
  doc text NOT NULL,
  PRIMARY KEY (tenant_id, order_id)
);
CREATE INDEX rm_orders_placed ON rm_orders (tenant_id, placed_at, order_id);
CREATE INDEX rm_orders_customer ON rm_orders (tenant_id, customer_id, placed_at)
  WHERE customer_id IS NOT NULL;
CREATE INDEX rm_orders_channel ON rm_orders (tenant_id, channel, placed_at);
CREATE INDEX rm_orders_external ON rm_orders (tenant_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX rm_orders_subscription ON rm_orders (tenant_id, subscription_id, placed_at)
  WHERE subscription_id IS NOT NULL;
CREATE TABLE rm_order_days (
  tenant_id bigint NOT NULL,
  day text NOT NULL,
  channel text NOT NULL,
  currency text NOT NULL,
  measure text NOT NULL,
  code text NOT NULL,
  amount_minor bigint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, channel, currency, measure, code)
) {clustered};
CREATE TABLE rm_inventory (
  tenant_id bigint NOT NULL,
  sku text NOT NULL,
  warehouse text NOT NULL,
  on_hand bigint NOT NULL,
  reserved bigint NOT NULL,
  value_minor bigint NOT NULL,
  currency text NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, sku, warehouse)
) {clustered};
CREATE INDEX rm_inventory_warehouse ON rm_inventory (tenant_id, warehouse, sku);
CREATE TABLE rm_margins (
  tenant_id bigint NOT NULL,
  order_id {uuid} NOT NULL,
  line bigint NOT NULL,
  sku text NOT NULL,
  channel text NOT NULL,
  customer_id {uuid},
  currency text NOT NULL,
  booked_on text NOT NULL,
  shipped_on text,
  recognized_on text,
  quantity bigint NOT NULL,
  shipped_quantity bigint NOT NULL,
  gross_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  net_minor bigint NOT NULL,
  issued_minor bigint NOT NULL,
  cogs_known_quantity bigint NOT NULL,
  cogs_minor bigint,
  shipping_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  shipping_cost_minor bigint NOT NULL,
  gross_margin_minor bigint,
  contribution_minor bigint,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, order_id, line)
) {clustered};
CREATE INDEX rm_margins_booked ON rm_margins (tenant_id, booked_on);
CREATE INDEX rm_margins_sku ON rm_margins (tenant_id, sku, booked_on);
CREATE TABLE rm_margin_days (
  tenant_id bigint NOT NULL,
  day text NOT NULL,
  channel text NOT NULL,
  sku text NOT NULL,
  currency text NOT NULL,
  line_count bigint NOT NULL,
  quantity bigint NOT NULL,
  net_minor bigint NOT NULL,
  cogs_minor bigint NOT NULL,
  shipping_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  shipping_cost_minor bigint NOT NULL,
  known_net_minor bigint NOT NULL,
  gross_margin_minor bigint NOT NULL,
  contribution_minor bigint NOT NULL,
  unknown_cost_lines bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, channel, sku, currency)
) {clustered};
CREATE TABLE rm_subscriptions (
  tenant_id bigint NOT NULL,
  subscription_id {uuid} NOT NULL,
  status text NOT NULL,
  customer_id {uuid} NOT NULL,
  channel text NOT NULL,
  currency text NOT NULL,
  next_cycle bigint NOT NULL,
  next_on text,
  mrr_micros bigint NOT NULL,
  created_at bigint NOT NULL,
  created_on text NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  doc text NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id)
);
CREATE INDEX rm_subscriptions_customer ON rm_subscriptions (tenant_id, customer_id);
CREATE INDEX rm_subscriptions_next ON rm_subscriptions (tenant_id, next_on);
CREATE TABLE rm_mrr_movements (
  tenant_id bigint NOT NULL,
  subscription_id {uuid} NOT NULL,
  position bigint NOT NULL,
  kind text NOT NULL,
  amount_micros bigint NOT NULL,
  currency text NOT NULL,
  moved_on text NOT NULL,
  moved_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id, position)
) {clustered};
CREATE INDEX rm_mrr_movements_moved ON rm_mrr_movements (tenant_id, moved_at);
CREATE TABLE rm_customers (
  tenant_id bigint NOT NULL,
  customer_id {uuid} NOT NULL,
  external_system text,
  external_id text,
  personal_ref {uuid},
  status text NOT NULL,
  registered_at bigint NOT NULL,
  registered_on text NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
);
CREATE INDEX rm_customers_external ON rm_customers (tenant_id, external_id);
CREATE TABLE rm_products (
  tenant_id bigint NOT NULL,
  sku text NOT NULL,
  title text NOT NULL,
  tax_class text NOT NULL,
  category text,
  tracked boolean NOT NULL,
  discontinued boolean NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  doc text NOT NULL,
  PRIMARY KEY (tenant_id, sku)
);
";

/// Group `bi`: flat rows.
const BI: &str = "
CREATE TABLE rm_bi_orders (
  tenant_id bigint NOT NULL,
  order_id {uuid} NOT NULL,
  channel text NOT NULL,
  external_id text,
  customer_id {uuid},
  subscription_id {uuid},
  currency text NOT NULL,
  status text NOT NULL,
  placed_at bigint NOT NULL,
  placed_on text NOT NULL,
  line_count bigint NOT NULL,
  quantity bigint NOT NULL,
  canceled_quantity bigint NOT NULL,
  shipped_quantity bigint NOT NULL,
  held boolean NOT NULL,
  gross_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  net_minor bigint NOT NULL,
  shipping_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  total_minor bigint NOT NULL,
  canceled_minor bigint NOT NULL,
  captured_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, order_id)
);
CREATE INDEX rm_bi_orders_placed ON rm_bi_orders (tenant_id, placed_at);
CREATE TABLE rm_bi_order_lines (
  tenant_id bigint NOT NULL,
  order_id {uuid} NOT NULL,
  line bigint NOT NULL,
  sku text NOT NULL,
  channel text NOT NULL,
  customer_id {uuid},
  currency text NOT NULL,
  placed_at bigint NOT NULL,
  placed_on text NOT NULL,
  quantity bigint NOT NULL,
  canceled_quantity bigint NOT NULL,
  shipped_quantity bigint NOT NULL,
  unit_price_minor bigint,
  gross_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  net_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  canceled_net_minor bigint NOT NULL,
  canceled_tax_minor bigint NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, order_id, line)
);
CREATE INDEX rm_bi_order_lines_placed ON rm_bi_order_lines (tenant_id, placed_at);
CREATE TABLE rm_bi_payments (
  tenant_id bigint NOT NULL,
  payment_id {uuid} NOT NULL,
  order_id {uuid} NOT NULL,
  provider text NOT NULL,
  provider_ref text,
  currency text NOT NULL,
  authorized_minor bigint NOT NULL,
  captured_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  fee_estimated boolean NOT NULL,
  unknown_attempt text,
  closed boolean NOT NULL,
  captured_at bigint,
  captured_on text,
  refunded_at bigint,
  refunded_on text,
  created_at bigint NOT NULL,
  created_on text NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, payment_id)
);
CREATE INDEX rm_bi_payments_order ON rm_bi_payments (tenant_id, order_id);
CREATE INDEX rm_bi_payments_captured ON rm_bi_payments (tenant_id, captured_at);
CREATE TABLE rm_bi_shipments (
  tenant_id bigint NOT NULL,
  shipment_id {uuid} NOT NULL,
  order_id {uuid} NOT NULL,
  warehouse text,
  carrier text,
  tracking text,
  line_count bigint NOT NULL,
  quantity bigint NOT NULL,
  label_cost_minor bigint,
  dispatched_at bigint NOT NULL,
  dispatched_on text NOT NULL,
  delivered_at bigint,
  delivered_on text,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, shipment_id)
);
CREATE INDEX rm_bi_shipments_order ON rm_bi_shipments (tenant_id, order_id);
CREATE INDEX rm_bi_shipments_dispatched ON rm_bi_shipments (tenant_id, dispatched_at);
";
