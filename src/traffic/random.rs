//! A small seeded generator (SplitMix64): the same numbers on every machine. Not for secrets.

/// Where the sequence stands.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Even over 0 to `bound` - 1; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        spread(self.next(), bound)
    }

    /// True so many times of 100.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Zipf-like over 0 to `bound` - 1: each doubling of the rank is as likely as the one before.
    /// Whole numbers only, since `exp` differs from machine to machine.
    pub(super) fn rank(&mut self, bound: usize) -> usize {
        let doublings = bound.checked_ilog2().unwrap_or(0) + 1;
        let first = 1 << self.below(usize::try_from(doublings).unwrap_or(1));
        let before = first - 1;
        before + self.below(first.min(bound.saturating_sub(before)))
    }

    /// One of these.
    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }

    /// One of these, the first ones most often.
    pub(super) fn pick_ranked<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.rank(from.len()))
    }
}

/// Scatters the bits of a number: what belongs to one channel or author is made of its index, so
/// that it need not be kept.
pub(super) fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A scattered number brought below `bound`.
pub(super) fn spread(number: u64, bound: usize) -> usize {
    let bound = u128::try_from(bound).unwrap_or(u128::MAX);
    usize::try_from((u128::from(number) * bound) >> 64).unwrap_or(0)
}
