//! What could be odd about letters beyond ASCII, seen in the shape of a text: one byte a character, so
//! that masks can say what stands beside what.

use crate::lanes::{self, BLOCK, Lanes, Set, Work};

use super::super::pass::{INNER, SOLID};
use super::steps::kind;

const LATIN: Set = Set::of(&[kind::LATIN, kind::LATIN_ODD]);
const LETTER: Set = super::super::pass::LETTER;

/// Characters of a block that are also in the one before it, and in the one behind it: clauses look so
/// far and no further.
pub(super) const EDGE: usize = 8;
const STEP: usize = BLOCK - 2 * EDGE;
const OWN: u64 = u64::MAX << (2 * EDGE) >> EDGE;

/// What a shape shows; places are those of characters.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// In words that could be odd, in order.
    pub(super) odd: Vec<usize>,
    /// Single letters of runs, in order.
    pub(super) runs: Vec<usize>,
    /// In the text itself.
    pub(super) repeats: Vec<usize>,
    /// There is a letter beside Latin that looks like none of another script.
    strange: bool,
    /// There is an `@`.
    pub(super) at: bool,
    /// There are two letters of a script other than Latin in a row.
    foreign: bool,
}

impl Shown {
    pub(super) fn clear(&mut self) {
        self.odd.clear();
        self.runs.clear();
        (self.strange, self.at, self.foreign) = (false, false, false);
    }

    /// A short word of look-alikes is odd where no other letter tells that the text is of its script.
    pub(super) fn is_alike(&self) -> bool {
        self.foreign && !self.strange
    }

    /// Looks at a shape of so many characters, before which [`EDGE`] spaces stand, and room behind them.
    pub(super) fn look(&mut self, shape: &mut [u8], chars: usize) {
        self.clear();
        if let Some(room) = shape.get_mut(EDGE + chars..).and_then(<[u8]>::first_chunk_mut) {
            *room = [b' '; BLOCK];
        }
        lanes::run(Look { shape, chars, shown: self });
    }

    /// Looks for letters beyond ASCII that stand three times in a row in a levelled text of this size, behind
    /// which there is room; `repeats` are their places.
    pub(super) fn look_for_repeats(&mut self, text: &mut [u8], size: usize) {
        self.repeats.clear();
        if let Some(room) = text.get_mut(size..).and_then(<[u8]>::first_chunk_mut) {
            *room = [b' '; BLOCK + 3];
        }
        lanes::run(Repeats { text, size, places: &mut self.repeats });
    }
}

struct Repeats<'s> {
    text: &'s [u8],
    size: usize,
    places: &'s mut Vec<usize>,
}

impl Work for Repeats<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for at in (0..self.size).step_by(STEP) {
            let block = load(lanes, self.text, at);
            let two = lanes.same(block, load(lanes, self.text, at + 2));
            let three = lanes.same(block, load(lanes, self.text, at + 3));
            let two = two & two >> 1 & two >> 2 & two >> 3;
            let three = three & three >> 1 & three >> 2;
            let three = three & three >> 3;
            let repeats = lanes.leads(block) & (two | three) & (u64::MAX >> (BLOCK - STEP));
            if repeats != 0 {
                self.places.extend(lanes::places(at, repeats));
            }
        }
    }
}

#[inline(always)]
fn load<L: Lanes>(lanes: L, text: &[u8], at: usize) -> L::Block {
    lanes.load_first(text.get(at..).unwrap_or_default())
}

struct Look<'s> {
    shape: &'s [u8],
    chars: usize,
    shown: &'s mut Shown,
}

impl Work for Look<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for at in (0..self.chars).step_by(STEP) {
            let block = load(lanes, self.shape, at);
            let masks = look(lanes, block);
            self.shown.at |= lanes.is(block, b'@') != 0;
            self.shown.strange |= masks.strange != 0;
            self.shown.foreign |= masks.foreign() & masks.foreign() << 1 != 0;
            let (odd, alike, runs) = (odd(&masks) & OWN, alike(&masks) & OWN, runs(&masks) & OWN);
            if odd | alike | runs != 0 {
                let shape = self.shape.get(EDGE..EDGE + self.chars).unwrap_or_default();
                self.shown.note(shape, at, [odd, alike, runs]);
            }
        }
    }
}

/// Masks of one block.
#[derive(Clone, Copy)]
struct Masks {
    latin: u64,
    twins: u64,
    strange: u64,
    /// Letters beyond ASCII of scripts with spaces.
    rows: u64,
    clusters: u64,
    odd: u64,
    /// ASCII that a single letter must not touch.
    solid: u64,
    inner: u64,
}

impl Masks {
    /// Letters of scripts with spaces other than Latin.
    #[inline(always)]
    fn foreign(&self) -> u64 {
        self.twins | self.strange
    }
}

#[inline(always)]
fn look<L: Lanes>(lanes: L, block: L::Block) -> Masks {
    let latin = lanes.has(block, &LATIN);
    let (twins, strange) = (lanes.is(block, kind::TWIN), lanes.is(block, kind::STRANGE));
    Masks {
        latin: latin | lanes.has(block, &LETTER),
        twins,
        strange,
        rows: latin | twins | strange,
        clusters: lanes.is(block, kind::CLUSTER),
        odd: lanes.is(block, kind::LATIN_ODD),
        solid: lanes.has(block, &SOLID),
        inner: lanes.has(block, &INNER),
    }
}

/// *mixed*, and letters that are odd by themselves.
#[inline(always)]
fn odd(masks: &Masks) -> u64 {
    let foreign = masks.foreign();
    masks.odd | masks.latin & foreign << 1 | foreign & masks.latin << 1
}

/// The fifth letter of a word that begins with five look-alikes.
#[inline(always)]
fn alike(masks: &Masks) -> u64 {
    let two = masks.twins & masks.twins << 1;
    two & two << 2 & masks.twins << 4 & !(masks.foreign() << 5)
}

/// Single letters beyond ASCII in a chain of three, each one character from the next.
#[inline(always)]
fn runs(masks: &Masks) -> u64 {
    let untouched = |by: u64| !(by << 1 | by >> 1);
    let solid = masks.solid | masks.rows;
    let beyond = (masks.rows | masks.clusters) & untouched(solid | masks.clusters);
    // A blank is between clusters and ASCII.
    let singles = beyond | (masks.solid | masks.inner) & untouched(solid);
    let third = singles & singles << 2 & singles << 4;
    beyond & (third | third >> 2 | third >> 4)
}

impl Shown {
    #[cold]
    #[inline(never)]
    fn note(&mut self, shape: &[u8], at: usize, [odd, alike, runs]: [u64; 3]) {
        let places = |mask: u64| lanes::places(at, mask >> EDGE);
        let whole = places(alike).filter(|place| is_wholly_alike(shape, *place));
        let odd = whole.fold(odd >> EDGE, |odd, place| odd | 1 << (place - at));
        self.odd.extend(lanes::places(at, odd));
        self.runs.extend(places(runs));
    }
}

/// Are all letters from a place to the end of its row look-alikes?
fn is_wholly_alike(shape: &[u8], at: usize) -> bool {
    let rest = shape.get(at..).unwrap_or_default();
    let mut rest = rest.iter().skip_while(|byte| **byte == kind::TWIN);
    rest.next().is_none_or(|byte| *byte != kind::STRANGE)
}
