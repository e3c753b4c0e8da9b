CREATE VIEW bi_freshness AS
SELECT bi.tenant_id, bi.position, bi.updated_at, core.position AS core_position, core.updated_at AS core_updated_at
FROM (SELECT tenant_id, position, strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at FROM checkpoint WHERE grp = 'bi') bi
LEFT JOIN (SELECT tenant_id, position, strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at FROM checkpoint WHERE grp = 'core') core
  ON core.tenant_id = bi.tenant_id;

CREATE VIEW bi_inventory AS SELECT tenant_id,
  sku,
  warehouse,
  on_hand,
  reserved,
  on_hand - reserved AS available,
  value_minor, value_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS value,
  currency,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  position
FROM rm_inventory;

CREATE VIEW bi_margin_days AS SELECT tenant_id,
  day,
  channel,
  sku,
  currency,
  line_count,
  quantity,
  net_minor, net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  cogs_minor, cogs_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS cogs,
  shipping_minor, shipping_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping,
  fee_minor, fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  shipping_cost_minor, shipping_cost_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping_cost,
  known_net_minor, known_net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS known_net,
  gross_margin_minor, gross_margin_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross_margin,
  contribution_minor, contribution_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS contribution,
  unknown_cost_lines
FROM rm_margin_days;

CREATE VIEW bi_margins AS SELECT tenant_id,
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  line,
  sku,
  channel,
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  currency,
  booked_on,
  shipped_on,
  recognized_on,
  quantity,
  shipped_quantity,
  gross_minor, gross_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross,
  discount_minor, discount_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS discount,
  net_minor, net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  issued_minor, issued_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS issued,
  cogs_known_quantity,
  cogs_minor, cogs_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS cogs,
  shipping_minor, shipping_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping,
  fee_minor, fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  shipping_cost_minor, shipping_cost_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping_cost,
  gross_margin_minor, gross_margin_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross_margin,
  contribution_minor, contribution_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS contribution,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  position
FROM rm_margins;

CREATE VIEW bi_mrr_movements AS SELECT tenant_id,
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  position,
  kind,
  amount_micros, amount_micros / 1000000.0 / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS amount,
  currency,
  moved_on,
  strftime('%Y-%m-%dT%H:%M:%S', (moved_at - ((moved_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((moved_at % 1000000 + 1000000) % 1000000)) AS moved_at
FROM rm_mrr_movements;

CREATE VIEW bi_order_lines AS SELECT tenant_id,
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  line,
  sku,
  channel,
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  currency,
  strftime('%Y-%m-%dT%H:%M:%S', (placed_at - ((placed_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((placed_at % 1000000 + 1000000) % 1000000)) AS placed_at,
  placed_on,
  quantity,
  canceled_quantity,
  shipped_quantity,
  unit_price_minor, unit_price_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS unit_price,
  gross_minor, gross_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross,
  discount_minor, discount_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS discount,
  net_minor, net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  tax_minor, tax_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS tax,
  canceled_net_minor, canceled_net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS canceled_net,
  canceled_tax_minor, canceled_tax_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS canceled_tax,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  position
FROM rm_bi_order_lines;

CREATE VIEW bi_orders AS SELECT tenant_id,
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  channel,
  external_id,
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  currency,
  status,
  strftime('%Y-%m-%dT%H:%M:%S', (placed_at - ((placed_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((placed_at % 1000000 + 1000000) % 1000000)) AS placed_at,
  placed_on,
  line_count,
  quantity,
  canceled_quantity,
  shipped_quantity,
  held,
  gross_minor, gross_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS gross,
  discount_minor, discount_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS discount,
  net_minor, net_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS net,
  shipping_minor, shipping_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS shipping,
  tax_minor, tax_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS tax,
  total_minor, total_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS total,
  canceled_minor, canceled_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS canceled,
  captured_minor, captured_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS captured,
  refunded_minor, refunded_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS refunded,
  fee_minor, fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  position
FROM rm_bi_orders;

CREATE VIEW bi_payments AS SELECT tenant_id,
  CASE WHEN payment_id IS NOT NULL THEN substr(lower(hex(payment_id)), 1, 8) || '-' || substr(lower(hex(payment_id)), 9, 4) || '-' || substr(lower(hex(payment_id)), 13, 4) || '-' || substr(lower(hex(payment_id)), 17, 4) || '-' || substr(lower(hex(payment_id)), 21, 12) END AS payment_id,
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  provider,
  provider_ref,
  currency,
  authorized_minor, authorized_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS authorized,
  captured_minor, captured_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS captured,
  refunded_minor, refunded_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS refunded,
  fee_minor, fee_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS fee,
  fee_estimated,
  unknown_attempt,
  closed,
  strftime('%Y-%m-%dT%H:%M:%S', (captured_at - ((captured_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((captured_at % 1000000 + 1000000) % 1000000)) AS captured_at,
  captured_on,
  strftime('%Y-%m-%dT%H:%M:%S', (refunded_at - ((refunded_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((refunded_at % 1000000 + 1000000) % 1000000)) AS refunded_at,
  strftime('%Y-%m-%dT%H:%M:%S', (created_at - ((created_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((created_at % 1000000 + 1000000) % 1000000)) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  position
FROM rm_bi_payments;

CREATE VIEW bi_shipments AS SELECT tenant_id,
  CASE WHEN shipment_id IS NOT NULL THEN substr(lower(hex(shipment_id)), 1, 8) || '-' || substr(lower(hex(shipment_id)), 9, 4) || '-' || substr(lower(hex(shipment_id)), 13, 4) || '-' || substr(lower(hex(shipment_id)), 17, 4) || '-' || substr(lower(hex(shipment_id)), 21, 12) END AS shipment_id,
  CASE WHEN order_id IS NOT NULL THEN substr(lower(hex(order_id)), 1, 8) || '-' || substr(lower(hex(order_id)), 9, 4) || '-' || substr(lower(hex(order_id)), 13, 4) || '-' || substr(lower(hex(order_id)), 17, 4) || '-' || substr(lower(hex(order_id)), 21, 12) END AS order_id,
  warehouse,
  carrier,
  tracking,
  line_count,
  quantity,
  currency,
  label_cost_minor, label_cost_minor / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS label_cost,
  strftime('%Y-%m-%dT%H:%M:%S', (dispatched_at - ((dispatched_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((dispatched_at % 1000000 + 1000000) % 1000000)) AS dispatched_at,
  dispatched_on,
  strftime('%Y-%m-%dT%H:%M:%S', (delivered_at - ((delivered_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((delivered_at % 1000000 + 1000000) % 1000000)) AS delivered_at,
  delivered_on,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
  position
FROM (SELECT shipment.*, placed.currency FROM rm_bi_shipments shipment LEFT JOIN rm_bi_orders placed ON placed.tenant_id = shipment.tenant_id AND placed.order_id = shipment.order_id) shipment;

CREATE VIEW bi_subscriptions AS SELECT tenant_id,
  CASE WHEN subscription_id IS NOT NULL THEN substr(lower(hex(subscription_id)), 1, 8) || '-' || substr(lower(hex(subscription_id)), 9, 4) || '-' || substr(lower(hex(subscription_id)), 13, 4) || '-' || substr(lower(hex(subscription_id)), 17, 4) || '-' || substr(lower(hex(subscription_id)), 21, 12) END AS subscription_id,
  status,
  CASE WHEN customer_id IS NOT NULL THEN substr(lower(hex(customer_id)), 1, 8) || '-' || substr(lower(hex(customer_id)), 9, 4) || '-' || substr(lower(hex(customer_id)), 13, 4) || '-' || substr(lower(hex(customer_id)), 17, 4) || '-' || substr(lower(hex(customer_id)), 21, 12) END AS customer_id,
  channel,
  currency,
  next_cycle,
  next_on,
  mrr_micros, mrr_micros / 1000000.0 / CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1.0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000.0 WHEN currency IN ('CLF', 'UYW') THEN 10000.0 ELSE 100.0 END AS mrr,
  strftime('%Y-%m-%dT%H:%M:%S', (created_at - ((created_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((created_at % 1000000 + 1000000) % 1000000)) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S', (updated_at - ((updated_at % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_at % 1000000 + 1000000) % 1000000)) AS updated_at,
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
  created_at bigint NOT NULL,
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

CREATE INDEX timer_due ON timer (due_at);

