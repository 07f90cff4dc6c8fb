//! Keyed hashes, and the table that most look-ups end in front of.

use std::hash::{BuildHasher, RandomState};

/// Keyed anew in each process: whoever writes posts chooses what is hashed.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    seed: u64,
    step: u64,
}

impl Keyed {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self { seed: random.hash_one(1), step: random.hash_one(2) | 1 }
    }

    /// The hash of a folded word. None holds a zero byte, so that zeros may fill it up.
    pub(super) fn of(&self, word: &[u8]) -> u64 {
        let (mut hash, mut rest) = (self.seed, word);
        while let Some((chunk, behind)) = rest.split_first_chunk().filter(|_| rest.len() > STEP) {
            hash = self.step(hash, u128::from_le_bytes(*chunk));
            rest = behind;
        }
        let mut chunk = [0; STEP];
        if let Some(to) = chunk.get_mut(..rest.len()) {
            to.copy_from_slice(rest);
        }
        self.last(hash, u128::from_le_bytes(chunk))
    }

    /// The same of the first `size` bytes of some: quicker where [`STEP`] more of them can be read.
    #[inline]
    pub(super) fn of_first(&self, size: usize, bytes: &[u8]) -> u64 {
        let (mut hash, mut left, mut rest) = (self.seed, size, bytes);
        while let Some((chunk, behind)) = rest.split_first_chunk() {
            if let Some(kept) = KEPT.get(left) {
                return self.last(hash, u128::from_le_bytes(*chunk) & kept);
            }
            hash = self.step(hash, u128::from_le_bytes(*chunk));
            (left, rest) = (left - STEP, behind);
        }
        self.of_few(bytes.get(..size).unwrap_or_default())
    }

    /// Where a text ends right behind the word.
    #[cold]
    #[inline(never)]
    fn of_few(&self, word: &[u8]) -> u64 {
        self.of(word)
    }

    #[inline]
    fn step(&self, hash: u64, chunk: u128) -> u64 {
        mix(low(chunk) ^ hash, low(chunk >> 64) ^ self.step)
    }

    /// Once more, or bits of the filter would go with each other.
    #[inline]
    fn last(&self, hash: u64, chunk: u128) -> u64 {
        mix(self.step(hash, chunk), self.step)
    }

    /// The hash of two neighbours, in their order.
    #[inline]
    pub(super) fn pair(&self, first: u64, second: u64) -> u64 {
        mix(first.rotate_left(23) ^ second ^ self.seed, self.step)
    }

    /// The hash of several words in a row, by theirs.
    pub(super) fn row(&self, words: &[u64]) -> u64 {
        words.iter().fold(self.seed, |hash, word| self.pair(hash, *word))
    }

    /// A hash that grows letter by letter.
    pub(super) fn letter(&self, hash: u64, letter: char) -> u64 {
        mix(hash ^ u64::from(u32::from(letter)) ^ self.seed, self.step)
    }
}

/// Bytes of a word that are hashed at once.
const STEP: usize = 16;

/// The first bytes of a chunk, by how many.
#[expect(clippy::indexing_slicing, reason = "made by the compiler, which would say so")]
static KEPT: [u128; STEP + 1] = {
    let mut kept = [0; STEP + 1];
    let mut size = 1;
    while size <= STEP {
        kept[size] = u128::MAX >> (8 * (STEP - size));
        size += 1;
    }
    kept
};

/// Multiplies to 128 bits and folds the halves.
#[inline]
fn mix(left: u64, right: u64) -> u64 {
    let wide = u128::from(left ^ 0x9E37_79B9_7F4A_7C15) * u128::from(right);
    low(wide) ^ low(wide >> 64)
}

#[inline]
fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or_default()
}

/// Which hashes there may be: four bits a hash in one word.
#[derive(Debug, Default)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// For so many hashes, with so many bits for each.
    fn of(hashes: usize, bits: usize) -> Self {
        Self { words: vec![0; (hashes * bits / 64).next_power_of_two()] }
    }

    /// From hashes, some of them twice or more.
    pub(super) fn build(hashes: &[u64]) -> Self {
        Self::build_of(hashes, FILTER_BITS)
    }

    /// A second filter, behind one of other bits of the same hashes: half as large, as little comes
    /// through to it.
    pub(super) fn build_second(hashes: &[u64]) -> Self {
        Self::build_of(hashes, FILTER_BITS / 2)
    }

    fn build_of(hashes: &[u64], bits: usize) -> Self {
        if hashes.is_empty() {
            return Self::default();
        }
        let mut out = Self::of(hashes.len(), bits);
        hashes.iter().for_each(|hash| out.insert(*hash));
        out
    }

    fn insert(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bits;
        }
    }

    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = usize::try_from(hash >> 24).unwrap_or_default();
        let bit = |by: u32| 1 << (hash >> by & 63);
        let bits = bit(0) | bit(6) | bit(12) | bit(18);
        (word & self.words.len().wrapping_sub(1), bits)
    }

    /// Can the hash be there? Wrong in one of two hundred.
    #[inline]
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.words.get(word).is_some_and(|word| word & bits == bits)
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.words.len() * 8
    }
}

/// Numbers by hash: a filter, and behind it one open-addressed table.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    filter: Filter,
    slots: Vec<Slot>,
    /// Groups of equal hash, each ended by a number with [`LAST`] set.
    numbers: Vec<u32>,
}

/// The upper half of a hash, and its number with [`LAST`] set, where it has one alone, else where its
/// group begins, plus one; zero is empty.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    tag: u32,
    group: u32,
}

/// Marks the last of a group.
const LAST: u32 = 1 << 31;

/// Bits of the filter for each key.
const FILTER_BITS: usize = 16;

impl Lookup {
    /// From hashes with their numbers, which are below 2^31.
    pub(super) fn build(mut pairs: Vec<(u64, u32)>) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        // In the order of their slots, so that the table is filled from one end to the other.
        pairs.sort_unstable_by_key(|(hash, number)| (hash.rotate_left(32), *number));
        pairs.dedup();
        let keys = pairs.chunk_by(|left, right| left.0 == right.0).count();
        let mut out = Self {
            filter: Filter::of(keys, FILTER_BITS),
            slots: vec![Slot::default(); keys + keys / 3 + 1],
            numbers: Vec::new(),
        };
        for group in pairs.chunk_by(|left, right| left.0 == right.0) {
            match group {
                [] => {}
                &[(hash, only)] => out.insert(hash, only | LAST),
                &[(hash, _), ..] => {
                    out.insert(hash, u32::try_from(out.numbers.len() + 1).unwrap_or(u32::MAX));
                    out.numbers.extend(group.iter().map(|(_, number)| *number));
                    out.numbers.last_mut().into_iter().for_each(|last| *last |= LAST);
                }
            }
        }
        out.numbers.shrink_to_fit();
        out
    }

    fn insert(&mut self, hash: u64, group: u32) {
        self.filter.insert(hash);
        let mut at = self.home(hash);
        while self.slots.get(at).is_some_and(|slot| slot.group != 0) {
            at = self.next(at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { tag: tag(hash), group };
        }
    }

    /// Where the slot of a hash is, by its lower half: a fraction of the table, whatever its size. The
    /// upper half is in the slot.
    fn home(&self, hash: u64) -> usize {
        let size = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        usize::try_from(((hash & u64::from(u32::MAX)) * size) >> 32).unwrap_or_default()
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 < self.slots.len() { at + 1 } else { 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Can the hash be there?
    #[inline]
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        self.filter.may_hold(hash)
    }

    /// The numbers of a hash.
    pub(super) fn get(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let found = if self.may_hold(hash) { self.group(hash) } else { None };
        let only = found.filter(|group| group & LAST != 0);
        let from =
            found.filter(|_| only.is_none()).and_then(|group| usize::try_from(group - 1).ok());
        let group = from.and_then(|from| self.numbers.get(from..)).unwrap_or_default();
        let size = group.iter().position(|number| number & LAST != 0).map_or(0, |last| last + 1);
        only.into_iter().chain(group.iter().take(size).copied()).map(|number| number & !LAST)
    }

    /// What the slot of a hash says.
    fn group(&self, hash: u64) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let slot = self.slots.get(at).filter(|slot| slot.group != 0)?;
            if slot.tag == tag(hash) {
                return Some(slot.group);
            }
            at = self.next(at);
        }
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.filter.bytes() + self.slots.len() * size_of::<Slot>() + self.numbers.len() * 4
    }
}

fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_by_its_hash_and_nothing_else_is() {
        let keyed = Keyed::new();
        let hash = |key: u32| keyed.of(&key.to_le_bytes());
        let pairs: Vec<(u64, u32)> =
            (0..10_000).flat_map(|key| [(hash(key), key), (hash(key), key / 2 + 20_000)]).collect();
        let single = (20_000..25_000).map(|key| (hash(key), key));
        let lookup = Lookup::build(pairs.into_iter().chain(single).collect());
        for key in 0..10_000 {
            assert_eq!(lookup.get(hash(key)).collect::<Vec<_>>(), [key, key / 2 + 20_000]);
        }
        for key in 20_000..25_000 {
            assert_eq!(lookup.get(hash(key)).collect::<Vec<_>>(), [key]);
        }
        let others = (30_000..1_000_000).filter(|key| lookup.may_hold(hash(*key))).count();
        assert!(others < 970_000 / 200, "{others} pass the filter");
        assert!((30_000..1_000_000).all(|key| lookup.get(hash(key)).next().is_none()));
    }

    #[test]
    fn an_empty_table_holds_nothing() {
        let lookup = Lookup::build(Vec::new());
        assert!(lookup.is_empty());
        assert_eq!(lookup.get(7).next(), None);
    }

    #[test]
    fn a_hash_depends_on_every_byte_and_on_nothing_behind_them() {
        let keyed = Keyed::new();
        let mut texts: Vec<String> =
            ["", "a", "aa", "abcdefgh", "abcdefghabcdefgh", "abcdefghabcdefghi"]
                .map(String::from)
                .into();
        for size in 1..40 {
            let changed =
                |at: usize| (0..size).map(|place| if place == at { 'y' } else { 'x' }).collect();
            texts.extend((0..size).map(changed));
        }
        let hashes: std::collections::HashSet<u64> =
            texts.iter().map(|text| keyed.of(text.as_bytes())).collect();
        assert_eq!(hashes.len(), texts.len());
        assert_ne!(keyed.pair(1, 2), keyed.pair(2, 1));
        for text in &texts {
            let padded = format!("{text} and what stands behind it");
            assert_eq!(keyed.of_first(text.len(), padded.as_bytes()), keyed.of(text.as_bytes()));
        }
    }
}
