//! The pass by masks over a levelled text: its words in lower case, where they begin and end, and
//! whether anything in it could be odd.

use crate::lanes::{self, BLOCK, Lanes, Set, Work, later};

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
    /// At least as long as the text, with room for one more load behind it: folded words, blanks.
    pub(super) text: Vec<u8>,
    /// Where each word begins and ends, one behind the other; `count` of them hold.
    pub(super) bounds: Vec<u32>,
    pub(super) count: usize,
}

/// What it saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Something could be odd.
    pub(super) odd: bool,
    /// Something that nobody sees.
    pub(super) unseen: bool,
    /// Two numbers with one separator between.
    pub(super) joint: bool,
    /// Two letters in a row that look like Cyrillic ones.
    two_alike: bool,
    /// A letter that does not.
    not_alike: bool,
}

impl Noted {
    /// Could there be an odd word?
    pub(super) fn is_odd(self) -> bool {
        // A short word of look-alikes is odd where no Latin letter tells that the text is Latin.
        self.odd || self.two_alike && !self.not_alike
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

/// Masks of one block. Every clause looks back, at most four places: so no block waits for the next.
#[derive(Clone, Copy, Debug, Default)]
struct Masks {
    letters: u64,
    /// Letters of ASCII and all beyond it.
    letterlike: u64,
    digits: u64,
    /// Letters, digits and signs: what a single letter must not touch.
    solid: u64,
    inner: u64,
    dots: u64,
    joints: u64,
    alike: u64,
    /// The same letter as the next.
    same: u64,
    /// A letter, digit or sign that touches no other stands one place before.
    singles: u64,
    /// And it is a letter.
    single_letters: u64,
    words: u64,
}

#[inline(always)]
fn run<L: Lanes>(lanes: L, text: &[u8], words: &mut Words) -> Noted {
    // One place more than the text: what ends with it shows behind it.
    let blocks = text.len() / BLOCK + 1;
    if words.text.len() < (blocks + 1) * BLOCK {
        words.text.resize((blocks + 1) * BLOCK, b' ');
    }
    let (mut noted, mut last) = (Noted::default(), Masks::default());
    words.count = 0;
    for at in (0..blocks).map(|block| block * BLOCK) {
        let from = |at: usize| lanes.load_first(text.get(at..).unwrap_or_default());
        let (block, next) = (from(at), from(at + 1));
        let masks = look(lanes, block, next, &last, &mut noted);
        noted.odd |= check(text, at, &masks, &last);
        if let Some(to) = words.text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *to = lanes.words(block, &WORD);
        }
        words.add_bounds(at, masks.words ^ later(masks.words, last.words, 1));
        last = masks;
    }
    noted
}

#[inline(always)]
fn look<L: Lanes>(
    lanes: L,
    block: L::Block,
    next: L::Block,
    last: &Masks,
    noted: &mut Noted,
) -> Masks {
    let beyond = lanes.beyond(block);
    let letters = lanes.has(block, &LETTER);
    let words = lanes.has(block, &WORD) | beyond;
    let solid = words | lanes.has(block, &SIGN);
    let inner = lanes.has(block, &INNER);
    let (letterlike, digits) = (letters | beyond, words & !letters & !beyond);
    let alone = later(solid | inner, last.solid | last.inner, 1);
    let singles = alone & !later(solid, last.solid, 2) & !solid;
    let masks = Masks {
        letters,
        letterlike,
        digits,
        solid,
        inner,
        dots: lanes.has(block, &DOT),
        joints: lanes.has(block, &JOINT),
        alike: lanes.has(block, &ALIKE),
        same: lanes.same(block, next),
        singles,
        single_letters: singles & later(letters, last.letters, 1),
        words,
    };
    noted.unseen |= lanes.has(block, &UNSEEN) != 0;
    noted.odd |= is_odd(&masks, last);
    let joint = digits & later(masks.joints, last.joints, 1) & later(digits, last.digits, 2);
    noted.joint |= joint != 0;
    noted.two_alike |= masks.alike & later(masks.alike, last.alike, 1) != 0;
    noted.not_alike |= letters & !masks.alike != 0;
    masks
}

/// *repeats*, *dots*, inner signs between letters, and *runs*.
#[inline(always)]
fn is_odd(masks: &Masks, last: &Masks) -> bool {
    let repeats = masks.same & later(masks.same, last.same, 1) & masks.letters;
    let between = later(masks.inner | masks.dots, last.inner | last.dots, 1)
        & masks.letterlike
        & later(masks.letterlike, last.letterlike, 2);
    let singles = |by| later(masks.singles, last.singles, by);
    let letters = |by| later(masks.single_letters, last.single_letters, by);
    let runs = masks.singles & singles(2) & singles(4);
    // A run has more letters than others, so that three of it in a row have two.
    let (first, second, third) = (masks.single_letters, letters(2), letters(4));
    let mostly_letters = first & second | first & third | second & third;
    repeats | between | runs & mostly_letters != 0
}

/// What masks alone cannot tell: *digits*, *signs*, *wholly look-alikes*.
#[inline(always)]
fn check(text: &[u8], at: usize, masks: &Masks, last: &Masks) -> bool {
    let alike = |by| later(masks.alike, last.alike, by);
    let digits = masks.digits & later(masks.letterlike, last.letterlike, 1)
        | masks.letterlike & later(masks.digits, last.digits, 1);
    let alike = masks.alike & alike(1) & alike(2) & alike(3) & alike(4);
    let signs = masks.solid & !masks.words;
    if digits | alike | signs == 0 {
        return false;
    }
    checks::any(text, at, digits, checks::has_odd_digits)
        || checks::any(text, at, alike, checks::is_wholly_alike)
        || checks::any(text, at, signs, checks::is_sign)
}

impl Words {
    #[inline(always)]
    fn add_bounds(&mut self, at: usize, mut flips: u64) {
        if self.bounds.len() < self.count + BLOCK {
            self.bounds.resize(2 * self.bounds.len() + BLOCK, 0);
        }
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let slots = self.bounds.get_mut(self.count..).unwrap_or_default();
        for slot in slots.iter_mut().take(usize::try_from(flips.count_ones()).unwrap_or_default()) {
            *slot = at + flips.trailing_zeros();
            flips &= flips.wrapping_sub(1);
            self.count += 1;
        }
    }
}
