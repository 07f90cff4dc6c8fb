//! *runs*: single letters apart by the same separator, and the short pieces beside them.

use std::ops::Range;

use super::fold::{Glyph, Kind};
use super::letters;
use super::odd::{self, Odd, Roles, Shape};

/// A chain of single letters, in glyphs.
struct Chain {
    singles: Vec<Range<usize>>,
    separator: char,
}

impl Chain {
    fn start(&self) -> usize {
        self.singles.first().map_or(0, |single| single.start)
    }

    fn end(&self) -> usize {
        self.singles.last().map_or(0, |single| single.end)
    }
}

/// Finds every run.
pub(super) fn runs(glyphs: &[Glyph], roles: &Roles) -> Vec<Odd> {
    let finder = Finder { glyphs, roles };
    let mut out = Vec::new();
    let mut group = Group::default();
    for chain in finder.chains() {
        if chain.separator != ' ' {
            let whole = 0..chain.singles.len();
            out.push(finder.odd(&chain.singles, &[whole]));
            continue;
        }
        let left = finder.piece_before(chain.start());
        if left.is_none() || left != group.right {
            out.extend(group.finish(&finder));
            group.pieces.extend(left);
        }
        let from = group.pieces.len();
        let end = chain.end();
        group.pieces.extend(chain.singles);
        group.runs.push(from..group.pieces.len());
        group.right = finder.piece_after(end);
        group.pieces.extend(group.right.clone());
    }
    out.extend(group.finish(&finder));
    out
}

/// Runs with spaces that share the pieces between them.
#[derive(Default)]
struct Group {
    /// Glyph ranges: single letters and pieces, in order.
    pieces: Vec<Range<usize>>,
    /// Which of the pieces are runs.
    runs: Vec<Range<usize>>,
    /// The piece that joined last, where it did.
    right: Option<Range<usize>>,
}

impl Group {
    fn finish(&mut self, finder: &Finder<'_>) -> Option<Odd> {
        let done = std::mem::take(self);
        (!done.runs.is_empty()).then(|| finder.odd(&done.pieces, &done.runs))
    }
}

struct Finder<'g> {
    glyphs: &'g [Glyph],
    roles: &'g Roles,
}

impl Finder<'_> {
    fn chains(&self) -> Vec<Chain> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.glyphs.len() {
            let Some(chain) = self.chain(at) else {
                at += 1;
                continue;
            };
            // The last letter may begin another chain with another separator.
            let last = chain.singles.last().map_or(at, |single| single.start);
            at = last.max(at + 1);
            out.extend(trimmed(self.glyphs, &chain));
        }
        out
    }

    /// The longest chain from here, two single letters at least.
    fn chain(&self, at: usize) -> Option<Chain> {
        let first = self.single(at)?;
        let separator = self.separator(first.end)?;
        let mut singles = vec![first];
        while let Some(last) = singles.last() {
            if self.separator(last.end) != Some(separator) {
                break;
            }
            let Some(next) = self.single(last.end + 1) else { break };
            let itself = self.glyphs.get(next.start).is_some_and(|glyph| glyph.ch == separator);
            if itself {
                break;
            }
            singles.push(next);
        }
        (singles.len() > 1).then_some(Chain { singles, separator })
    }

    /// One letter, digit or sign with its marks that touches no other.
    fn single(&self, at: usize) -> Option<Range<usize>> {
        let glyph = self.glyphs.get(at)?;
        let solid = self.solid(at) && glyph.kind != Kind::Mark;
        if !solid && !letters::is_inner_sign(glyph.ch) {
            return None;
        }
        let after = self.glyphs.get(at + 1..)?;
        // An ß is one letter, though the fold makes two of it.
        let same = |next: &&Glyph| next.kind == Kind::Mark || next.range == glyph.range;
        let end = at + 1 + after.iter().take_while(same).count();
        let touches = at.checked_sub(1).is_some_and(|at| self.solid(at)) || self.solid(end);
        (!touches).then_some(at..end)
    }

    fn solid(&self, at: usize) -> bool {
        self.roles.solid.get(at).is_some_and(|solid| *solid)
    }

    /// A space or one punctuation mark, no line end, no sign that is a letter itself.
    fn separator(&self, at: usize) -> Option<char> {
        let glyph = self.glyphs.get(at)?;
        match glyph.kind {
            Kind::Space => Some(' '),
            Kind::Other if !self.solid(at) => Some(glyph.ch),
            _ => None,
        }
    }

    /// A word of two or three letters, one space before a run.
    fn piece_before(&self, run: usize) -> Option<Range<usize>> {
        let end = run.checked_sub(1).filter(|at| self.separator(*at) == Some(' '))?;
        let before = self.roles.solid.get(..end)?;
        let size = before.iter().rev().take_while(|solid| **solid).count();
        self.piece(end - size..end)
    }

    /// A word of two or three letters, one space after a run.
    fn piece_after(&self, run: usize) -> Option<Range<usize>> {
        let start = Some(run + 1).filter(|_| self.separator(run) == Some(' '))?;
        let after = self.roles.solid.get(start..)?;
        let size = after.iter().take_while(|solid| **solid).count();
        self.piece(start..start + size)
    }

    fn piece(&self, range: Range<usize>) -> Option<Range<usize>> {
        let glyphs = self.glyphs.get(range.clone())?;
        let count = glyphs.iter().filter(|glyph| odd::is_letter(glyph)).count();
        let only = glyphs.iter().all(|glyph| odd::is_letter(glyph) || glyph.kind == Kind::Mark);
        ((2..=3).contains(&count) && only).then_some(range)
    }

    /// Joins pieces to one run; `runs` are ranges of pieces.
    fn odd(&self, pieces: &[Range<usize>], runs: &[Range<usize>]) -> Odd {
        let mut joined: Vec<Glyph> = Vec::new();
        let mut starts = Vec::with_capacity(pieces.len() + 1);
        for piece in pieces {
            starts.push(joined.len());
            joined.extend_from_slice(self.glyphs.get(piece.clone()).unwrap_or_default());
        }
        starts.push(joined.len());
        let at = |piece: usize| starts.get(piece).copied().unwrap_or(joined.len());
        let runs = runs.iter().map(|run| at(run.start)..at(run.end)).collect();
        let mut odd = odd::by_classes(&joined, Shape::Run(runs));
        odd.signs = odd::has_signs(&joined);
        odd
    }
}

/// Three letters or more, and more than there are digits and signs. `! | +` at an end stand
/// between no letters and are left off.
fn trimmed(glyphs: &[Glyph], chain: &Chain) -> Option<Chain> {
    let first = |single: &Range<usize>| glyphs.get(single.start);
    let inner =
        |single: &Range<usize>| first(single).is_some_and(|glyph| letters::is_inner_sign(glyph.ch));
    let start = chain.singles.iter().take_while(|single| inner(single)).count();
    let end = chain.singles.iter().rev().take_while(|single| inner(single)).count();
    let end = chain.singles.len() - end;
    let singles = chain.singles.get(start..end)?.to_vec();
    let letters = singles.iter().filter_map(first).filter(|glyph| odd::is_letter(glyph)).count();
    let others = singles.len() - letters;
    (letters >= 3 && letters > others).then_some(Chain { singles, separator: chain.separator })
}
