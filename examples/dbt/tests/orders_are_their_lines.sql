-- Money: an order is the sum of its lines, and its total is what is in it. A row is a difference.
with lines as (
    select order_id, sum(gross_minor) as gross, sum(discount_minor) as discount, sum(net_minor) as net, count(*) as lines
    from {{ source('bi', 'order_lines') }}
    group by order_id
)
select orders.order_id
from {{ source('bi', 'orders') }} as orders
left join lines using (order_id)
where (orders.gross_minor, orders.discount_minor, orders.net_minor, orders.line_count)
    is distinct from (lines.gross, lines.discount, lines.net, lines.lines)
    or orders.total_minor <> orders.net_minor + orders.shipping_minor + orders.tax_minor
