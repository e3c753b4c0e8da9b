//! Lists that come from outside.

use std::collections::BTreeSet;

use super::{Refusal, Refused, code};

/// Checks that a list has at most `max` entries.
pub fn at_most(entries: usize, max: usize, field: &str) -> Refused<()> {
    if entries <= max {
        return Ok(());
    }
    let message = format!("the list has {entries} entries, at most {max} are allowed");
    Err(Refusal::at(code::LIST_TOO_LONG, field, message))
}

/// Checks that a list has 1 to `max` entries.
pub fn one_to(entries: usize, max: usize, field: &str) -> Refused<()> {
    if entries == 0 {
        return Err(Refusal::at(code::LIST_EMPTY, field, "the list is empty"));
    }
    at_most(entries, max, field)
}

/// Checks that no key stands twice. `field` names the entry with the given index.
pub fn distinct<K: Ord>(
    keys: impl IntoIterator<Item = K>,
    field: impl Fn(usize) -> String,
) -> Refused<()> {
    let mut seen = BTreeSet::new();
    for (index, key) in keys.into_iter().enumerate() {
        if !seen.insert(key) {
            let message = "the list has this entry already";
            return Err(Refusal::at(code::DUPLICATE_ENTRY, field(index), message));
        }
    }
    Ok(())
}
