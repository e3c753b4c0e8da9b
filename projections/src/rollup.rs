//! Roll-ups: what one document counts for, and how that changed.

use std::collections::BTreeMap;

/// What a document counts for: sums by key.
///
/// A key that a document once counted for must never leave it, even if its sums become zero: then
/// the same rows exist whatever the batches were.
pub(crate) type Sums<K, const N: usize> = BTreeMap<K, [i64; N]>;

/// Adds to the sums of a key.
pub(crate) fn add<K: Ord, const N: usize>(sums: &mut Sums<K, N>, key: K, amounts: [i64; N]) {
    let sums = sums.entry(key).or_insert([0; N]);
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum = sum.saturating_add(amount);
    }
}

/// What must be added to the table so that it holds `after` where it held `before`.
pub(crate) fn difference<K: Ord + Clone, const N: usize>(
    before: &Sums<K, N>,
    after: &Sums<K, N>,
) -> Vec<(K, [i64; N])> {
    let mut changed = Vec::new();
    for (key, now) in after {
        let then = before.get(key);
        if then != Some(now) {
            let mut delta = *now;
            for (delta, then) in delta.iter_mut().zip(then.into_iter().flatten()) {
                *delta = delta.saturating_sub(*then);
            }
            changed.push((key.clone(), delta));
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_added() {
        let mut before = Sums::new();
        add(&mut before, "same", [1, 10]);
        add(&mut before, "grows", [1, 10]);
        let mut after = before.clone();
        add(&mut after, "grows", [0, -4]);
        add(&mut after, "new", [1, 0]);
        let expected = vec![("grows", [0, -4]), ("new", [1, 0])];
        assert_eq!(difference(&before, &after), expected);
        assert_eq!(difference(&after, &after), vec![]);
    }
}
