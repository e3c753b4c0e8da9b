//! The views in the two dialects.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Statement;

use super::{Column, Field, Kind, VIEWS, View};
use crate::dialect::{APP_ROLE, postgres};

/// The role that every login for BI is a member of: policies are bound to it.
pub(crate) const BI_ROLE: &str = "entrepot_bi";

/// Now, in microseconds since 1970.
pub(super) const NOW_POSTGRES: &str = "(extract(epoch FROM now()) * 1000000)::bigint";
/// The same.
pub(super) const NOW_SQLITE: &str =
    "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000";

/// Creates every view, after whatever views there were. They hold no data, so that the newest
/// migration that changes any of them creates all; the ones before it create none any more.
///
/// What others built upon a view goes with it: it is a query too, and is run again.
pub(crate) async fn create(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let mut ddl = Vec::new();
    if postgres(manager) {
        ddl.push("CREATE SCHEMA IF NOT EXISTS bi".to_owned());
        ddl.push(
            "COMMENT ON SCHEMA bi IS 'Stable views for BI: one grain each, said in its comment.'"
                .to_owned(),
        );
        for old in views(
            db,
            "SELECT 'bi.' || quote_ident(viewname) FROM pg_views WHERE schemaname = 'bi'",
        )
        .await?
        {
            ddl.push(format!("DROP VIEW IF EXISTS {old} CASCADE"));
        }
        for view in VIEWS {
            ddl.push(view.on_postgres());
            ddl.extend(view.comments());
        }
        ddl.push(format!("GRANT USAGE ON SCHEMA bi TO {APP_ROLE}"));
        ddl.push(format!(
            "GRANT SELECT ON ALL TABLES IN SCHEMA bi TO {APP_ROLE}"
        ));
    } else {
        let old =
            r"SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'bi\_%' ESCAPE '\'";
        for old in views(db, old).await? {
            ddl.push(format!("DROP VIEW {old}"));
        }
        ddl.extend(VIEWS.iter().map(View::on_sqlite));
    }
    for statement in ddl {
        db.execute_unprepared(&statement).await?;
    }
    Ok(())
}

async fn views(db: &SchemaManagerConnection<'_>, sql: &str) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

impl View {
    fn on_postgres(&self) -> String {
        let column = |column: &Column| {
            let (name, from) = (column.name, column.source());
            match column.kind {
                Kind::Id | Kind::Text | Kind::Integer | Kind::Flag if from == name => vec![from],
                Kind::Id | Kind::Text | Kind::Integer | Kind::Flag => {
                    vec![format!("{from} AS {name}")]
                }
                Kind::Day => vec![format!("{from}::date AS {name}")],
                Kind::Instant => vec![format!("to_timestamp({from} / 1000000.0) AS {name}")],
                Kind::Seconds => vec![format!(
                    "({from} / 1000000.0)::{} AS {name}",
                    column.shown()
                )],
                Kind::Money => {
                    let (unit, decimal) = (minor_units("::numeric"), column.shown());
                    vec![
                        format!("{name}_minor"),
                        format!("({name}_minor / {unit})::{decimal} AS {name}"),
                    ]
                }
                Kind::Micros => {
                    let (unit, decimal) = (minor_units("::numeric"), column.shown());
                    vec![
                        format!("{name}_micros"),
                        format!("({name}_micros / 1000000::numeric / {unit})::{decimal} AS {name}"),
                    ]
                }
            }
        };
        let mine = format!(
            "\n  WHERE head.tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint OR pg_has_role(current_user, '{BI_ROLE}', 'USAGE')"
        );
        let from = self.from(NOW_POSTGRES, &mine);
        let columns: Vec<String> = self.columns.iter().flat_map(column).collect();
        format!(
            "CREATE VIEW bi.{} WITH (security_invoker = true) AS SELECT tenant_id, {} FROM {from}",
            self.name,
            columns.join(", ")
        )
    }

    /// SQLite keeps the text of a view, comments and all: `schema.sql` shows it.
    fn on_sqlite(&self) -> String {
        let column = |column: &Column| {
            let (name, from) = (column.name, column.source());
            match column.kind {
                Kind::Text | Kind::Integer | Kind::Flag | Kind::Day if from == name => vec![from],
                Kind::Text | Kind::Integer | Kind::Flag | Kind::Day => {
                    vec![format!("{from} AS {name}")]
                }
                Kind::Id => vec![format!("{} AS {name}", sqlite_id(&from))],
                Kind::Instant => vec![format!("{} AS {name}", sqlite_instant(&from))],
                Kind::Seconds => vec![format!("{from} / 1000000.0 AS {name}")],
                Kind::Money => {
                    let unit = minor_units(".0");
                    vec![
                        format!("{name}_minor"),
                        format!("{name}_minor / {unit} AS {name}"),
                    ]
                }
                Kind::Micros => {
                    let unit = minor_units(".0");
                    vec![
                        format!("{name}_micros"),
                        format!("{name}_micros / 1000000.0 / {unit} AS {name}"),
                    ]
                }
            }
        };
        let columns =
            std::iter::once("tenant_id".to_owned()).chain(self.columns.iter().flat_map(column));
        let fields = self.fields();
        let columns: Vec<String> = columns
            .zip(&fields)
            .enumerate()
            .map(|(index, (sql, field))| {
                let comma = if index + 1 < fields.len() { "," } else { "" };
                format!("  -- {}: {}\n  {sql}{comma}\n", field.kind, field.comment)
            })
            .collect();
        format!(
            "CREATE VIEW bi_{} AS\n-- {}\nSELECT\n{}FROM {}",
            self.name,
            self.grain,
            columns.concat(),
            self.from(NOW_SQLITE, "")
        )
    }

    pub(super) fn from(&self, now: &str, mine: &str) -> String {
        let others = VIEWS.iter().filter(|view| view.name != self.name);
        let views: Vec<String> = others
            .map(|view| {
                format!(
                    "SELECT '{}' AS view_name, '{}' AS grp",
                    view.name, view.group
                )
            })
            .collect();
        self.from
            .replace("{now}", now)
            .replace("{mine}", mine)
            .replace("{views}", &views.join("\n      UNION ALL "))
    }

    fn comments(&self) -> impl Iterator<Item = String> {
        let of_view = format!("COMMENT ON VIEW bi.{} IS '{}'", self.name, self.grain);
        let name = self.name;
        let of_column = move |field: Field| {
            format!(
                "COMMENT ON COLUMN bi.{name}.{} IS '{}'",
                field.name, field.comment
            )
        };
        std::iter::once(of_view).chain(self.fields().into_iter().map(of_column))
    }
}

impl Column {
    pub(super) fn source(&self) -> String {
        self.source.unwrap_or(self.name).to_owned()
    }
}

/// How many minor units make one unit of the row's currency (ISO 4217; a hundred if not said).
fn minor_units(suffix: &str) -> String {
    let cases = EXPONENTS.iter().map(|(codes, digits)| {
        let (codes, zeros) = (codes.replace(' ', "', '"), "0".repeat(*digits));
        format!("WHEN currency IN ('{codes}') THEN 1{zeros}{suffix}")
    });
    let cases: Vec<String> = cases.collect();
    format!("CASE {} ELSE 100{suffix} END", cases.join(" "))
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
