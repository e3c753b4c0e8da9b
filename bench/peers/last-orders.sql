\set tenant random(1, :tenants)
SELECT json_agg(json_build_object(
  'id', o.order_id, 'placedAt', o.placed_at, 'status', o.status, 'currency', o.currency, 'total', o.total_minor,
  'lines', (SELECT json_agg(json_build_object('line', l.line, 'sku', l.sku, 'quantity', l.quantity, 'net', l.net_minor) ORDER BY l.line)
            FROM rm_bi_order_lines l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.order_id),
  'customer', (SELECT json_build_object('id', c.customer_id, 'externalId', c.external_id)
               FROM rm_customers c WHERE c.tenant_id = o.tenant_id AND c.customer_id = o.customer_id),
  'margins', (SELECT json_agg(json_build_object('line', m.line, 'net', m.net_minor, 'cogs', m.cogs_minor, 'contribution', m.contribution_minor) ORDER BY m.line)
              FROM rm_margins m WHERE m.tenant_id = o.tenant_id AND m.order_id = o.order_id)))
FROM (SELECT * FROM rm_orders WHERE tenant_id = :tenant ORDER BY placed_at DESC, order_id DESC LIMIT 20) o;
