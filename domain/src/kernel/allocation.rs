//! Splitting an amount so that the parts sum to the whole.

use super::round_half_even;

/// Splits `amount` over `weights` by largest remainder.
///
/// Each part is the floor of its exact share; what is left goes, a unit each, to the largest
/// fractions, ties to the lowest index. All weights zero: equal parts. Negative amounts mirror.
/// The parts always sum to `amount`; no weights give no parts. Weights must not be negative.
pub fn largest_remainder(amount: i64, weights: &[i64]) -> Vec<i64> {
    if amount < 0 {
        return largest_remainder(-amount, weights)
            .into_iter()
            .map(|part| -part)
            .collect();
    }
    if weights.is_empty() {
        return Vec::new();
    }
    let equal = vec![1; weights.len()];
    let total: i128 = weights.iter().copied().map(i128::from).sum();
    let (weights, total) = if total == 0 {
        (equal.as_slice(), weights.len() as i128)
    } else {
        (weights, total)
    };

    let exact = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let mut parts: Vec<i128> = weights.iter().map(|weight| exact(weight) / total).collect();
    let left = i128::from(amount) - parts.iter().sum::<i128>();

    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&index| (-(exact(&weights[index]) % total), index));
    for &index in order.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[index] += 1;
    }
    parts
        .into_iter()
        .map(|part| i64::try_from(part).unwrap_or(i64::MAX))
        .collect()
}

/// The part of `whole` that belongs to units `from..to` (counted from 0) of `of`, by cumulative
/// rounding half to even: the parts of consecutive ranges sum to `whole` exactly.
pub fn allocate(whole: i64, from: i64, to: i64, of: i64) -> i64 {
    let until = |units: i64| round_half_even(i128::from(whole) * i128::from(units), i128::from(of));
    i64::try_from(until(to) - until(from)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_remainder_gives_the_published_vectors() {
        for (amount, weights, parts) in [
            (299, vec![4300, 1400, 2300], vec![161, 52, 86]),
            (299, vec![1000, 1000, 1000], vec![100, 100, 99]),
            (1000, vec![4998, 1500, 2500], vec![555, 167, 278]),
            (599, vec![4443, 1333, 2222], vec![333, 100, 166]),
            (300, vec![4443, 1333, 2222], vec![167, 50, 83]),
            (745, vec![4443, 1333, 2222], vec![414, 124, 207]),
            (5, vec![0, 0], vec![3, 2]),
            (-299, vec![4300, 1400, 2300], vec![-161, -52, -86]),
        ] {
            assert_eq!(
                largest_remainder(amount, &weights),
                parts,
                "{amount} over {weights:?}"
            );
        }
    }

    #[test]
    fn a_returned_unit_takes_its_cumulative_share() {
        // Line A of the worked order: gross 49.98, discount 5.55, tax 3.67 over two units.
        assert_eq!(
            [allocate(4998, 0, 1, 2), allocate(4998, 1, 2, 2)],
            [2499, 2499]
        );
        assert_eq!([allocate(555, 0, 1, 2), allocate(555, 1, 2, 2)], [278, 277]);
        assert_eq!([allocate(367, 0, 1, 2), allocate(367, 1, 2, 2)], [184, 183]);
    }
}
