//! A glance at a text: its folded words, and what of it could be odd. Nearly all texts hold nothing
//! odd and nothing that hits, and a glance is all they get. Where a character does not stand for
//! itself alone a glance refuses, and the text goes the longer way.
//!
//! ```text
//! text ──level──► letters folded, all else ASCII ──pass──► words in lower case, by masks
//! ```
//!
//! Texts of ASCII are level as they are.

mod checks;
mod doubts;
mod level;
mod pass;
#[cfg(test)]
mod tests;

use std::ops::Range;

use doubts::Spaces;
use level::Level;
use pass::Words;

use super::sketch::place;

/// Has a small ASCII letter the glyph of a Cyrillic one?
pub(super) fn is_alike(letter: u8) -> bool {
    pass::ALIKE.has(letter)
}

/// What a glance saw. Room is kept for the next one.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    level: Level,
    words: Words,
    joint: bool,
    doubts: Vec<Range<usize>>,
    spaces: Spaces,
}

impl Glance {
    /// Looks at a text; false where it cannot tell its words. `links`: byte ranges of the links in it,
    /// in order.
    pub(crate) fn look(&mut self, text: &str, links: &[Range<usize>]) -> bool {
        let plain = text.is_ascii() && links.is_empty();
        if plain {
            self.level.clear();
        } else if self.level.fill(text, links).is_err() {
            return false;
        }
        let levelled = if plain { text.as_bytes() } else { self.level.text() };
        let noted = pass::pass(levelled, &mut self.words);
        self.joint = noted.has_joint();
        self.note_doubts(text, plain, noted.is_alike());
        !noted.has_unseen()
    }

    /// `plain`: the text is level as it is; `alike`: look-alikes are all that there is of letters.
    fn note_doubts(&mut self, text: &str, plain: bool, alike: bool) {
        self.doubts.clear();
        if alike || self.level.doubtful {
            self.doubts.push(0..text.len());
            return;
        }
        let levelled = if plain { text.as_bytes() } else { self.level.text() };
        let words = (&*self.level.odd_words, &*self.words.odd_words);
        let runs = (&*self.level.runs, &*self.words.runs);
        if ![words.0, words.1, runs.0, runs.1].iter().all(|places| places.is_empty()) {
            doubts::around(levelled, words, runs, &mut self.doubts);
            if !plain {
                self.spaces.trace(levelled, text, &mut self.doubts);
            }
        }
    }

    /// Stretches of the text that no odd word reaches out of, in order; none where nothing is odd.
    pub(crate) fn doubts(&self) -> &[Range<usize>] {
        &self.doubts
    }

    /// The words in a row, blanks between them; behind the last one there is room to read 16 bytes
    /// in one go.
    pub(crate) fn text(&self) -> &[u8] {
        &self.words.text
    }

    /// Where each word begins and ends in [`Glance::text`].
    pub(crate) fn words(&self) -> &[[u32; 2]] {
        let bounds = self.words.bounds.get(..self.words.count).unwrap_or_default();
        bounds.as_chunks().0
    }

    /// The text of a word.
    pub(crate) fn word(&self, &[start, end]: &[u32; 2]) -> &str {
        let word = self.words.text.get(place(start)..place(end)).unwrap_or_default();
        std::str::from_utf8(word).unwrap_or_default()
    }

    /// Where words end behind which the next one stands without anything between: before or behind
    /// clusters of scripts without spaces.
    pub(crate) fn glued(&self) -> &[u32] {
        self.level.glued()
    }

    /// Where the links stand in [`Glance::text`]; fewer than there are where that is not known of all.
    pub(crate) fn links(&self) -> &[[u32; 2]] {
        &self.level.links
    }

    /// Is there Hangul in it?
    pub(crate) fn is_korean(&self) -> bool {
        self.level.korean
    }

    /// Are there two numbers that may count as one word?
    pub(crate) fn has_joint(&self) -> bool {
        self.joint
    }
}
