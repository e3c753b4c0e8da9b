//! Conditions that a column is one of many values.

use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Value};

/// `column IN (…)`, with the last value once more up to a power of two: the database knows a statement
/// again by its text, and a page has any number of customers.
pub(super) fn among<C: ColumnTrait, V: Into<Value> + Clone>(
    column: C,
    values: impl IntoIterator<Item = V>,
) -> SimpleExpr {
    let mut values: Vec<V> = values.into_iter().collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    column.is_in(values)
}
