//! Changes of known inputs, the same in every run.

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
    state: u64,
}

impl Mutator {
    pub(crate) fn new(seeds: Vec<Vec<u8>>) -> Self {
        Self { seeds, state: 0x5EED }
    }

    /// `splitmix64`, below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from((mixed ^ mixed >> 31) % bound).unwrap()
    }

    /// One seed, changed in one to four places.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let seed = self.below(self.seeds.len());
        let mut input = self.seeds.get(seed).unwrap().clone();
        for _ in 0..=self.below(4) {
            self.change(&mut input);
        }
        input.truncate(SIZE_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (from, to) = (self.below(input.len() + 1), self.below(input.len() + 1));
        let range = from.min(to)..from.max(to);
        match self.below(8) {
            0 => drop(input.drain(range)),
            1 => input.extend_from_within(range),
            2 => {
                let seed = self.below(self.seeds.len());
                let other = self.seeds.get(seed).unwrap();
                let piece = other.get(range).unwrap_or_default().to_vec();
                input.splice(from..from, piece);
            }
            3 => {
                let bit = 1 << self.below(8);
                if let Some(byte) = input.get_mut(from) {
                    *byte ^= bit;
                }
            }
            4 => input.truncate(from),
            _ => {
                let piece = PIECES.get(self.below(PIECES.len())).unwrap();
                input.splice(from..from, piece.bytes());
            }
        }
    }
}
