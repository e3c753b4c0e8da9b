CREATE VIEW bi_customers AS
-- One row a customer, without personal data: no name, address, e-mail or phone.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The customer.
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  -- text: The system that the customer came from, if any.
  external_system,
  -- text: The id of the customer there.
  external_id,
  -- text: active, or erased: the personal data was destroyed.
  status,
  -- timestamptz: When the customer was registered, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (registered_at - ((registered_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((registered_at % 1000000 + 1000000) % 1000000)) AS registered_at,
  -- date: The day of registered_at in the time zone of the tenant.
  registered_on,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_customers;

CREATE VIEW bi_daily_margins AS
-- One row a day on which orders were placed, channel, SKU and currency: sums of line_margins.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- date: The day on which the orders were placed, in the time zone of the tenant.
  day,
  -- text: Code of the channel where it was sold.
  channel,
  -- text: What was sold: products.sku.
  sku,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: Order lines, also those given up.
  line_count,
  -- bigint: Units ordered and not given up.
  quantity,
  -- bigint: After discounts, less what was given up, tax excluded. In minor units: exact.
  net_minor,
  -- numeric(23, 4): After discounts, less what was given up, tax excluded.
  net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  -- bigint: Cost of goods sold, of the lines whose cost is known. In minor units: exact.
  cogs_minor,
  -- numeric(23, 4): Cost of goods sold, of the lines whose cost is known.
  cogs_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS cogs,
  -- bigint: Shipping charged to customers. In minor units: exact.
  shipping_minor,
  -- numeric(23, 4): Shipping charged to customers.
  shipping_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping,
  -- bigint: Payment fees. In minor units: exact.
  fee_minor,
  -- numeric(23, 4): Payment fees.
  fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  -- bigint: Labels. In minor units: exact.
  shipping_cost_minor,
  -- numeric(23, 4): Labels.
  shipping_cost_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping_cost,
  -- bigint: net of the lines whose cost is known: what a margin is a part of. In minor units: exact.
  known_net_minor,
  -- numeric(23, 4): net of the lines whose cost is known: what a margin is a part of.
  known_net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS known_net,
  -- bigint: known_net less cogs. In minor units: exact.
  gross_margin_minor,
  -- numeric(23, 4): known_net less cogs.
  gross_margin_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross_margin,
  -- bigint: gross_margin plus shipping, less fee and shipping_cost, of the lines whose cost is known. In minor units: exact.
  contribution_minor,
  -- numeric(23, 4): gross_margin plus shipping, less fee and shipping_cost, of the lines whose cost is known.
  contribution_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS contribution,
  -- bigint: Lines with a sale and no known cost: their margin is in no sum.
  unknown_cost_lines
FROM rm_margin_days;

CREATE VIEW bi_freshness AS
-- One row a view other than this: how far it has read the log of the tenant.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- text: The view.
  view_name,
  -- bigint: Position in the log up to which the view has read. Views of one position agree with each other.
  position,
  -- bigint: Position of the newest event in the log.
  head_position,
  -- bigint: Events that the view has not read yet.
  lag_events,
  -- numeric(20, 3): For how long the oldest of them has waited; 0 if there is none.
  lag_micros / 1000000.0 AS lag_seconds,
  -- timestamptz: Whatever was recorded before this instant is in the view, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (complete_until - ((complete_until % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((complete_until % 1000000 + 1000000) % 1000000)) AS complete_until,
  -- timestamptz: When the view last read events, UTC; null before.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at
FROM (
  SELECT head.tenant_id, shown.view_name, shown.position, head.position AS head_position,
    head.position - shown.position AS lag_events,
    CASE WHEN waiting.recorded_at < clock.now THEN clock.now - waiting.recorded_at ELSE 0 END AS lag_micros,
    coalesce(waiting.recorded_at, clock.now) AS complete_until, shown.updated_at
  FROM tenant_head head
  CROSS JOIN (SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000 AS now) clock
  JOIN (
    SELECT known.tenant_id, views.view_name, coalesce(checkpoint.position, 0) AS position, checkpoint.updated_at
    FROM tenant_head known
    CROSS JOIN (
      SELECT 'orders' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'order_lines' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'order_costs' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'payments' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'payment_costs' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'shipments' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'shipment_costs' AS view_name, 'bi' AS grp
      UNION ALL SELECT 'products' AS view_name, 'core' AS grp
      UNION ALL SELECT 'inventory_positions' AS view_name, 'core' AS grp
      UNION ALL SELECT 'inventory_values' AS view_name, 'core' AS grp
      UNION ALL SELECT 'line_margins' AS view_name, 'core' AS grp
      UNION ALL SELECT 'daily_margins' AS view_name, 'core' AS grp
      UNION ALL SELECT 'customers' AS view_name, 'core' AS grp
      UNION ALL SELECT 'subscriptions' AS view_name, 'core' AS grp
      UNION ALL SELECT 'recurring_revenue' AS view_name, 'core' AS grp
      UNION ALL SELECT 'mrr_movements' AS view_name, 'core' AS grp
    ) views
    LEFT JOIN checkpoint ON checkpoint.tenant_id = known.tenant_id AND checkpoint.grp = views.grp
  ) shown ON shown.tenant_id = head.tenant_id
  LEFT JOIN event waiting ON waiting.tenant_id = head.tenant_id AND waiting.position = shown.position + 1
) freshness;

CREATE VIEW bi_inventory_positions AS
-- One row a SKU and warehouse: stock now.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- text: What: products.sku.
  sku,
  -- text: Code of the warehouse.
  warehouse,
  -- bigint: Units there.
  on_hand,
  -- bigint: Units held for orders.
  reserved,
  -- bigint: Units that can be promised: on_hand less reserved.
  on_hand - reserved AS available,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_inventory;

CREATE VIEW bi_inventory_values AS
-- One row a SKU and warehouse: what the stock there cost, in the base currency of the tenant.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- text: What: products.sku.
  sku,
  -- text: Code of the warehouse.
  warehouse,
  -- bigint: Units there.
  on_hand,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: What the units cost. In minor units: exact.
  value_minor,
  -- numeric(23, 4): What the units cost.
  value_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS value,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_inventory;

CREATE VIEW bi_line_margins AS
-- One row an order line. Cost, margin and contribution are null as long as the cost is unknown.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- bigint: The number of the line in its order: order_lines.line.
  line,
  -- text: What was sold: products.sku.
  sku,
  -- text: Code of the channel where it was sold.
  channel,
  -- uuid: Who ordered, if known: customers.customer_id.
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- date: The day on which the order was placed, in the time zone of the tenant.
  booked_on,
  -- date: The day of the last dispatch of the line; null before.
  shipped_on,
  -- date: The same, once nothing of the line is open any more; null before.
  recognized_on,
  -- bigint: Units ordered and not given up.
  quantity,
  -- bigint: Units shipped.
  shipped_quantity,
  -- bigint: As placed, before discounts, tax excluded. In minor units: exact.
  gross_minor,
  -- numeric(23, 4): As placed, before discounts, tax excluded.
  gross_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross,
  -- bigint: Discounts as placed. In minor units: exact.
  discount_minor,
  -- numeric(23, 4): Discounts as placed.
  discount_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS discount,
  -- bigint: After discounts, less what was given up, tax excluded. In minor units: exact.
  net_minor,
  -- numeric(23, 4): After discounts, less what was given up, tax excluded.
  net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  -- bigint: The cost of the units whose cost is known, however many. In minor units: exact.
  issued_minor,
  -- numeric(23, 4): The cost of the units whose cost is known, however many.
  issued_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS issued,
  -- bigint: The units whose cost is known: they were issued from stock.
  cogs_known_quantity,
  -- bigint: Cost of goods sold; null until the cost of all units is known. In minor units: exact.
  cogs_minor,
  -- numeric(23, 4): Cost of goods sold; null until the cost of all units is known.
  cogs_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS cogs,
  -- bigint: Share of the shipping charged to the customer. In minor units: exact.
  shipping_minor,
  -- numeric(23, 4): Share of the shipping charged to the customer.
  shipping_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping,
  -- bigint: Share of the payment fees. In minor units: exact.
  fee_minor,
  -- numeric(23, 4): Share of the payment fees.
  fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  -- bigint: Share of the cost of labels. In minor units: exact.
  shipping_cost_minor,
  -- numeric(23, 4): Share of the cost of labels.
  shipping_cost_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping_cost,
  -- bigint: net less cogs; null if the cost is unknown. In minor units: exact.
  gross_margin_minor,
  -- numeric(23, 4): net less cogs; null if the cost is unknown.
  gross_margin_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross_margin,
  -- bigint: gross_margin plus shipping, less fee and shipping_cost; null if the cost is unknown. In minor units: exact.
  contribution_minor,
  -- numeric(23, 4): gross_margin plus shipping, less fee and shipping_cost; null if the cost is unknown.
  contribution_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS contribution,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_margins;

CREATE VIEW bi_mrr_movements AS
-- One row a change of monthly recurring revenue; their sum is the revenue now.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: Whose revenue changed: subscriptions.subscription_id.
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  -- bigint: Position in the log of the tenant of the event that changed it.
  position,
  -- text: new, expansion, contraction, churn (also a pause) or reactivation (a resumption).
  kind,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: The change, negative if revenue was lost. In millionths of a minor unit: exact.
  amount_micros,
  -- numeric(23, 10): The change, negative if revenue was lost.
  amount_micros / 1000000.0 / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS amount,
  -- timestamptz: When, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (moved_at - ((moved_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((moved_at % 1000000 + 1000000) % 1000000)) AS moved_at,
  -- date: The day of moved_at in the time zone of the tenant.
  moved_on
FROM rm_mrr_movements;

CREATE VIEW bi_order_costs AS
-- One row an order: what providers took of its payments. The margin of its lines is in line_margins.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- text: Code of the channel where it was sold.
  channel,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- timestamptz: When the customer ordered, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (placed_at - ((placed_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((placed_at % 1000000 + 1000000) % 1000000)) AS placed_at,
  -- date: The day of placed_at in the time zone of the tenant.
  placed_on,
  -- bigint: What moved to the tenant. In minor units: exact.
  captured_minor,
  -- numeric(23, 4): What moved to the tenant.
  captured_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS captured,
  -- bigint: What providers took. In minor units: exact.
  fee_minor,
  -- numeric(23, 4): What providers took.
  fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_bi_orders;

CREATE VIEW bi_order_lines AS
-- One row an order line, as it stands now. Amounts are as placed; canceled amounts were given up since.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- bigint: The number of the line in its order, from 1.
  line,
  -- text: What was ordered: products.sku.
  sku,
  -- text: Code of the channel where it was sold.
  channel,
  -- uuid: Who ordered, if known: customers.customer_id.
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- timestamptz: When the customer ordered, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (placed_at - ((placed_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((placed_at % 1000000 + 1000000) % 1000000)) AS placed_at,
  -- date: The day of placed_at in the time zone of the tenant.
  placed_on,
  -- bigint: Units ordered; 0 is money that moved without goods.
  quantity,
  -- bigint: Units given up.
  canceled_quantity,
  -- bigint: Units shipped.
  shipped_quantity,
  -- bigint: For one unit, tax excluded, if known. In minor units: exact.
  unit_price_minor,
  -- numeric(23, 4): For one unit, tax excluded, if known.
  unit_price_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS unit_price,
  -- bigint: As placed, before discounts, tax excluded. In minor units: exact.
  gross_minor,
  -- numeric(23, 4): As placed, before discounts, tax excluded.
  gross_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross,
  -- bigint: Discounts as placed. In minor units: exact.
  discount_minor,
  -- numeric(23, 4): Discounts as placed.
  discount_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS discount,
  -- bigint: As placed, after discounts, tax excluded. In minor units: exact.
  net_minor,
  -- numeric(23, 4): As placed, after discounts, tax excluded.
  net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  -- bigint: As placed, on the net amount. In minor units: exact.
  tax_minor,
  -- numeric(23, 4): As placed, on the net amount.
  tax_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS tax,
  -- bigint: What was given up of the net amount. In minor units: exact.
  canceled_net_minor,
  -- numeric(23, 4): What was given up of the net amount.
  canceled_net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS canceled_net,
  -- bigint: What was given up of the tax. In minor units: exact.
  canceled_tax_minor,
  -- numeric(23, 4): What was given up of the tax.
  canceled_tax_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS canceled_tax,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_bi_order_lines;

CREATE VIEW bi_orders AS
-- One row an order, as it stands now. Amounts are as placed; canceled is what was given up since.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The order.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- text: Code of the channel where it was sold.
  channel,
  -- text: The id of the order in its channel, if it came from one.
  external_id,
  -- uuid: Who ordered, if known: customers.customer_id.
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  -- uuid: The subscription whose cycle made it: subscriptions.subscription_id.
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- text: placed, on_hold, completed or canceled.
  status,
  -- timestamptz: When the customer ordered, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (placed_at - ((placed_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((placed_at % 1000000 + 1000000) % 1000000)) AS placed_at,
  -- date: The day of placed_at in the time zone of the tenant.
  placed_on,
  -- bigint: Lines.
  line_count,
  -- bigint: Units ordered.
  quantity,
  -- bigint: Units given up.
  canceled_quantity,
  -- bigint: Units shipped.
  shipped_quantity,
  -- boolean: Whether the order must not be shipped for now.
  held,
  -- bigint: Lines as placed, before discounts, tax excluded. In minor units: exact.
  gross_minor,
  -- numeric(23, 4): Lines as placed, before discounts, tax excluded.
  gross_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross,
  -- bigint: Discounts on the lines as placed. In minor units: exact.
  discount_minor,
  -- numeric(23, 4): Discounts on the lines as placed.
  discount_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS discount,
  -- bigint: Lines as placed, after discounts, tax excluded. In minor units: exact.
  net_minor,
  -- numeric(23, 4): Lines as placed, after discounts, tax excluded.
  net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  -- bigint: Shipping as placed, tax excluded. In minor units: exact.
  shipping_minor,
  -- numeric(23, 4): Shipping as placed, tax excluded.
  shipping_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping,
  -- bigint: Tax as placed, on lines and shipping. In minor units: exact.
  tax_minor,
  -- numeric(23, 4): Tax as placed, on lines and shipping.
  tax_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS tax,
  -- bigint: What the customer was to pay when the order was placed. In minor units: exact.
  total_minor,
  -- numeric(23, 4): What the customer was to pay when the order was placed.
  total_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS total,
  -- bigint: What was given up of the total since. In minor units: exact.
  canceled_minor,
  -- numeric(23, 4): What was given up of the total since.
  canceled_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS canceled,
  -- bigint: What moved to the tenant. In minor units: exact.
  captured_minor,
  -- numeric(23, 4): What moved to the tenant.
  captured_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS captured,
  -- bigint: What moved back to the customer. In minor units: exact.
  refunded_minor,
  -- numeric(23, 4): What moved back to the customer.
  refunded_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS refunded,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_bi_orders;

CREATE VIEW bi_payment_costs AS
-- One row a payment: what its provider took.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The payment: payments.payment_id.
  CASE WHEN payment_id IS NOT NULL THEN substr(lower(hex(payment_id)), 1, 8) || '-' || substr(lower(hex(payment_id)), 9, 4) || '-' || substr(lower(hex(payment_id)), 13, 4) || '-' || substr(lower(hex(payment_id)), 17, 4) || '-' || substr(lower(hex(payment_id)), 21, 12) END AS payment_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- text: Who moves the money.
  provider,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- timestamptz: When money last moved to the tenant, UTC; null before.
  strftime('%Y-%m-%dT%H:%M:%S', (captured_at - ((captured_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((captured_at % 1000000 + 1000000) % 1000000)) AS captured_at,
  -- date: The day of captured_at in the time zone of the tenant.
  captured_on,
  -- bigint: What moved to the tenant. In minor units: exact.
  captured_minor,
  -- numeric(23, 4): What moved to the tenant.
  captured_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS captured,
  -- bigint: What the provider took. In minor units: exact.
  fee_minor,
  -- numeric(23, 4): What the provider took.
  fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  -- boolean: Whether the fee schedule says so, and not yet the provider.
  fee_estimated,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_bi_payments;

CREATE VIEW bi_payments AS
-- One row a payment: an authorization and what followed from it.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The payment.
  CASE WHEN payment_id IS NOT NULL THEN substr(lower(hex(payment_id)), 1, 8) || '-' || substr(lower(hex(payment_id)), 9, 4) || '-' || substr(lower(hex(payment_id)), 13, 4) || '-' || substr(lower(hex(payment_id)), 17, 4) || '-' || substr(lower(hex(payment_id)), 21, 12) END AS payment_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- text: Who moves the money.
  provider,
  -- text: The id of the payment at its provider, if known.
  provider_ref,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: What the provider held at first. In minor units: exact.
  authorized_minor,
  -- numeric(23, 4): What the provider held at first.
  authorized_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS authorized,
  -- bigint: What moved to the tenant. In minor units: exact.
  captured_minor,
  -- numeric(23, 4): What moved to the tenant.
  captured_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS captured,
  -- bigint: What moved back to the customer. In minor units: exact.
  refunded_minor,
  -- numeric(23, 4): What moved back to the customer.
  refunded_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS refunded,
  -- text: capture or refund: a call to the provider whose outcome is not known; null if there is none.
  unknown_attempt,
  -- boolean: Whether the rest of the authorization was given up or ran out.
  closed,
  -- timestamptz: When money last moved to the tenant, UTC; null before.
  strftime('%Y-%m-%dT%H:%M:%S', (captured_at - ((captured_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((captured_at % 1000000 + 1000000) % 1000000)) AS captured_at,
  -- date: The day of captured_at in the time zone of the tenant.
  captured_on,
  -- timestamptz: When money last moved back, UTC; null before.
  strftime('%Y-%m-%dT%H:%M:%S', (refunded_at - ((refunded_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((refunded_at % 1000000 + 1000000) % 1000000)) AS refunded_at,
  -- date: The day of refunded_at in the time zone of the tenant.
  refunded_on,
  -- timestamptz: When the payment was first heard of, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (created_at - ((created_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((created_at % 1000000 + 1000000) % 1000000)) AS created_at,
  -- date: The day of created_at in the time zone of the tenant.
  created_on,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_bi_payments;

CREATE VIEW bi_products AS
-- One row a SKU of the catalog. Imported orders may name SKUs that are not in it.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- text: The code that the tenant gave it.
  sku,
  -- text: What people call it.
  title,
  -- text: Free grouping; null if none was given.
  category,
  -- text: Names the taxes that apply.
  tax_class,
  -- boolean: Whether stock is kept.
  tracked,
  -- boolean: Whether it cannot be ordered any more.
  discontinued,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_products;

CREATE VIEW bi_recurring_revenue AS
-- One row a subscription: the monthly revenue that recurs from it now.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The subscription: subscriptions.subscription_id.
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  -- text: active, paused or canceled.
  status,
  -- uuid: Who wants the goods: customers.customer_id.
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  -- text: Code of the channel that its orders count for.
  channel,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: Monthly recurring revenue; 0 unless active. In millionths of a minor unit: exact.
  mrr_micros,
  -- numeric(23, 10): Monthly recurring revenue; 0 unless active.
  mrr_micros / 1000000.0 / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS mrr,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_subscriptions;

CREATE VIEW bi_shipment_costs AS
-- One row a shipment: what its label cost, in the currency of the order.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The shipment: shipments.shipment_id.
  CASE WHEN shipment_id IS NOT NULL THEN substr(lower(hex(shipment_id)), 1, 8) || '-' || substr(lower(hex(shipment_id)), 9, 4) || '-' || substr(lower(hex(shipment_id)), 13, 4) || '-' || substr(lower(hex(shipment_id)), 17, 4) || '-' || substr(lower(hex(shipment_id)), 21, 12) END AS shipment_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- text: Where the goods came from; null if the channel shipped them.
  warehouse,
  -- text: Who carries the goods, if known.
  carrier,
  -- timestamptz: When the goods left, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (dispatched_at - ((dispatched_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((dispatched_at % 1000000 + 1000000) % 1000000)) AS dispatched_at,
  -- date: The day of dispatched_at in the time zone of the tenant.
  dispatched_on,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: What the label cost; null if not known. In minor units: exact.
  label_cost_minor,
  -- numeric(23, 4): What the label cost; null if not known.
  label_cost_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS label_cost,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM (SELECT shipment.tenant_id, shipment.shipment_id, shipment.order_id, shipment.warehouse, shipment.carrier, shipment.dispatched_at, shipment.dispatched_on, shipment.label_cost_minor, shipment.updated_at, shipment.position, placed.currency FROM rm_bi_shipments shipment LEFT JOIN rm_bi_orders placed ON placed.tenant_id = shipment.tenant_id AND placed.order_id = shipment.order_id) shipment;

CREATE VIEW bi_shipments AS
-- One row a shipment.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The shipment.
  CASE WHEN shipment_id IS NOT NULL THEN substr(lower(hex(shipment_id)), 1, 8) || '-' || substr(lower(hex(shipment_id)), 9, 4) || '-' || substr(lower(hex(shipment_id)), 13, 4) || '-' || substr(lower(hex(shipment_id)), 17, 4) || '-' || substr(lower(hex(shipment_id)), 21, 12) END AS shipment_id,
  -- uuid: The order: orders.order_id.
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  -- text: Where the goods came from; null if the channel shipped them.
  warehouse,
  -- text: Who carries the goods, if known.
  carrier,
  -- text: The tracking number of the carrier, if known.
  tracking,
  -- bigint: Order lines with units in the shipment.
  line_count,
  -- bigint: Units.
  quantity,
  -- timestamptz: When the goods left, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (dispatched_at - ((dispatched_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((dispatched_at % 1000000 + 1000000) % 1000000)) AS dispatched_at,
  -- date: The day of dispatched_at in the time zone of the tenant.
  dispatched_on,
  -- timestamptz: When the goods arrived, UTC; null before.
  strftime('%Y-%m-%dT%H:%M:%S', (delivered_at - ((delivered_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((delivered_at % 1000000 + 1000000) % 1000000)) AS delivered_at,
  -- date: The day of delivered_at in the time zone of the tenant.
  delivered_on,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_bi_shipments;

CREATE VIEW bi_subscriptions AS
-- One row a subscription, as it stands now.
SELECT
  -- bigint: The number of the tenant.
  tenant_id,
  -- uuid: The subscription.
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  -- text: active, paused or canceled.
  status,
  -- uuid: Who wants the goods: customers.customer_id.
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  -- text: Code of the channel that its orders count for.
  channel,
  -- text: ISO 4217 code of every amount in the row: there is no sum across currencies.
  currency,
  -- bigint: The cycle that is due next.
  next_cycle,
  -- date: The day on which it is due, in the time zone of the tenant; null unless active.
  next_on,
  -- timestamptz: When it began, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (created_at - ((created_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((created_at % 1000000 + 1000000) % 1000000)) AS created_at,
  -- date: The day of created_at in the time zone of the tenant.
  created_on,
  -- timestamptz: When the row last changed, UTC.
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  -- bigint: Position in the log of the tenant of the last event that changed the row.
  position
FROM rm_subscriptions;

CREATE TABLE checkpoint (
  tenant_id bigint NOT NULL,
  grp text NOT NULL,
  position bigint NOT NULL,
  lease_epoch bigint NOT NULL,
  rebuilt bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, grp)
);

CREATE TABLE command (
  tenant_id bigint NOT NULL,
  client text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  input_hash blob NOT NULL,
  first_position bigint NOT NULL,
  last_position bigint NOT NULL,
  subject blob NOT NULL,
  recorded_at bigint NOT NULL,
  permanent boolean NOT NULL,
  PRIMARY KEY (tenant_id, client, key)
) WITHOUT ROWID;

CREATE TABLE event (
  tenant_id bigint NOT NULL,
  position bigint NOT NULL,
  stream_type text NOT NULL,
  stream_id blob NOT NULL,
  version bigint NOT NULL,
  event_id blob NOT NULL,
  event_type text NOT NULL,
  schema_version int NOT NULL,
  config_rev bigint NOT NULL,
  payload text NOT NULL,
  meta text NOT NULL,
  recorded_at bigint NOT NULL,
  prev_hash blob NOT NULL,
  PRIMARY KEY (tenant_id, position),
  UNIQUE (tenant_id, stream_id, stream_type, version)
) WITHOUT ROWID;

CREATE TABLE lease (
  grp text NOT NULL,
  slot int NOT NULL,
  owner blob NOT NULL,
  epoch bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (grp, slot)
);

CREATE TABLE parked (
  tenant_id bigint NOT NULL,
  model text NOT NULL,
  row_key text NOT NULL,
  position bigint NOT NULL,
  error text,
  parked_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, model, row_key, position)
);

CREATE TABLE personal (
  tenant_id bigint NOT NULL,
  record_id blob NOT NULL,
  subject_id blob NOT NULL,
  lookup blob,
  sealed blob NOT NULL,
  PRIMARY KEY (tenant_id, record_id)
);

CREATE TABLE rm_bi_order_lines (
  tenant_id bigint NOT NULL,
  order_id blob NOT NULL,
  line bigint NOT NULL,
  sku text NOT NULL,
  channel text NOT NULL,
  customer_id blob,
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

CREATE TABLE rm_bi_orders (
  tenant_id bigint NOT NULL,
  order_id blob NOT NULL,
  channel text NOT NULL,
  external_id text,
  customer_id blob,
  subscription_id blob,
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

CREATE TABLE rm_bi_payments (
  tenant_id bigint NOT NULL,
  payment_id blob NOT NULL,
  order_id blob NOT NULL,
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

CREATE TABLE rm_bi_shipments (
  tenant_id bigint NOT NULL,
  shipment_id blob NOT NULL,
  order_id blob NOT NULL,
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

CREATE TABLE rm_customers (
  tenant_id bigint NOT NULL,
  customer_id blob NOT NULL,
  external_system text,
  external_id text,
  personal_ref blob,
  status text NOT NULL,
  registered_at bigint NOT NULL,
  registered_on text NOT NULL,
  updated_at bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
);

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
) WITHOUT ROWID;

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
) WITHOUT ROWID;

CREATE TABLE rm_margins (
  tenant_id bigint NOT NULL,
  order_id blob NOT NULL,
  line bigint NOT NULL,
  sku text NOT NULL,
  channel text NOT NULL,
  customer_id blob,
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
) WITHOUT ROWID;

CREATE TABLE rm_mrr_movements (
  tenant_id bigint NOT NULL,
  subscription_id blob NOT NULL,
  position bigint NOT NULL,
  kind text NOT NULL,
  amount_micros bigint NOT NULL,
  currency text NOT NULL,
  moved_on text NOT NULL,
  moved_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id, position)
) WITHOUT ROWID;

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
) WITHOUT ROWID;

CREATE TABLE rm_orders (
  tenant_id bigint NOT NULL,
  order_id blob NOT NULL,
  channel text NOT NULL,
  external_id text,
  customer_id blob,
  subscription_id blob,
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

CREATE TABLE rm_subscriptions (
  tenant_id bigint NOT NULL,
  subscription_id blob NOT NULL,
  status text NOT NULL,
  customer_id blob NOT NULL,
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

CREATE TABLE snapshot (
  tenant_id bigint NOT NULL,
  stream_type text NOT NULL,
  stream_id blob NOT NULL,
  version bigint NOT NULL,
  state_version int NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (tenant_id, stream_type, stream_id)
);

CREATE TABLE subject_key (
  tenant_id bigint NOT NULL,
  subject_id blob NOT NULL,
  wrapped_key blob NOT NULL,
  PRIMARY KEY (tenant_id, subject_id)
);

CREATE TABLE tenant (
  tenant_id bigint NOT NULL PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  created_at bigint NOT NULL
);

CREATE TABLE tenant_head (
  tenant_id bigint NOT NULL PRIMARY KEY,
  position bigint NOT NULL,
  incarnation int NOT NULL,
  recorded_at bigint NOT NULL,
  hash blob NOT NULL
);

CREATE TABLE timer (
  tenant_id bigint NOT NULL,
  kind text NOT NULL,
  subject_id blob NOT NULL,
  due_at bigint NOT NULL,
  detail text NOT NULL,
  PRIMARY KEY (tenant_id, subject_id, kind)
);

CREATE INDEX personal_lookup ON personal (tenant_id, lookup);

CREATE INDEX personal_subject ON personal (tenant_id, subject_id);

CREATE INDEX rm_bi_order_lines_placed ON rm_bi_order_lines (tenant_id, placed_at);

CREATE INDEX rm_bi_orders_placed ON rm_bi_orders (tenant_id, placed_at);

CREATE INDEX rm_bi_payments_captured ON rm_bi_payments (tenant_id, captured_at);

CREATE INDEX rm_bi_payments_order ON rm_bi_payments (tenant_id, order_id);

CREATE INDEX rm_bi_shipments_dispatched ON rm_bi_shipments (tenant_id, dispatched_at);

CREATE INDEX rm_bi_shipments_order ON rm_bi_shipments (tenant_id, order_id);

CREATE INDEX rm_customers_external ON rm_customers (tenant_id, external_id);

CREATE INDEX rm_inventory_warehouse ON rm_inventory (tenant_id, warehouse, sku);

CREATE INDEX rm_margins_booked ON rm_margins (tenant_id, booked_on);

CREATE INDEX rm_margins_sku ON rm_margins (tenant_id, sku, booked_on);

CREATE INDEX rm_mrr_movements_moved ON rm_mrr_movements (tenant_id, moved_at);

CREATE INDEX rm_orders_channel ON rm_orders (tenant_id, channel, placed_at);

CREATE INDEX rm_orders_customer ON rm_orders (tenant_id, customer_id, placed_at)
  WHERE customer_id IS NOT NULL;

CREATE INDEX rm_orders_external ON rm_orders (tenant_id, external_id) WHERE external_id IS NOT NULL;

CREATE INDEX rm_orders_placed ON rm_orders (tenant_id, placed_at, order_id);

CREATE INDEX rm_orders_subscription ON rm_orders (tenant_id, subscription_id, placed_at)
  WHERE subscription_id IS NOT NULL;

CREATE INDEX rm_subscriptions_customer ON rm_subscriptions (tenant_id, customer_id);

CREATE INDEX rm_subscriptions_next ON rm_subscriptions (tenant_id, next_on);

CREATE INDEX timer_due ON timer (due_at, tenant_id, kind, subject_id);

