//! Levels a text of Latin by masks alone: accents go, what is set between words becomes ASCII, and a letter
//! that stays beyond it (ñ, ø) must touch one of ASCII. Nothing is left then that the pass cannot judge.

use std::sync::LazyLock;

use crate::lanes::{self, BLOCK, Bytes, Lanes, Spaced, Work, later};
use crate::normalise::table;

use super::super::pass::SOLID;
use super::steps::{COMPAT, KOREAN, MARK, SMALL, Step, kind};
use super::walk::Written;

/// What characters become, by the lower six bits of their last byte: one of ASCII; or, beyond it, the last
/// byte of a letter that begins as they do; 0 for others.
#[derive(Debug)]
struct Rows {
    /// Characters of two bytes, by the first.
    two: Vec<Bytes>,
    /// General punctuation and currency signs, which begin with [`PUNCTUATION`], by the second.
    three: Vec<Bytes>,
}

const PUNCTUATION: u8 = 0xE2;

static ROWS: LazyLock<Rows> = LazyLock::new(|| Rows {
    two: (0..0x800).step_by(BLOCK).map(row).collect(),
    three: (0x2000..0x3000).step_by(BLOCK).map(row).collect(),
});

fn row(first: u32) -> Bytes {
    let mut row = [0; BLOCK];
    for (to, code) in row.iter_mut().zip(first..) {
        *to = folded(code).unwrap_or_default();
    }
    row
}

fn folded(code: u32) -> Option<u8> {
    let step = Step::of(code, &table::table().of_code(code), table::table());
    let info = step.info;
    let is_latin = info.kind() == kind::LATIN && !info.is_foreign();
    let known = !info.is_letter() || is_latin && !info.has(COMPAT | SMALL | KOREAN);
    let [first, last, ..] = step.text.to_le_bytes();
    match info.size() {
        _ if !known || !step.is_plain() || info.has(MARK) => None,
        1 => Some(first),
        2 if u32::from(first & 0x1F) == code >> 6 && code < 0x800 => Some(last),
        _ => None,
    }
}

impl Rows {
    /// Of the characters that begin with these bytes, and whether they have three.
    #[inline(always)]
    fn of(&self, first: u8, second: u8) -> Option<(&Bytes, bool)> {
        match first {
            0xC0..0xE0 => Some((self.two.get(usize::from(first & 0x1F))?, false)),
            PUNCTUATION => Some((self.three.get(usize::from(second & 0x3F))?, true)),
            _ => None,
        }
    }
}

/// Writes the level of a text; its size, and whether there is an `@`. `None`: some character becomes more
/// or less than one of ASCII.
pub(super) fn level(
    (text, spaced): (&str, &Spaced),
    written: &mut Written,
) -> Option<(usize, bool)> {
    lanes::run(Latin { size: text.len(), spaced, rows: &ROWS, bytes: &mut written.bytes })
}

struct Latin<'t> {
    /// Of the text.
    size: usize,
    spaced: &'t Spaced,
    rows: &'static Rows,
    /// Longer than the text by a block at least.
    bytes: &'t mut [u8],
}

impl Work for Latin<'_> {
    type Out = Option<(usize, bool)>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Self::Out {
        let (mut size, mut ats, mut tails, mut before) = (0, 0, 0, 0);
        for at in (0..self.size).step_by(BLOCK) {
            let own = u64::MAX >> BLOCK.saturating_sub(self.size - at);
            ats |= lanes.is(self.load(lanes, at), b'@');
            let folded = self.fold(lanes, at)?;
            if folded.letters != 0 && !self.touch(lanes, at, (folded.letters, before)) {
                return None;
            }
            let kept = own & !folded.dropped & !tails;
            lanes.keep(folded.out, kept, self.bytes.get_mut(size..)?.first_chunk_mut()?);
            size += usize::try_from(kept.count_ones()).unwrap_or_default();
            (before, tails) = (folded.letters, folded.tails);
        }
        Some((size, ats != 0))
    }
}

/// What a block becomes.
struct Folded<B> {
    out: B,
    /// Bytes that go: the last ones of what becomes one; and those of the next block.
    dropped: u64,
    tails: u64,
    /// Where letters begin that stay beyond ASCII.
    letters: u64,
}

impl Latin<'_> {
    #[inline(always)]
    fn load<L: Lanes>(&self, lanes: L, at: usize) -> L::Block {
        self.spaced.load(lanes, at, 0)
    }

    #[inline(always)]
    fn fold<L: Lanes>(&self, lanes: L, at: usize) -> Option<Folded<L::Block>> {
        let (block, next) = (self.load(lanes, at), self.load(lanes, at + 1));
        let mut all = Folded { out: block, dropped: 0, tails: 0, letters: 0 };
        let mut rest = lanes.leads(block);
        while rest != 0 {
            let place = usize::try_from(rest.trailing_zeros()).unwrap_or_default();
            let [first, second] = *self.spaced.from(at + place).first_chunk()?;
            let (row, is_long) = self.rows.of(first, second)?;
            let begins = rest & lanes.is(block, first);
            let (same, last) = match is_long {
                false => (begins, next),
                true => (begins & lanes.is(next, second), self.load(lanes, at + 2)),
            };
            rest &= !same;
            let folded = lanes.lookup(last, row);
            if lanes.is(folded, 0) & same != 0 {
                return None;
            }
            let stay = same & lanes.beyond(folded);
            let goes = same & !stay;
            let more = if is_long { goes } else { 0 };
            // What stays has its last byte folded where that stands.
            let out = lanes.blend(all.out, stay << 1, lanes.lookup(block, row));
            all = Folded {
                out: lanes.blend(out, goes, folded),
                dropped: all.dropped | goes << 1 | more << 2,
                tails: all.tails | goes >> (BLOCK - 1) | more >> (BLOCK - 2),
                letters: all.letters | stay,
            };
        }
        Some(all)
    }

    /// Does each of these letters, which have two bytes each, touch one of ASCII, and are no three of them in a row?
    /// Else one may be a single letter of a run, or be repeated, which the pass does not see.
    #[inline(always)]
    fn touch<L: Lanes>(&self, lanes: L, at: usize, (letters, before): (u64, u64)) -> bool {
        let left = self.spaced.load(lanes, at, 1);
        let solid = lanes.has(left, &SOLID) | lanes.has(self.load(lanes, at + 2), &SOLID);
        let in_a_row = letters & later(letters, before, 2) & later(letters, before, 4);
        // The last byte of one at the end of the block stands in the next.
        letters & !solid == 0 && in_a_row == 0 && letters >> (BLOCK - 1) == 0
    }
}
