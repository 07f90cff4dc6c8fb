//! Makes a text level: folded letters, and for everything else one ASCII character of its kind, so
//! that a pass by masks can read it. What masks of bytes cannot see of letters beyond ASCII is
//! judged here, in one of three ways that say the same.
//!
//! ```text
//! ASCII            as it is
//! letters, digits  folded; a blank between what is glued: clusters of scripts without spaces
//! emoji            a word of its own, `-` around it
//! signs, dots, …   `$ + | .`, anything else `,`; what nobody sees is left out
//! ```
//!
//! ```text
//! latin all characters become one of ASCII, by masks
//! walk  copies what stands in the text as it folds: block: which that is, by masks; steps: what the
//!       other characters do, from a table; shape: what could be odd, by masks over characters
//! slow  any text, character by character; runs: of single letters
//! ```

mod block;
mod latin;
mod runs;
mod shape;
mod slow;
mod steps;
#[cfg(test)]
mod tests;
mod walk;

use std::ops::Range;

use crate::lanes::Spaced;
use crate::normalise::sketch::offset;

use super::pass::LEAD;
use shape::Shown;
use slow::Pass;
use walk::{Trace, Walk, Written};

/// Stands between what is glued, and around emoji: nothing to any clause, and no white space, of which
/// there is as much as in the text.
const APART: u8 = b'-';

/// A levelled text, and what was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// The text.
    spaced: Spaced,
    /// So much of its bytes counts, and of the places of blanks between what is glued.
    written: Written,
    size: usize,
    glued: usize,
    shown: Shown,
    /// Where links stand in the words of the pass; as many as there are, if each is of ASCII.
    pub(super) links: Vec<[u32; 2]>,
    /// Letters beyond ASCII that touch no other.
    singles: Vec<Range<usize>>,
    /// There is Hangul.
    pub(super) korean: bool,
    /// Something could be odd, who knows where.
    pub(super) doubtful: bool,
    /// Places in words that could be odd, or right behind them, in order; and in runs.
    pub(super) odd_words: Vec<usize>,
    pub(super) runs: Vec<usize>,
}

/// Why a text cannot be levelled: something does not stand for itself alone.
#[derive(Debug)]
pub(super) struct Refused;

impl Level {
    pub(super) fn clear(&mut self) {
        self.size = 0;
        self.glued = 0;
        self.links.clear();
        self.singles.clear();
        self.korean = false;
        self.doubtful = false;
        self.odd_words.clear();
        self.runs.clear();
    }

    pub(super) fn text(&self) -> &[u8] {
        self.written.bytes.get(..self.size).unwrap_or_default()
    }

    /// Places in the words of the pass of the blanks between what is glued.
    pub(super) fn glued(&self) -> &[u32] {
        self.written.glued.get(..self.glued).unwrap_or_default()
    }

    fn make_room(&mut self, text: &str) {
        self.spaced.fill(text.as_bytes());
        self.written.make_room(text);
    }

    /// Takes a text. `links`: in order.
    pub(super) fn fill(&mut self, text: &str, links: &[Range<usize>]) -> Result<(), Refused> {
        self.clear();
        self.make_room(text);
        let suits = walk::suits(text);
        if suits && self.walk(text, links).is_some() || !suits && self.latin(text, links).is_some()
        {
            return Ok(());
        }
        self.clear();
        self.fill_slowly(text, links)
    }

    /// The same of a text in which each character stands for itself and letters are of one script, or
    /// of Latin and one other. `None` for others.
    fn walk(&mut self, text: &str, links: &[Range<usize>]) -> Option<()> {
        let mut walk = Walk::new((text, &self.spaced), &mut self.written, &mut self.links);
        let cursor = walk.run(links)?;
        (self.size, self.glued) = (cursor.size, cursor.glued);
        if text.is_ascii() {
            return Some(());
        }
        if !steps::is_one_script(cursor.scripts) {
            return None;
        }
        self.shown.look(&mut self.written.shape, cursor.chars);
        self.shown.look_for_repeats(&mut self.written.bytes, cursor.size);
        let turns = self.written.turns.get(..cursor.turns)?;
        let bytes = self.written.bytes.get(..cursor.size)?;
        let (mut odd, mut runs) = (Trace::new(turns, bytes), Trace::new(turns, bytes));
        self.odd_words.extend(self.shown.odd.iter().map(|at| odd.to(*at)));
        self.odd_words.extend(&self.shown.repeats);
        self.odd_words.sort_unstable();
        self.runs.extend(self.shown.runs.iter().map(|at| runs.to(at + 1)));
        let notes = cursor.notes;
        let mixed = notes.has(steps::COMPAT) && notes.has(steps::OWN) || notes.has(steps::SMALL);
        let made = notes.has(steps::MADE) && self.shown.at && has_made_handle(text.as_bytes());
        self.korean = notes.has(steps::KOREAN);
        self.doubtful = mixed || made || self.shown.is_alike();
        Some(())
    }

    /// The same of a text without links whose characters each become one of ASCII. `None` for others.
    fn latin(&mut self, text: &str, links: &[Range<usize>]) -> Option<()> {
        if !links.is_empty() {
            return None;
        }
        let (size, has_at) = latin::level((text, &self.spaced), &mut self.written)?;
        self.size = size;
        self.doubtful = has_at && has_made_handle(text.as_bytes());
        Some(())
    }

    /// The truth of both, of any text: character by character.
    fn fill_slowly(&mut self, text: &str, links: &[Range<usize>]) -> Result<(), Refused> {
        let mut pass = Pass::new(text, links, self);
        pass.run()?;
        pass.finish();
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, bytes: [u8; 4], size: usize) {
        if let Some(to) = self.written.bytes.get_mut(self.size..).and_then(<[u8]>::first_chunk_mut)
        {
            *to = bytes;
        }
        self.size += size;
    }

    #[cold]
    fn doubt(&mut self) {
        self.odd_words.push(self.size);
    }

    fn push_ascii(&mut self, byte: u8) {
        self.push([byte, 0, 0, 0], 1);
    }

    /// A blank between what is glued.
    fn push_glue(&mut self) {
        if let Some(to) = self.written.glued.get_mut(self.glued) {
            *to = offset(LEAD + self.size);
        }
        self.glued += 1;
        self.push_ascii(APART);
    }

    fn last(&self) -> u8 {
        let at = self.size.checked_sub(1);
        at.and_then(|at| self.written.bytes.get(at)).copied().unwrap_or(b' ')
    }
}

/// The last character of some whole ones.
fn last_char(text: &[u8]) -> Option<char> {
    let tail = text.get(text.len().saturating_sub(4)..)?;
    let start = tail.iter().rposition(|byte| byte & 0xC0 != 0x80)?;
    std::str::from_utf8(tail.get(start..)?).ok()?.chars().next()
}

/// Could an `@` be taken for a handle's that is none, for letters behind it were made ASCII?
fn has_made_handle(text: &[u8]) -> bool {
    let name = |at: usize| text.get(at + 1..at + 5).unwrap_or_default();
    let ats = text.iter().enumerate().filter(|(_, byte)| **byte == b'@');
    ats.into_iter().any(|(at, _)| name(at).iter().any(|byte| !byte.is_ascii()))
}
