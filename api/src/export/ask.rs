//! What is asked of a view: its columns, conditions on its rows, how many, after which. Everything is
//! checked against what the caller may see; nothing that a caller wrote becomes SQL.

use std::fmt::Write as _;

use entrepot_domain::kernel::TenantId;
use entrepot_migration::bi::FieldKind;
use jiff::civil;
use sea_orm::Value;
use uuid::Uuid;

use super::key;
use super::refused::Refused;
use super::view::{Column, Reader, View};
use crate::secrets::Secrets;

/// Rows of an answer that asks for no number, and rows of an answer at most. A client that wants more
/// asks for what comes after.
pub(crate) const ROWS_MAX: u64 = 1_000_000;
/// Characters of a text to compare with, at most.
const TEXT_CHARS_MAX: usize = 512;

/// A condition on rows: `source operator value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) source: String,
    pub(crate) operator: &'static str,
    pub(crate) value: Value,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) tenant: TenantId,
    pub(crate) view: &'static View,
    pub(crate) columns: Vec<Column>,
    pub(crate) conditions: Vec<Condition>,
    /// The channels whose rows the caller may see; all of them for `None`.
    pub(crate) channels: Option<Vec<String>>,
    /// The key after which rows are wanted.
    pub(crate) after: Option<Vec<Value>>,
    pub(crate) limit: u64,
}

impl Ask {
    /// Every row and every column that the reader sees.
    pub(crate) fn all(tenant: TenantId, view: &'static View, reader: &Reader) -> Option<Self> {
        Some(Self {
            tenant,
            view,
            columns: view.open_to(reader)?,
            conditions: Vec::new(),
            channels: reader.channels.clone(),
            after: None,
            limit: u64::MAX,
        })
    }

    /// What the parameters of a request ask of the view.
    pub(crate) fn parse(
        mut self,
        parameters: &[(String, String)],
        secrets: &Secrets,
    ) -> Result<Self, Refused> {
        let open = std::mem::take(&mut self.columns);
        self.limit = ROWS_MAX;
        let (mut columns, mut after) = (None, None);
        for (index, (name, value)) in parameters.iter().enumerate() {
            if parameters[..index].iter().any(|(known, _)| known == name) {
                return Err(Refused::field(name, "stands twice"));
            }
            match name.as_str() {
                "columns" => columns = Some(pick(&open, value)?),
                "limit" => self.limit = limit(value)?,
                "after" => after = Some(value),
                "from" | "to" => {
                    let column = day_column(self.view, &open);
                    let column = column.ok_or_else(|| unknown(name))?;
                    let operator = if name == "from" { ">=" } else { "<=" };
                    self.condition(column, operator, day(name, value)?.into());
                }
                _ => {
                    let column = open.iter().find(|column| column.name() == name);
                    let column = column.ok_or_else(|| unknown(name))?;
                    self.condition(column, "=", equal_to(column, value)?);
                }
            }
        }
        if let Some(cursor) = after {
            let key = key::open(cursor, self.view, secrets, &self.selected_by());
            self.after = Some(key.ok_or_else(|| {
                Refused::field("after", "not a cursor of this view with these filters")
            })?);
        }
        self.columns = columns.unwrap_or(open);
        Ok(self)
    }

    fn condition(&mut self, column: &Column, operator: &'static str, value: Value) {
        self.conditions.push(Condition {
            source: column.sql.clone(),
            operator,
            value,
        });
    }

    /// Which rows: a cursor is of no use with others.
    pub(crate) fn selected_by(&self) -> String {
        let mut text = format!("{} bi {}", self.tenant, self.view.name);
        let mut conditions: Vec<String> = self
            .conditions
            .iter()
            .map(
                |Condition {
                     source,
                     operator,
                     value,
                 }| format!(" {source} {operator} {value:?}"),
            )
            .collect();
        conditions.sort_unstable();
        text.extend(conditions);
        let _ = write!(text, " {:?}", self.channels);
        text
    }

    /// A cursor behind a row of this key.
    pub(crate) fn cursor(&self, key: &[Value], secrets: &Secrets) -> String {
        key::seal(key, secrets, &self.selected_by())
    }
}

/// The column that `from` and `to` are about, if the caller sees it.
pub(crate) fn day_column<'c>(view: &View, open: &'c [Column]) -> Option<&'c Column> {
    let day = view.day?;
    open.iter().find(|column| column.name() == day)
}

fn unknown(name: &str) -> Refused {
    Refused::field(name, "this view has no such column or parameter")
}

fn pick(open: &[Column], names: &str) -> Result<Vec<Column>, Refused> {
    let mut picked: Vec<Column> = Vec::new();
    for name in names.split(',').map(str::trim) {
        let column = open.iter().find(|column| column.name() == name);
        let column = column.ok_or_else(|| {
            Refused::field(
                "columns",
                format!("this view has no column `{}`", short(name)),
            )
        })?;
        if picked.iter().any(|known| known.name() == name) {
            return Err(Refused::field("columns", format!("`{name}` stands twice")));
        }
        picked.push(column.clone());
    }
    Ok(picked)
}

fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

fn limit(text: &str) -> Result<u64, Refused> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=ROWS_MAX).contains(number))
        .ok_or_else(|| Refused::field("limit", format!("must be between 1 and {ROWS_MAX}")))
}

/// Days are kept as text that sorts as they do.
fn day(name: &str, text: &str) -> Result<String, Refused> {
    let day: Result<civil::Date, _> = text.parse();
    let day = day.ok().filter(|day| text.len() == 10 && day.year() >= 0);
    day.map(|day| day.to_string())
        .ok_or_else(|| Refused::field(name, "not a date such as 2026-03-08"))
}

fn equal_to(column: &Column, text: &str) -> Result<Value, Refused> {
    let name = column.name();
    let wrong = |what: &str| Refused::field(name, what);
    match column.kind() {
        FieldKind::Text if text.contains('\0') => Err(wrong("text must not hold U+0000")),
        FieldKind::Text if text.chars().count() > TEXT_CHARS_MAX => {
            Err(wrong("the text is too long"))
        }
        FieldKind::Text => Ok(text.into()),
        FieldKind::Uuid => Uuid::parse_str(text)
            .map(Value::from)
            .map_err(|_| wrong("not a UUID")),
        FieldKind::Integer => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| wrong("not a whole number")),
        FieldKind::Boolean => text
            .parse::<bool>()
            .map(Value::from)
            .map_err(|_| wrong("must be true or false")),
        FieldKind::Date => day(name, text).map(Value::from),
        FieldKind::Timestamp | FieldKind::Decimal { .. } => {
            Err(wrong("rows cannot be picked by this column"))
        }
    }
}
