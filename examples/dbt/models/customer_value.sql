-- One row a customer and currency: what was ordered and is still wanted.
select
    customers.customer_id,
    orders.currency,
    min(orders.placed_on) as first_order_on,
    max(orders.placed_on) as last_order_on,
    count(*)::bigint as orders,
    sum(orders.total_minor - orders.canceled_minor)::bigint as ordered_minor,
    sum(orders.captured_minor - orders.refunded_minor)::bigint as paid_minor
from {{ source('bi', 'customers') }} as customers
join {{ source('bi', 'orders') }} as orders on orders.customer_id = customers.customer_id
group by customers.customer_id, orders.currency
