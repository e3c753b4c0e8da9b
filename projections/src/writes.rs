//! Rows on their way to the read models' tables: one statement a table and batch.

use std::collections::BTreeMap;

use entrepot_event_store::db::{DbError, Merge, Rows, Tx};
use sea_orm::ModelTrait;
use sea_orm::sea_query::Value;

/// What a batch writes, by table.
#[derive(Debug, Default)]
pub struct Writes {
    tables: BTreeMap<String, Rows>,
    deletes: Vec<Rows>,
}

impl Writes {
    /// Inserts or replaces a row. A key may be put once a batch.
    pub fn put<M: ModelTrait>(&mut self, model: &M) {
        self.append(model, Merge::Replace);
    }

    /// Adds the row's integers to those that are there: a roll-up.
    pub fn add<M: ModelTrait>(&mut self, model: &M) {
        self.append(model, Merge::Add);
    }

    /// Deletes the row with this row's key.
    pub fn delete<M: ModelTrait>(&mut self, model: &M) {
        self.deletes
            .push(Rows::of(std::slice::from_ref(model), Merge::Replace));
    }

    fn append<M: ModelTrait>(&mut self, model: &M, merge: Merge) {
        let row = Rows::of(std::slice::from_ref(model), merge);
        match self.tables.get_mut(&row.table) {
            Some(rows) => rows.append(&row),
            None => {
                self.tables.insert(row.table.clone(), row);
            }
        }
    }

    /// Writes everything, tables and keys in sorted order so that two writers cannot deadlock.
    pub async fn flush(self, tx: &mut Tx) -> Result<(), DbError> {
        for rows in self.deletes {
            delete(tx, rows).await?;
        }
        for mut rows in self.tables.into_values() {
            rows.sort();
            tx.write(rows).await?;
        }
        Ok(())
    }
}

async fn delete(tx: &Tx, rows: Rows) -> Result<(), DbError> {
    let keys: Vec<(String, Value)> = rows
        .columns
        .into_iter()
        .filter(|column| column.key)
        .filter_map(|mut column| column.values.pop().map(|value| (column.name, value)))
        .collect();
    let conditions: Vec<String> = keys
        .iter()
        .enumerate()
        .map(|(index, (name, _))| format!("{name} = ${}", index + 1))
        .collect();
    let sql = format!(
        "DELETE FROM {} WHERE {}",
        rows.table,
        conditions.join(" AND ")
    );
    tx.execute_sql(&sql, keys.into_iter().map(|(_, value)| value).collect())
        .await
        .map(drop)
}
