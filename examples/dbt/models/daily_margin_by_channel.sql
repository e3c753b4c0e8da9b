-- One row a day, channel and currency: what was sold and what it earned. Days are the tenant's; amounts
-- are minor units, exact, with the ratio beside them.
select
    day,
    channel,
    currency,
    sum(line_count)::bigint as lines,
    sum(net_minor)::bigint as net_minor,
    sum(known_net_minor)::bigint as known_net_minor,
    sum(gross_margin_minor)::bigint as gross_margin_minor,
    sum(contribution_minor)::bigint as contribution_minor,
    sum(unknown_cost_lines)::bigint as unknown_cost_lines,
    round(sum(gross_margin_minor) / nullif(sum(known_net_minor), 0), 6) as gross_margin_ratio
from {{ source('bi', 'daily_margins') }}
group by day, channel, currency
