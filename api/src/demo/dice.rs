//! Chance that falls the same way each time: a small generator, seeded by what it decides about.

/// Dice for one subject.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for a subject: the same parts always throw the same.
    pub(super) fn of(tenant: &str, what: &str, number: usize) -> Self {
        // FNV-1a: spreads the few letters that differ.
        let mut seed = 0xcbf2_9ce4_8422_2325_u64;
        let number = number.to_le_bytes();
        for byte in tenant
            .bytes()
            .chain(*b":")
            .chain(what.bytes())
            .chain(number)
        {
            seed = (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(seed)
    }

    /// SplitMix64.
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.next() % width).unwrap_or(0)
    }

    /// Whether it happens, this many times in a hundred.
    pub(super) fn percent(&mut self, percent: i64) -> bool {
        self.between(0, 99) < percent
    }

    /// An index below `count`.
    pub(super) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// One of several.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.index(of.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_subject_throws_the_same_and_another_differently() {
        let throws = |mut dice: Dice| -> Vec<i64> { (0..20).map(|_| dice.between(1, 6)).collect() };
        let first = throws(Dice::of("north", "order", 1));
        assert_eq!(first, throws(Dice::of("north", "order", 1)));
        assert_ne!(first, throws(Dice::of("south", "order", 1)));
        assert_ne!(first, throws(Dice::of("north", "order", 2)));
        assert!(first.iter().all(|eyes| (1..=6).contains(eyes)));
    }
}
