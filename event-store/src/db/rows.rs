//! Rows on their way into one table: one statement, however many there are.

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{
    EntityName as _, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait,
    PrimaryKeyToColumn as _,
};

/// What happens to a row whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It is an error: the unique key guards something.
    Refuse,
    /// The new row replaces the old one.
    Replace,
    /// Integer columns outside the key are added up: a roll-up.
    Add,
}

/// Rows of one table, by column.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: Vec<ColumnRows>,
    /// How rows meet rows that are there.
    pub merge: Merge,
    /// How many rows there are.
    pub len: usize,
}

/// One column of [`Rows`].
#[derive(Clone, Debug)]
pub struct ColumnRows {
    /// The column.
    pub name: String,
    /// Whether it is part of the primary key.
    pub key: bool,
    /// The type of every value.
    pub kind: ArrayType,
    /// A value a row.
    pub values: Vec<Value>,
}

impl Rows {
    /// The rows that the models stand for.
    pub fn of<M: ModelTrait>(models: &[M], merge: Merge) -> Self {
        type Column<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;
        type Key<M> = <<M as ModelTrait>::Entity as EntityTrait>::PrimaryKey;
        let keys: Vec<String> = Key::<M>::iter()
            .map(|key| key.into_column().as_str().to_owned())
            .collect();
        let column = |column: Column<M>| ColumnRows {
            key: keys.iter().any(|key| key == column.as_str()),
            name: column.as_str().to_owned(),
            kind: M::get_value_type(column),
            values: models.iter().map(|model| model.get(column)).collect(),
        };
        Self {
            table: M::Entity::default().table_name().to_owned(),
            columns: Column::<M>::iter().map(column).collect(),
            merge,
            len: models.len(),
        }
    }

    /// Adds rows of the same table. With [`Merge::Add`], rows of one key become one.
    pub fn append(&mut self, other: &Self) {
        for row in 0..other.len {
            let there = (self.merge == Merge::Add)
                .then(|| self.find(other, row))
                .flatten();
            for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
                match there {
                    None => mine.values.push(theirs.values[row].clone()),
                    Some(at) if !mine.key => {
                        mine.values[at] = sum(&mine.values[at], &theirs.values[row]);
                    }
                    Some(_) => {}
                }
            }
            self.len += usize::from(there.is_none());
        }
    }

    fn find(&self, other: &Self, row: usize) -> Option<usize> {
        let keys = || {
            self.columns
                .iter()
                .zip(&other.columns)
                .filter(|(mine, _)| mine.key)
        };
        (0..self.len).find(|at| keys().all(|(mine, theirs)| mine.values[*at] == theirs.values[row]))
    }

    /// Sorts the rows by their keys.
    pub fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.len).collect();
        let keys: Vec<Vec<String>> = (0..self.len)
            .map(|row| {
                let keys = self.columns.iter().filter(|column| column.key);
                keys.map(|column| format!("{:?}", column.values[row]))
                    .collect()
            })
            .collect();
        order.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
        for column in &mut self.columns {
            column.values = order
                .iter()
                .map(|row| column.values[*row].clone())
                .collect();
        }
    }

    /// `ON CONFLICT …`, the same in both dialects.
    pub(super) fn on_conflict(&self) -> String {
        let names = |key: bool| {
            self.columns
                .iter()
                .filter(move |column| column.key == key)
                .map(|column| &column.name)
        };
        let set: Vec<String> = names(false)
            .map(|name| match self.merge {
                Merge::Add => format!("{name} = {}.{name} + excluded.{name}", self.table),
                Merge::Refuse | Merge::Replace => format!("{name} = excluded.{name}"),
            })
            .collect();
        if self.merge == Merge::Refuse {
            return String::new();
        }
        let keys: Vec<&str> = names(true).map(String::as_str).collect();
        format!(
            " ON CONFLICT ({}) DO UPDATE SET {}",
            keys.join(", "),
            set.join(", ")
        )
    }

    /// The columns' names, separated by commas.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        names.join(", ")
    }
}

/// The sum of two integers; anything else is replaced.
fn sum(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::BigInt(Some(a)), Value::BigInt(Some(b))) => {
            Value::BigInt(Some(a.saturating_add(*b)))
        }
        (Value::Int(Some(a)), Value::Int(Some(b))) => Value::Int(Some(a.saturating_add(*b))),
        _ => b.clone(),
    }
}
