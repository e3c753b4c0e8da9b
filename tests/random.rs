//! Numbers that look random and are the same in every run.

/// A seeded generator (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }

    /// A number from 1 to `most`.
    pub fn up_to(&mut self, most: u64) -> i64 {
        i64::try_from(self.below(most) + 1).unwrap_or(1)
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        let index = usize::try_from(self.bits()).unwrap_or(0) % among.len().max(1);
        among.get(index).cloned()
    }

    /// An id.
    pub const fn id(&mut self) -> uuid::Uuid {
        uuid::Uuid::from_u64_pair(self.bits(), self.bits())
    }
}
