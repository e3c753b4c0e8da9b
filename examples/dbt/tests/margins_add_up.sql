-- Money: the model, the days and the lines tell one story, to the cent. A row is a difference.
with model as (
    select currency, sum(lines) as lines, sum(net_minor) as net, sum(gross_margin_minor) as margin, sum(contribution_minor) as contribution
    from {{ ref('daily_margin_by_channel') }}
    group by currency
),
lines as (
    select currency, count(*) as lines, sum(net_minor) as net, coalesce(sum(gross_margin_minor), 0) as margin, coalesce(sum(contribution_minor), 0) as contribution
    from {{ source('bi', 'line_margins') }}
    group by currency
)
select *
from model
full join lines using (currency)
where (model.lines, model.net, model.margin, model.contribution)
    is distinct from (lines.lines, lines.net, lines.margin, lines.contribution)
