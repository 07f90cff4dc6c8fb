//! Changes of known inputs, the same in every run.

use super::random::Random;

/// Pieces that texts, records and packs are sensitive to.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "\\u0041",
    "\\ud83d",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "1e9",
    "\n",
    "\t",
    " ",
    "  ",
    ".",
    "/",
    "|",
    "*",
    "@",
    "$",
    "0",
    "1",
    "a",
    "o",
    "о",
    "ооо",
    "і",
    "É",
    "e\u{301}",
    "\u{93C}",
    "\u{200B}",
    "\u{200C}",
    "\u{200D}",
    "\u{FE0F}",
    "\u{3164}",
    "🅱",
    "🇩🇪",
    "👍🏽",
    "啊",
    "마켓",
    "สวย",
    "مر7",
    "١",
    "hxxps://t[.]me/a",
    "@zorb",
    "＠",
    "+49 (0)30 ",
    "0049",
    "23125-017",
    "0:",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    "t me/a",
    "ﷺ",
    "ﬁ",
    "｡",
    "- ",
    "# ",
    "'",
    "&a ",
    "!x ",
    "? ",
    "%41",
    "xn--",
    "\u{85}",
    "\u{2028}",
    "\u{0}",
];

/// What one input may grow to.
const SIZE_MAX: usize = 4 << 10;

pub(crate) struct Mutator {
    seeds: Vec<Vec<u8>>,
    random: Random,
}

impl Mutator {
    pub(crate) fn new(seeds: Vec<Vec<u8>>) -> Self {
        Self { seeds, random: Random::new(0x5EED) }
    }

    /// One seed, changed in one to four places.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.random.pick(&self.seeds).unwrap().clone();
        for _ in 0..=self.random.below(4) {
            self.change(&mut input);
        }
        input.truncate(SIZE_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (from, to) = (self.random.below(input.len() + 1), self.random.below(input.len() + 1));
        let range = from.min(to)..from.max(to);
        match self.random.below(8) {
            0 => drop(input.drain(range)),
            1 => input.extend_from_within(range),
            2 => {
                let other = self.random.pick(&self.seeds).unwrap();
                let piece = other.get(range).unwrap_or_default().to_vec();
                input.splice(from..from, piece);
            }
            3 => {
                let bit = 1 << self.random.below(8);
                if let Some(byte) = input.get_mut(from) {
                    *byte ^= bit;
                }
            }
            4 => input.truncate(from),
            _ => {
                let piece = self.random.pick(PIECES).unwrap();
                input.splice(from..from, piece.bytes());
            }
        }
    }
}
