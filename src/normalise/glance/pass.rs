//! The pass by masks over a levelled text: its words in lower case, where they begin and end, and
//! whether anything in it could be odd.

use crate::lanes::{self, BLOCK, Lanes, Set, Spaced, Work};

use super::checks;

/// Characters of words.
pub(super) const WORD: Set =
    Set::of(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
pub(super) const LETTER: Set = Set::of(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
/// Letters with the glyph of a Cyrillic one, in the case as written.
pub(super) const ALIKE: Set = Set::of(b"ABCEHIJKMOPSTXYaceijopsxy");
/// Letters anywhere in a word.
pub(super) const SIGN: Set = Set::of(b"$@");
/// Both: what a single letter must not touch.
pub(super) const SOLID: Set =
    Set::of(b"$@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
/// Letters between letters.
pub(super) const INNER: Set = Set::of(b"!+|");
pub(super) const DOT: Set = Set::of(b"*./\\_|~");
/// What may stand between the digits of one number.
const JOINT: Set = Set::of(b"',./:");
/// Not seen by anybody, so not a separator: the long way knows what to do.
pub(super) const UNSEEN: Set = Set::of(
    b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x0E\x0F\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F\x7F",
);

/// What the pass fills.
#[derive(Debug, Default)]
pub(super) struct Words {
    spaced: Spaced,
    /// Folded words with blanks between, from [`LEAD`] on; longer than the text by a load at least.
    pub(super) text: Vec<u8>,
    /// Where in it each word begins and ends, one behind the other; `count` of them hold.
    pub(super) bounds: Vec<u32>,
    pub(super) count: usize,
    /// Places in the text, in order, each in a word that could be odd, or right behind it.
    pub(super) odd_words: Vec<usize>,
    /// The same of runs of single letters.
    pub(super) runs: Vec<usize>,
    /// The last word of each kind that masks alone could not tell.
    judged: [Judged; 3],
}

/// A word that was judged as a whole, and where it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judged {
    pub(super) end: usize,
    pub(super) is_odd: bool,
}

impl Judged {
    /// Of some places, in order, those in odd words. Each word is judged once, or a long one with many
    /// places would cost the square of its length.
    fn odd(
        &mut self,
        places: impl Iterator<Item = usize>,
        judge: impl Fn(usize) -> Self,
    ) -> impl Iterator<Item = usize> {
        places.filter(move |place| {
            if *place >= self.end {
                *self = judge(*place);
            }
            self.is_odd
        })
    }
}

/// What it saw; of each a bit for some place where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Something that nobody sees.
    unseen: u64,
    /// Two numbers with one separator between.
    joint: u64,
    /// Two letters in a row that look like Cyrillic ones.
    two_alike: u64,
    /// A letter that does not.
    not_alike: u64,
}

impl Noted {
    /// Is there something that nobody sees?
    pub(super) fn has_unseen(self) -> bool {
        self.unseen != 0
    }

    /// A short word of look-alikes is odd where no Latin letter tells that the text is Latin.
    pub(super) fn is_alike(self) -> bool {
        self.two_alike != 0 && self.not_alike == 0
    }

    pub(super) fn has_joint(self) -> bool {
        self.joint != 0
    }
}

/// Goes over a levelled text.
pub(super) fn pass(text: &[u8], words: &mut Words) -> Noted {
    lanes::run(Pass { text, words })
}

struct Pass<'t> {
    text: &'t [u8],
    words: &'t mut Words,
}

impl Work for Pass<'_> {
    type Out = Noted;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Noted {
        run(lanes, self.text, self.words)
    }
}

/// Bytes of a block that were in the one before: every clause looks back, six places at most, so that
/// no block has to know another.
pub(super) const LEAD: usize = Spaced::LEAD;

/// The bits of a block that are its own.
const OWN: u64 = u64::MAX << LEAD;

/// Masks of one block.
#[derive(Clone, Copy)]
struct Masks {
    letters: u64,
    /// Letters of ASCII and all beyond it.
    letterlike: u64,
    digits: u64,
    /// All of these: what words are made of.
    words: u64,
    signs: u64,
    inner: u64,
    dots: u64,
    alike: u64,
    /// The same letter as the next.
    same: u64,
}

#[inline(always)]
fn run<L: Lanes>(lanes: L, text: &[u8], words: &mut Words) -> Noted {
    // One place more than the text: what ends with it shows behind it.
    let blocks = text.len() / (BLOCK - LEAD) + 1;
    if words.text.len() < (blocks + 1) * BLOCK {
        words.text.resize((blocks + 1) * BLOCK, b' ');
    }
    let mut noted = Noted::default();
    words.count = 0;
    words.odd_words.clear();
    words.runs.clear();
    words.judged = Default::default();
    words.spaced.fill(text);
    for at in (0..blocks).map(|block| block * (BLOCK - LEAD)) {
        let spaced = &words.spaced;
        let (block, next) = (spaced.load(lanes, at, LEAD), spaced.load(lanes, at, LEAD - 1));
        let masks = look(lanes, block, next);
        note(lanes, block, &masks, &mut noted);
        let (odd, runs) = ((repeats(&masks) | between(&masks)) & OWN, runs(&masks) & OWN);
        if odd | runs | check(&masks) != 0 {
            words.doubt(text, at, (odd, runs), &masks);
        }
        if let Some(to) = words.text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *to = lanes.words(block, &WORD);
        }
        words.add_bounds(lanes, at, (masks.words ^ masks.words << 1) & OWN);
    }
    noted
}

#[inline(always)]
fn look<L: Lanes>(lanes: L, block: L::Block, next: L::Block) -> Masks {
    let beyond = lanes.beyond(block);
    let letters = lanes.has(block, &LETTER);
    let words = lanes.has(block, &WORD) | beyond;
    Masks {
        letters,
        letterlike: letters | beyond,
        digits: words & !letters & !beyond,
        words,
        signs: lanes.has(block, &SIGN),
        inner: lanes.has(block, &INNER),
        dots: lanes.has(block, &DOT),
        alike: lanes.has(block, &ALIKE),
        same: lanes.same(block, next),
    }
}

#[inline(always)]
fn note<L: Lanes>(lanes: L, block: L::Block, masks: &Masks, noted: &mut Noted) {
    let joints = lanes.has(block, &JOINT);
    noted.unseen |= lanes.has(block, &UNSEEN);
    noted.joint |= masks.digits & joints << 1 & masks.digits << 2 & OWN;
    noted.two_alike |= masks.alike & masks.alike << 1 & OWN;
    noted.not_alike |= masks.letters & !masks.alike;
}

#[inline(always)]
fn repeats(masks: &Masks) -> u64 {
    masks.same << 1 & masks.same << 2 & masks.letters
}

/// *dots*, and signs that are letters between letters.
#[inline(always)]
fn between(masks: &Masks) -> u64 {
    (masks.inner | masks.dots) << 1 & masks.letterlike & masks.letterlike << 2
}

/// Three single letters, digits or signs, each one character from the next.
#[inline(always)]
fn runs(masks: &Masks) -> u64 {
    // What a single letter must not touch.
    let solid = masks.words | masks.signs;
    // Each shows one place behind itself.
    let singles = (solid | masks.inner) << 1 & !(solid << 2) & !solid;
    let letters = singles & masks.letters << 1;
    // A run has more letters than others, so that three of it in a row have two.
    let (first, second, third) = (letters, letters << 2, letters << 4);
    singles & singles << 2 & singles << 4 & (first & second | first & third | second & third)
}

/// Digits beside letters.
#[inline(always)]
fn digits(masks: &Masks) -> u64 {
    masks.digits & masks.letterlike << 1 | masks.letterlike & masks.digits << 1
}

/// Five look-alikes in a row.
#[inline(always)]
fn alike(masks: &Masks) -> u64 {
    let two = masks.alike & masks.alike << 1;
    two & two << 2 & masks.alike << 4
}

/// What masks alone cannot tell.
#[inline(always)]
fn check(masks: &Masks) -> u64 {
    (digits(masks) | alike(masks) | masks.signs) & OWN
}

impl Words {
    /// Keeps the places of a block where something could be odd, *digits*, *signs* and *wholly
    /// look-alikes* among them. `at`: of the block's own bytes; `odd`, `runs`: where masks have told all.
    #[cold]
    #[inline(never)]
    fn doubt(&mut self, text: &[u8], at: usize, (odd, runs): (u64, u64), masks: &Masks) {
        let [in_digits, in_alike, in_signs] = &mut self.judged;
        let of = |places: u64| lanes::places(at, (places & OWN) >> LEAD);
        let digits = in_digits.odd(of(digits(masks)), |place| checks::odd_digits(text, place));
        let alike = in_alike.odd(of(alike(masks)), |place| checks::wholly_alike(text, place));
        let signs = of(masks.signs).filter(|place| !checks::is_handle(text, *place));
        let signs = in_signs.odd(signs, |place| checks::signed(text, place));
        let odd = digits
            .chain(alike)
            .chain(signs)
            .fold(odd >> LEAD, |odd, place| odd | 1 << (place - at));
        self.odd_words.extend(lanes::places(at, odd));
        self.runs.extend(lanes::places(at, runs >> LEAD));
    }

    #[inline(always)]
    fn add_bounds<L: Lanes>(&mut self, lanes: L, at: usize, flips: u64) {
        if self.bounds.len() < self.count + BLOCK {
            self.bounds.resize(2 * self.bounds.len() + BLOCK, 0);
        }
        let slots = self.bounds.get_mut(self.count..).and_then(<[u32]>::first_chunk_mut);
        if let Some(slots) = slots {
            lanes.places(u32::try_from(at).unwrap_or(u32::MAX), flips, slots);
        }
        self.count += usize::try_from(flips.count_ones()).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pass with all that it fills.
    struct Whole<'t>(&'t [u8]);

    impl Work for Whole<'_> {
        type Out = (Noted, Vec<u8>, Vec<u32>, [Vec<usize>; 2]);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Out {
            let mut words = Words::default();
            let noted = run(lanes, self.0, &mut words);
            words.text.truncate(LEAD + self.0.len());
            words.bounds.truncate(words.count);
            (noted, words.text, words.bounds, [words.odd_words, words.runs])
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn all_processors_see_the_same(text in "[a-cD1é ж.@$!,\n]{0,200}") {
            let all = lanes::run_on_each(|| Whole(text.as_bytes()));
            prop_assert!(all.iter().all(|one| Some(one) == all.first()), "{:?}", text);
        }
    }
}
