//! Views for BI: schema `bi` on PostgreSQL, the prefix `bi_` on SQLite.
//!
//! Amounts stand in minor units (`total_minor`), which are exact, and beside them in the currency's
//! own unit (`total`): numeric on PostgreSQL, real on SQLite, which has no decimals. Instants are
//! `timestamptz`, or RFC 3339 text on SQLite; days are `date`, or text. On PostgreSQL a view shows
//! what the reader's own rights and row-level security show of the tables behind it.

use sea_orm_migration::prelude::*;

use crate::dialect::{APP_ROLE, postgres};

/// A view over one read model, or over a query.
struct View {
    name: &'static str,
    /// What one row is.
    grain: &'static str,
    from: &'static str,
    columns: &'static [Column],
}

enum Column {
    /// As it is stored, under its own name.
    Plain(&'static str),
    Id(&'static str),
    Day(&'static str),
    Instant(&'static str),
    /// `x` of a column `x_minor`.
    Money(&'static str),
    /// `x` of a column `x_micros`: millionths of a minor unit.
    Micros(&'static str),
}

use Column::{Day, Id, Instant, Micros, Money, Plain};

/// Creates every view.
pub(crate) async fn create(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut ddl = Vec::new();
    if postgres(manager) {
        ddl.push("CREATE SCHEMA bi".to_owned());
        for view in VIEWS {
            ddl.push(view.on_postgres());
            let (name, grain) = (view.name, view.grain);
            ddl.push(format!("COMMENT ON VIEW bi.{name} IS '{grain}'"));
        }
        ddl.push(FRESHNESS_POSTGRES.to_owned());
        ddl.push(format!("COMMENT ON VIEW bi.freshness IS '{FRESHNESS}'"));
        ddl.push(format!("GRANT USAGE ON SCHEMA bi TO {APP_ROLE}"));
        ddl.push(format!(
            "GRANT SELECT ON ALL TABLES IN SCHEMA bi TO {APP_ROLE}"
        ));
    } else {
        ddl.extend(VIEWS.iter().map(View::on_sqlite));
        ddl.push(FRESHNESS_SQLITE.replace("{instant}", &sqlite_instant("updated_at")));
    }
    for statement in ddl {
        let done = manager.get_connection().execute_unprepared(&statement);
        done.await?;
    }
    Ok(())
}

impl View {
    fn on_postgres(&self) -> String {
        let column = |column: &Column| match column {
            Plain(name) | Id(name) => (*name).to_owned(),
            Day(name) => format!("{name}::date AS {name}"),
            Instant(name) => format!("to_timestamp({name} / 1000000.0) AS {name}"),
            Money(name) => {
                let (unit, digits) = (minor_units("::numeric"), digits());
                format!("{name}_minor, round({name}_minor / {unit}, {digits}) AS {name}")
            }
            Micros(name) => {
                let unit = minor_units("::numeric");
                format!(
                    "{name}_micros, trim_scale({name}_micros / 1000000::numeric / {unit}) AS {name}"
                )
            }
        };
        self.ddl("VIEW bi.", " WITH (security_invoker = true)", column)
    }

    fn on_sqlite(&self) -> String {
        let column = |column: &Column| match column {
            Plain(name) | Day(name) => (*name).to_owned(),
            Id(name) => format!("{} AS {name}", sqlite_id(name)),
            Instant(name) => format!("{} AS {name}", sqlite_instant(name)),
            Money(name) => {
                let unit = minor_units(".0");
                format!("{name}_minor, {name}_minor / {unit} AS {name}")
            }
            Micros(name) => {
                let unit = minor_units(".0");
                format!("{name}_micros, {name}_micros / 1000000.0 / {unit} AS {name}")
            }
        };
        self.ddl("VIEW bi_", "", column)
    }

    fn ddl(&self, view: &str, with: &str, column: impl Fn(&Column) -> String) -> String {
        let columns: Vec<String> = self.columns.iter().map(column).collect();
        let (name, from) = (self.name, self.from);
        let columns = columns.join(",\n  ");
        format!("CREATE {view}{name}{with} AS SELECT tenant_id,\n  {columns}\nFROM {from}")
    }
}

/// How many minor units make one unit of the row's currency (ISO 4217; a hundred if not said).
fn minor_units(suffix: &str) -> String {
    by_currency(|digits| format!("1{}{suffix}", "0".repeat(digits)))
}

/// How many digits a minor unit stands after the point.
fn digits() -> String {
    by_currency(|digits| digits.to_string())
}

fn by_currency(value: impl Fn(usize) -> String) -> String {
    let cases = EXPONENTS.iter().map(|(codes, digits)| {
        let codes = codes.replace(' ', "', '");
        format!("WHEN currency IN ('{codes}') THEN {}", value(*digits))
    });
    let cases: Vec<String> = cases.collect();
    format!("CASE {} ELSE {} END", cases.join(" "), value(2))
}

/// A UUID stored as 16 bytes, in its usual writing.
fn sqlite_id(column: &str) -> String {
    let part = |from: u8, length: u8| format!("substr(lower(hex({column})), {from}, {length})");
    let parts = [
        part(1, 8),
        part(9, 4),
        part(13, 4),
        part(17, 4),
        part(21, 12),
    ];
    let text = parts.join(" || '-' || ");
    format!("CASE WHEN {column} IS NOT NULL THEN {text} END")
}

/// Microseconds as RFC 3339 text; right also before 1970.
fn sqlite_instant(column: &str) -> String {
    let micros = format!("(({column} % 1000000 + 1000000) % 1000000)");
    format!(
        "strftime('%Y-%m-%dT%H:%M:%S', ({column} - {micros}) / 1000000, 'unixepoch') || printf('.%06dZ', {micros})"
    )
}

/// The digits of currencies that do not have two.
const EXPONENTS: &[(&str, usize)] = &[
    (
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        0,
    ),
    ("BHD IQD JOD KWD LYD OMR TND", 3),
    ("CLF UYW", 4),
];

const FRESHNESS: &str = "One row a tenant: how far the views have read its log. orders, order_lines, payments and shipments stand at position, the others at core_position.";

/// The checkpoint holds every tenant and has no row-level security: the view shows the session's.
const FRESHNESS_POSTGRES: &str = "
CREATE VIEW bi.freshness WITH (security_invoker = true) AS
SELECT bi.tenant_id, bi.position, to_timestamp(bi.updated_at / 1000000.0) AS updated_at,
  core.position AS core_position, to_timestamp(core.updated_at / 1000000.0) AS core_updated_at
FROM checkpoint bi
LEFT JOIN checkpoint core ON core.tenant_id = bi.tenant_id AND core.grp = 'core'
WHERE bi.grp = 'bi' AND bi.tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint";

const FRESHNESS_SQLITE: &str = "
CREATE VIEW bi_freshness AS
SELECT bi.tenant_id, bi.position, bi.updated_at, core.position AS core_position, core.updated_at AS core_updated_at
FROM (SELECT tenant_id, position, {instant} AS updated_at FROM checkpoint WHERE grp = 'bi') bi
LEFT JOIN (SELECT tenant_id, position, {instant} AS updated_at FROM checkpoint WHERE grp = 'core') core
  ON core.tenant_id = bi.tenant_id";

const VIEWS: &[View] = &[
    View {
        name: "orders",
        grain: "One row an order, as it stands now. Amounts are as placed; canceled is what was given up since.",
        from: "rm_bi_orders",
        columns: &[
            Id("order_id"),
            Plain("channel"),
            Plain("external_id"),
            Id("customer_id"),
            Id("subscription_id"),
            Plain("currency"),
            Plain("status"),
            Instant("placed_at"),
            Day("placed_on"),
            Plain("line_count"),
            Plain("quantity"),
            Plain("canceled_quantity"),
            Plain("shipped_quantity"),
            Plain("held"),
            Money("gross"),
            Money("discount"),
            Money("net"),
            Money("shipping"),
            Money("tax"),
            Money("total"),
            Money("canceled"),
            Money("captured"),
            Money("refunded"),
            Money("fee"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "order_lines",
        grain: "One row an order line, as it stands now. Amounts are as placed; canceled amounts were given up since.",
        from: "rm_bi_order_lines",
        columns: &[
            Id("order_id"),
            Plain("line"),
            Plain("sku"),
            Plain("channel"),
            Id("customer_id"),
            Plain("currency"),
            Instant("placed_at"),
            Day("placed_on"),
            Plain("quantity"),
            Plain("canceled_quantity"),
            Plain("shipped_quantity"),
            Money("unit_price"),
            Money("gross"),
            Money("discount"),
            Money("net"),
            Money("tax"),
            Money("canceled_net"),
            Money("canceled_tax"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "payments",
        grain: "One row a payment: an authorization and what followed from it.",
        from: "rm_bi_payments",
        columns: &[
            Id("payment_id"),
            Id("order_id"),
            Plain("provider"),
            Plain("provider_ref"),
            Plain("currency"),
            Money("authorized"),
            Money("captured"),
            Money("refunded"),
            Money("fee"),
            Plain("fee_estimated"),
            Plain("unknown_attempt"),
            Plain("closed"),
            Instant("captured_at"),
            Day("captured_on"),
            Instant("refunded_at"),
            Instant("created_at"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "shipments",
        grain: "One row a shipment. The label cost is in the currency of the order.",
        from: "(SELECT shipment.*, placed.currency FROM rm_bi_shipments shipment LEFT JOIN rm_bi_orders placed ON placed.tenant_id = shipment.tenant_id AND placed.order_id = shipment.order_id) shipment",
        columns: &[
            Id("shipment_id"),
            Id("order_id"),
            Plain("warehouse"),
            Plain("carrier"),
            Plain("tracking"),
            Plain("line_count"),
            Plain("quantity"),
            Plain("currency"),
            Money("label_cost"),
            Instant("dispatched_at"),
            Day("dispatched_on"),
            Instant("delivered_at"),
            Day("delivered_on"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "inventory",
        grain: "One row a SKU and warehouse: stock now, valued in the base currency of the tenant.",
        from: "rm_inventory",
        columns: &[
            Plain("sku"),
            Plain("warehouse"),
            Plain("on_hand"),
            Plain("reserved"),
            Plain("on_hand - reserved AS available"),
            Money("value"),
            Plain("currency"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "margins",
        grain: "One row an order line. Cost, margin and contribution are null as long as the cost is unknown.",
        from: "rm_margins",
        columns: &[
            Id("order_id"),
            Plain("line"),
            Plain("sku"),
            Plain("channel"),
            Id("customer_id"),
            Plain("currency"),
            Day("booked_on"),
            Day("shipped_on"),
            Day("recognized_on"),
            Plain("quantity"),
            Plain("shipped_quantity"),
            Money("gross"),
            Money("discount"),
            Money("net"),
            Money("issued"),
            Plain("cogs_known_quantity"),
            Money("cogs"),
            Money("shipping"),
            Money("fee"),
            Money("shipping_cost"),
            Money("gross_margin"),
            Money("contribution"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "margin_days",
        grain: "One row a booked day, channel, SKU and currency. cogs, margins and known_net leave out the lines whose cost is unknown.",
        from: "rm_margin_days",
        columns: &[
            Day("day"),
            Plain("channel"),
            Plain("sku"),
            Plain("currency"),
            Plain("line_count"),
            Plain("quantity"),
            Money("net"),
            Money("cogs"),
            Money("shipping"),
            Money("fee"),
            Money("shipping_cost"),
            Money("known_net"),
            Money("gross_margin"),
            Money("contribution"),
            Plain("unknown_cost_lines"),
        ],
    },
    View {
        name: "subscriptions",
        grain: "One row a subscription. MRR is 0 unless it is active.",
        from: "rm_subscriptions",
        columns: &[
            Id("subscription_id"),
            Plain("status"),
            Id("customer_id"),
            Plain("channel"),
            Plain("currency"),
            Plain("next_cycle"),
            Day("next_on"),
            Micros("mrr"),
            Instant("created_at"),
            Instant("updated_at"),
            Plain("position"),
        ],
    },
    View {
        name: "mrr_movements",
        grain: "One row a change of monthly recurring revenue; their sum is the revenue now.",
        from: "rm_mrr_movements",
        columns: &[
            Id("subscription_id"),
            Plain("position"),
            Plain("kind"),
            Micros("amount"),
            Plain("currency"),
            Day("moved_on"),
            Instant("moved_at"),
        ],
    },
];
