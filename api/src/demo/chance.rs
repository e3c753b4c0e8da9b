//! Chance that is the same every time: xorshift64*, seeded by a name.

/// A source of numbers.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: &str) -> Self {
        let mix =
            |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }

    /// A number from 0 up to, not including, `end`, which must be above zero.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        i64::try_from(drawn).unwrap_or_default() % end.max(1)
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub(super) fn happens(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below(i64::try_from(from.len()).unwrap_or(1));
        from.get(usize::try_from(index).unwrap_or_default())
    }
}
