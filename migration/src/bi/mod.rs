//! The contract for BI: schema `bi` on PostgreSQL, the prefix `bi_` on SQLite. This is the one table
//! from which views, comments, rights and exports are made.
//!
//! One view has one grain and belongs to one area: costs stand in views of their own, because a view
//! with its reader's rights needs every column behind it, and so is seen whole or not at all.
//!
//! Amounts stand in minor units (`total_minor`), which are exact, and beside them in the currency's
//! own unit (`total`): a decimal on PostgreSQL, real on SQLite, which has none. Instants are UTC:
//! `timestamptz`, or RFC 3339 text on SQLite. Days are of the tenant's time zone: `date`, or text.

mod customers;
mod ddl;
mod freshness;
mod margins;
mod orders;
mod source;
mod stock;
mod subscriptions;

use std::fmt;

pub(crate) use ddl::{BI_ROLE, create};
pub use source::{Source, Stored};

/// Every view, in the order in which a newcomer reads them.
pub const VIEWS: &[View] = &[
    orders::ORDERS,
    orders::ORDER_LINES,
    orders::ORDER_COSTS,
    orders::PAYMENTS,
    orders::PAYMENT_COSTS,
    orders::SHIPMENTS,
    orders::SHIPMENT_COSTS,
    stock::PRODUCTS,
    stock::INVENTORY_POSITIONS,
    stock::INVENTORY_VALUES,
    margins::LINE_MARGINS,
    margins::DAILY_MARGINS,
    customers::CUSTOMERS,
    subscriptions::SUBSCRIPTIONS,
    subscriptions::RECURRING_REVENUE,
    subscriptions::MRR_MOVEMENTS,
    freshness::FRESHNESS,
];

/// The view of that name, without schema or prefix.
pub fn view(name: &str) -> Option<&'static View> {
    VIEWS.iter().find(|view| view.name == name)
}

/// A view. Its first column is always `tenant_id`.
#[derive(Debug)]
pub struct View {
    /// `bi.<name>` on PostgreSQL, `bi_<name>` on SQLite.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// The group of read models that it shows: names the checkpoint that it stands at.
    pub group: &'static str,
    /// The columns whose values tell its rows apart within a tenant.
    pub key: &'static [&'static str],
    /// The table behind it, or a query in both dialects.
    from: &'static str,
    columns: &'static [Column],
}

/// One column of a view; money becomes two.
#[derive(Debug)]
struct Column {
    name: &'static str,
    kind: Kind,
    comment: &'static str,
    /// Where it comes from, if not from a column of its own name.
    source: Option<&'static str>,
}

/// How a column is stored, and what the view makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Id,
    Text,
    Integer,
    Flag,
    Day,
    Instant,
    /// `x_minor`, beside it `x`.
    Money,
    /// `x_micros`, millionths of a minor unit, beside it `x`.
    Micros,
    /// Microseconds, shown as seconds.
    Seconds,
}

/// A column as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// What it means, in a sentence or two.
    pub comment: String,
}

/// What a column holds. On SQLite only integers, booleans as 0 and 1, reals and text are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `uuid`; text on SQLite.
    Uuid,
    /// `text`.
    Text,
    /// `bigint`.
    Integer,
    /// `boolean`; 0 or 1 on SQLite.
    Boolean,
    /// `date`; text `YYYY-MM-DD` on SQLite.
    Date,
    /// `timestamptz`; RFC 3339 text with microseconds on SQLite.
    Timestamp,
    /// `numeric(precision, scale)`; real on SQLite.
    Decimal {
        /// Digits at most.
        precision: u8,
        /// Of them, behind the point.
        scale: u8,
    },
}

/// Every `bigint` in every currency: 19 digits, 4 of them behind the point at most.
const MONEY: FieldKind = FieldKind::Decimal {
    precision: 23,
    scale: 4,
};
/// The same in millionths.
const MICROS: FieldKind = FieldKind::Decimal {
    precision: 23,
    scale: 10,
};
const SECONDS: FieldKind = FieldKind::Decimal {
    precision: 20,
    scale: 3,
};

/// The type on PostgreSQL.
impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid => f.write_str("uuid"),
            Self::Text => f.write_str("text"),
            Self::Integer => f.write_str("bigint"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamptz"),
            Self::Decimal { precision, scale } => write!(f, "numeric({precision}, {scale})"),
        }
    }
}

impl View {
    /// Its columns as readers see them, in order.
    pub fn fields(&self) -> Vec<Field> {
        let tenant = Field::new("tenant_id", FieldKind::Integer, "The number of the tenant.");
        let fields = self.columns.iter().flat_map(Column::fields);
        std::iter::once(tenant).chain(fields).collect()
    }
}

impl Field {
    fn new(name: impl Into<String>, kind: FieldKind, comment: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            comment: comment.into(),
        }
    }
}

impl Column {
    const fn new(name: &'static str, kind: Kind, comment: &'static str) -> Self {
        Self {
            name,
            kind,
            comment,
            source: None,
        }
    }

    const fn from(self, source: &'static str) -> Self {
        Self {
            source: Some(source),
            ..self
        }
    }

    /// What readers see under its name.
    const fn shown(&self) -> FieldKind {
        match self.kind {
            Kind::Id => FieldKind::Uuid,
            Kind::Text => FieldKind::Text,
            Kind::Integer => FieldKind::Integer,
            Kind::Flag => FieldKind::Boolean,
            Kind::Day => FieldKind::Date,
            Kind::Instant => FieldKind::Timestamp,
            Kind::Money => MONEY,
            Kind::Micros => MICROS,
            Kind::Seconds => SECONDS,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let (name, comment) = (self.name, self.comment);
        let exact = |suffix, unit| {
            let comment = format!("{comment} In {unit}: exact.");
            Field::new(format!("{name}_{suffix}"), FieldKind::Integer, comment)
        };
        let shown = Field::new(name, self.shown(), comment);
        match self.kind {
            Kind::Money => vec![exact("minor", "minor units"), shown],
            Kind::Micros => vec![exact("micros", "millionths of a minor unit"), shown],
            _ => vec![shown],
        }
    }
}

const fn id(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Id, comment)
}

const fn text(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Text, comment)
}

const fn integer(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Integer, comment)
}

const fn flag(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Flag, comment)
}

const fn day(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Day, comment)
}

const fn instant(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Instant, comment)
}

const fn money(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Money, comment)
}

const fn micros(name: &'static str, comment: &'static str) -> Column {
    Column::new(name, Kind::Micros, comment)
}

const CURRENCY: Column = text(
    "currency",
    "ISO 4217 code of every amount in the row: there is no sum across currencies.",
);
const UPDATED_AT: Column = instant("updated_at", "When the row last changed, UTC.");
const POSITION: Column = integer(
    "position",
    "Position in the log of the tenant of the last event that changed the row.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_and_a_comment() {
        for view in VIEWS {
            let fields = view.fields();
            for field in &fields {
                let same = fields.iter().filter(|other| other.name == field.name);
                assert_eq!(same.count(), 1, "{}.{}", view.name, field.name);
                assert!(
                    field.comment.ends_with('.') && !field.comment.contains('\''),
                    "{}.{}: {}",
                    view.name,
                    field.name,
                    field.comment
                );
            }
            assert!(view.grain.starts_with("One row "), "{}", view.grain);
            let known = |key: &&str| fields.iter().any(|field| field.name == **key);
            assert!(view.key.iter().all(known), "{}", view.name);
        }
    }
}
