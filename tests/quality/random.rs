//! A small seeded generator (SplitMix64): the same pairs on every machine.

/// Where the sequence stands.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Even over 0 to `bound` - 1; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let spread = (u128::from(self.next()) * bound as u128) >> 64;
        usize::try_from(spread).unwrap()
    }

    /// True so many times of 100.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }

    /// One character of a string.
    pub(crate) fn pick_char(&mut self, from: &str) -> Option<char> {
        let count = from.chars().count();
        from.chars().nth(self.below(count))
    }
}
