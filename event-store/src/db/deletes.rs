//! Rows to be deleted, by the columns that they are found by.

use sea_orm::sea_query::Value;

use super::Rows;

/// Rows of one table to be deleted.
#[derive(Clone, Debug)]
pub struct Deletes {
    table: &'static str,
    columns: Vec<&'static str>,
    /// A value a column, for each row or set of rows.
    found_by: Vec<Vec<Value>>,
}

impl Deletes {
    /// The rows of a table whose `columns` hold one of the rows of values.
    pub const fn of(
        table: &'static str,
        columns: Vec<&'static str>,
        found_by: Vec<Vec<Value>>,
    ) -> Self {
        Self {
            table,
            columns,
            found_by,
        }
    }

    /// The rows with these rows' keys.
    pub fn like(rows: &Rows) -> Self {
        let (columns, found_by) = rows.keys();
        Self::of(rows.table, columns, found_by)
    }

    /// A statement with `$1` parameters, and its values for each row.
    pub(super) fn statement(self) -> (String, Vec<Vec<Value>>) {
        let columns = self.columns.iter().enumerate();
        let conditions: Vec<String> = columns
            .map(|(index, name)| format!("{name} = ${}", index + 1))
            .collect();
        let sql = format!(
            "DELETE FROM {} WHERE {}",
            self.table,
            conditions.join(" AND ")
        );
        (sql, self.found_by)
    }
}
