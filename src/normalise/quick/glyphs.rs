//! Glyphs by the table: what the slow fold makes of texts whose characters do what they do alone.

use std::ops::Range;

use crate::normalise::fold::{Glyph, Kind};
use crate::normalise::table::{self, Class, Fold, Table};

/// The glyphs of a text at `start` of a longer one. `None`: a character does more than the table
/// knows.
pub(super) fn plain_glyphs(text: &str, start: usize) -> Option<Vec<Glyph>> {
    let mut glyphs = Glyphs {
        table: table::table(),
        all: Vec::with_capacity(text.len()),
        cluster: 0,
        base: None,
        mark_class: 0,
        after_emoji: false,
        joined: false,
    };
    for (at, c) in text.char_indices() {
        let at = start + at;
        glyphs.take(c, at..at + c.len_utf8())?;
    }
    Some(glyphs.all)
}

struct Glyphs {
    table: &'static Table,
    all: Vec<Glyph>,
    /// The first glyph of the character that marks hang on.
    cluster: usize,
    base: Option<Fold>,
    mark_class: u8,
    after_emoji: bool,
    joined: bool,
}

impl Glyphs {
    fn take(&mut self, c: char, range: Range<usize>) -> Option<()> {
        let fold = self.table.get(c);
        match fold.class {
            Class::Mark => return self.mark(c, &fold, range.end),
            Class::Marked => return self.marked(c, &range),
            Class::Emoji | Class::Tone | Class::EmojiLetter => {
                self.emoji(c, fold.class, range);
                return Some(());
            }
            Class::Selector => {
                self.select(range.end);
                return Some(());
            }
            Class::Invisible => return Some(()),
            Class::Joiner => {
                self.joined = true;
                return Some(());
            }
            Class::Letter => self.letters(c, &fold, &range),
            _ => {
                self.cluster = self.all.len();
                self.all.push(fold.glyph(c, range)?);
            }
        }
        self.settle(fold);
        Some(())
    }

    /// Marks hang on this one from here on.
    fn settle(&mut self, fold: Fold) {
        self.base = Some(fold);
        self.mark_class = 0;
        (self.after_emoji, self.joined) = (false, false);
    }

    fn letters(&mut self, c: char, fold: &Fold, range: &Range<usize>) {
        self.cluster = self.all.len();
        let compat = fold.bits & table::COMPAT != 0;
        let mut letter = |ch: char| {
            let range = range.clone();
            self.all.push(Glyph { ch, kind: Kind::Letter, range, shown: c, compat, joined: false });
        };
        if let Some((first, behind)) = fold.first() {
            letter(first);
            behind.chars().for_each(letter);
        }
    }

    fn marked(&mut self, c: char, range: &Range<usize>) -> Option<()> {
        let (letter, (mark, fold)) = self.table.parts(c)?;
        self.letters(c, &letter, range);
        self.settle(letter);
        self.mark(mark, &fold, range.end)
    }

    /// A mark, which stays or goes; what it hangs on reaches over it either way.
    fn mark(&mut self, mark: char, fold: &Fold, end: usize) -> Option<()> {
        let base = self.base?;
        let last = || self.all.last().map(|glyph| glyph.ch);
        let kept = table::keeps_mark(&base, (mark, fold), self.mark_class, last)?;
        if mark != '\u{93C}' {
            self.mark_class = fold.mark_class();
        }
        let cluster = self.all.get_mut(self.cluster..)?;
        cluster.iter_mut().for_each(|glyph| glyph.range.end = end);
        let first = cluster.first()?.clone();
        if kept {
            self.all.push(Glyph { ch: mark, kind: Kind::Mark, ..first });
        }
        Some(())
    }

    /// Belongs to an emoji before it.
    fn select(&mut self, end: usize) {
        if let Some(last) = self.all.last_mut().filter(|_| self.after_emoji) {
            last.range.end = end;
        }
    }

    fn emoji(&mut self, c: char, class: Class, range: Range<usize>) {
        self.base = None;
        if class == Class::Tone && self.after_emoji {
            return self.select(range.end);
        }
        let letter = class == Class::EmojiLetter;
        let kind = if letter { Kind::EmojiLetter } else { Kind::Emoji };
        let joined = self.after_emoji && self.joined && !letter;
        self.all.push(Glyph { ch: c, kind, range, shown: c, compat: false, joined });
        (self.after_emoji, self.joined) = (!letter, false);
    }
}
