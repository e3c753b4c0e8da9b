//! What stands behind a view's columns: values as they are stored, the same on both databases, for
//! readers that compute exactly and write another format than SQL.

use super::{Column, Field, FieldKind, Kind, View};

/// A column with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The column as readers see it.
    pub field: Field,
    /// SQL over [`View::rows`].
    pub sql: String,
    /// How that holds the column's value.
    pub stored: Stored,
}

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As it is: a day as text, an instant in microseconds since 1970.
    Plain,
    /// In minor units of the column `currency` beside it.
    Minor,
    /// In millionths of them.
    Micros,
    /// In microseconds; the column shows seconds.
    Microseconds,
}

/// The day of a row that a range of days is about, for the views that have one.
const DAYS: &[(&str, &str)] = &[
    ("orders", "placed_on"),
    ("order_lines", "placed_on"),
    ("order_costs", "placed_on"),
    ("payments", "created_on"),
    ("payment_costs", "captured_on"),
    ("shipments", "dispatched_on"),
    ("shipment_costs", "dispatched_on"),
    ("line_margins", "booked_on"),
    ("daily_margins", "day"),
    ("customers", "registered_on"),
    ("subscriptions", "created_on"),
    ("mrr_movements", "moved_on"),
];

impl View {
    /// Its columns with what they are made of, the tenant left out.
    pub fn sources(&self) -> Vec<Source> {
        self.columns.iter().flat_map(Column::sources).collect()
    }

    /// The column that a range of days is about.
    pub fn day(&self) -> Option<&'static str> {
        let mut days = DAYS.iter();
        days.find_map(|(view, day)| (*view == self.name).then_some(*day))
    }

    /// The table or query behind it: every tenant's rows, each with its `tenant_id`, as far as the
    /// reader's rights reach.
    pub fn rows(&self, on_postgres: bool) -> String {
        let now = if on_postgres {
            super::ddl::NOW_POSTGRES
        } else {
            super::ddl::NOW_SQLITE
        };
        self.from(now, "")
    }
}

impl Column {
    fn sources(&self) -> Vec<Source> {
        let (stored, stem) = match self.kind {
            Kind::Money => (Stored::Minor, Some(format!("{}_minor", self.name))),
            Kind::Micros => (Stored::Micros, Some(format!("{}_micros", self.name))),
            Kind::Seconds => (Stored::Microseconds, None),
            _ => (Stored::Plain, None),
        };
        let sql = stem.unwrap_or_else(|| self.source());
        let source = |field: Field| {
            let decimal = matches!(field.kind, FieldKind::Decimal { .. });
            let stored = if decimal { stored } else { Stored::Plain };
            let sql = sql.clone();
            Source { field, sql, stored }
        };
        self.fields().into_iter().map(source).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::VIEWS;
    use super::*;

    #[test]
    fn sources_are_the_columns_without_the_tenant() {
        for view in VIEWS {
            let fields: Vec<Field> = view
                .sources()
                .into_iter()
                .map(|source| source.field)
                .collect();
            assert_eq!(fields, view.fields()[1..], "{}", view.name);
        }
    }

    #[test]
    fn the_day_of_a_view_is_one_of_its_days() {
        for (name, day) in DAYS {
            let view = super::super::view(name).expect(name);
            let field = view.fields().into_iter().find(|field| field.name == *day);
            assert_eq!(
                field.map(|field| field.kind),
                Some(FieldKind::Date),
                "{name}"
            );
        }
    }
}
