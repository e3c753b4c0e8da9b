//! Rows on their way into one table: one statement, however many there are.

use std::any::TypeId;
use std::collections::HashMap;

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{
    EntityName as _, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait,
    PrimaryKeyToColumn as _,
};

/// What happens to a row whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Merge {
    /// It is an error: the unique key guards something.
    Refuse,
    /// The new row replaces the old one.
    Replace,
    /// Integer columns outside the key are added up: a roll-up.
    Add,
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The table.
    pub table: &'static str,
    /// Its columns.
    pub columns: Vec<Column>,
    merge: Merge,
    /// What the columns follow from: a table may have several entities.
    entity: TypeId,
    /// A value a column.
    values: Vec<Vec<Value>>,
    /// Where the row of a key is, for rows that are added up.
    index: HashMap<Vec<u8>, usize>,
}

/// A column of [`Rows`].
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whether it is part of the primary key.
    pub key: bool,
    /// The type of its values.
    pub kind: ArrayType,
}

impl Rows {
    /// No rows of an entity's table.
    pub fn none<M: ModelTrait>(merge: Merge) -> Self {
        type Key<M> = <<M as ModelTrait>::Entity as EntityTrait>::PrimaryKey;
        let keys: Vec<&str> = Key::<M>::iter()
            .map(|key| key.into_column().as_str())
            .collect();
        let columns = <M::Entity as EntityTrait>::Column::iter().map(|column| Column {
            name: column.as_str(),
            key: keys.contains(&column.as_str()),
            kind: M::get_value_type(column),
        });
        Self {
            table: M::Entity::default().table_name(),
            columns: columns.collect(),
            merge,
            entity: TypeId::of::<M::Entity>(),
            values: Vec::new(),
            index: HashMap::new(),
        }
    }

    /// The rows that the models stand for.
    pub fn of<M: ModelTrait>(models: &[M], merge: Merge) -> Self {
        let mut rows = Self::none::<M>(merge);
        for model in models {
            rows.push(model);
        }
        rows
    }

    /// Adds a row of the same entity. With [`Merge::Add`], rows of one key become one.
    pub fn push<M: ModelTrait>(&mut self, model: &M) {
        let columns = <M::Entity as EntityTrait>::Column::iter();
        let row: Vec<Value> = columns.map(|column| model.get(column)).collect();
        if self.merge == Merge::Add {
            let at = *self
                .index
                .entry(self.key(&row))
                .or_insert(self.values.len());
            if let Some(there) = self.values.get_mut(at) {
                for (column, (value, more)) in self.columns.iter().zip(there.iter_mut().zip(row)) {
                    if !column.key {
                        add(value, more);
                    }
                }
                return;
            }
        }
        self.values.push(row);
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Sorts the rows by their keys, so that all writers lock them in one order.
    pub fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.values);
        rows.sort_by_cached_key(|row| self.key(row));
        self.values = rows;
        self.index.clear();
    }

    /// The key's names and the values of each row's key.
    pub fn keys(&self) -> (Vec<&'static str>, Vec<Vec<Value>>) {
        let keys = || {
            self.columns
                .iter()
                .enumerate()
                .filter(|(_, column)| column.key)
        };
        let names = keys().map(|(_, column)| column.name).collect();
        let values = |row: &Vec<Value>| keys().map(|(index, _)| row[index].clone()).collect();
        (names, self.values.iter().map(values).collect())
    }

    /// What the text that inserts them follows from, but for the numbers of its parameters.
    pub(super) const fn shape(&self) -> (TypeId, Merge) {
        (self.entity, self.merge)
    }

    /// The rows.
    pub(super) fn rows(&self) -> &[Vec<Value>] {
        &self.values
    }

    /// The values of one column, taken out.
    pub(super) fn take_column(&mut self, index: usize) -> impl Iterator<Item = Value> {
        let take =
            move |row: &mut Vec<Value>| std::mem::replace(&mut row[index], Value::Bool(None));
        self.values.iter_mut().map(take)
    }

    /// `ON CONFLICT …`, the same in both dialects.
    pub(super) fn on_conflict(&self) -> String {
        let names = |key: bool| {
            let columns = self.columns.iter().filter(move |column| column.key == key);
            columns.map(|column| column.name)
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
        let keys: Vec<&str> = names(true).collect();
        format!(
            " ON CONFLICT ({}) DO UPDATE SET {}",
            keys.join(", "),
            set.join(", ")
        )
    }

    /// The columns' names, separated by commas.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// A row's key as bytes that are equal where the key is.
    fn key(&self, row: &[Value]) -> Vec<u8> {
        let mut key = Vec::with_capacity(48);
        for (column, value) in self.columns.iter().zip(row) {
            match value {
                _ if !column.key => {}
                Value::BigInt(Some(number)) => key.extend(number.to_be_bytes()),
                Value::Int(Some(number)) => key.extend(number.to_be_bytes()),
                Value::Uuid(Some(id)) => key.extend(id.as_bytes()),
                Value::String(Some(text)) => {
                    key.extend(text.as_bytes());
                    key.push(0);
                }
                other => key.extend(format!("{other:?}").into_bytes()),
            }
        }
        key
    }
}

/// Adds an integer to another; anything else is replaced.
fn add(value: &mut Value, more: Value) {
    match (&mut *value, &more) {
        (Value::BigInt(Some(sum)), Value::BigInt(Some(more))) => *sum = sum.saturating_add(*more),
        (Value::Int(Some(sum)), Value::Int(Some(more))) => *sum = sum.saturating_add(*more),
        _ => *value = more,
    }
}
