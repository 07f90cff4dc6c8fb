//! Words of one script other than Latin, one after the other: the loop that nearly all of nearly all
//! texts beyond ASCII goes through. So it keeps what it needs at hand, and asks the pass nothing.

use crate::normalise::table::{self, Class, Fold};

use super::{Base, Pass, Row, SOLID, note};

/// Where the loop stands.
struct Words {
    script: u8,
    links: bool,
    /// In the text, and in what is written.
    at: usize,
    size: usize,
    row: Row,
    /// Letters of the row, and bits that all have which the loop took.
    letters: u32,
    all: u8,
    /// Bits that any letter of any row has.
    any: u8,
    /// The loop took a letter that looks like none of another script.
    strange: bool,
    /// The last two letters, the last first; 0 is none, or a mark.
    last: u32,
    before_last: u32,
    base: Base,
    mark_class: u8,
}

impl Pass<'_, '_> {
    /// Words from a place in one on, all in its script, with marks and with what separates them; the
    /// place behind them.
    pub(super) fn foreign_words(&mut self, from: usize) -> usize {
        let [last, before_last] = self.row.last;
        let mut words = Words {
            script: self.script,
            links: !self.links.is_empty(),
            at: from,
            size: self.level.size,
            row: self.row,
            letters: self.row.letters,
            all: table::ALIKE,
            any: 0,
            strange: false,
            last,
            before_last,
            base: self.base,
            mark_class: self.mark_class,
        };
        while let Some(byte) = self.text.get(words.at).copied() {
            let goes_on = if byte.is_ascii() {
                self.separator(&mut words, byte)
            } else {
                self.character(&mut words)
            };
            if !goes_on {
                break;
            }
        }
        self.leave(words)
    }

    /// Takes an ASCII character that ends a word and touches no letter; false for others.
    #[inline(always)]
    fn separator(&mut self, words: &mut Words, byte: u8) -> bool {
        if SOLID.has(byte) || words.links {
            return false;
        }
        words.settle();
        self.level.size = words.size;
        self.end_word(&words.row, words.script);
        if let Some(to) = self.level.bytes.get_mut(words.size) {
            *to = byte;
        }
        (words.at, words.size) = (words.at + 1, words.size + 1);
        words.row = Row { is_open: true, start: words.size, ..Row::default() };
        (words.letters, words.all) = (0, table::ALIKE);
        (words.last, words.before_last) = (0, 0);
        words.base = Base::Ascii(byte);
        true
    }

    /// Takes a letter of the script, or a mark that stays on one; false for anything else.
    #[inline(always)]
    fn character(&mut self, words: &mut Words) -> bool {
        let Some((code, fold, end)) = self.table.beyond(self.text, words.at) else {
            return false;
        };
        if fold.is_plain_letter() && fold.script == words.script {
            if words.letter(code, &fold) {
                self.level.size = words.size;
                self.level.doubt();
            }
        } else if self.stays(words.base) && stays_simply(code, &fold, words.class_so_far()) {
            (words.last, words.mark_class) = (0, fold.mark_class());
        } else {
            return false;
        }
        let rest = self.level.bytes.get_mut(words.size..);
        if let Some(to) = rest.and_then(<[u8]>::first_chunk_mut) {
            *to = fold.text;
        }
        (words.at, words.size) = (end, words.size + fold.size());
        true
    }

    /// May a mark stay on this?
    fn stays(&self, base: Base) -> bool {
        base.fold(self.table).is_some_and(|base| {
            base.class == Class::Letter && base.script != 0 && base.bits & table::LOSES_MARKS == 0
        })
    }

    fn leave(&mut self, mut words: Words) -> usize {
        words.settle();
        if words.strange {
            note(&mut self.strange, words.script);
        }
        self.level.doubtful |= words.script == 0 && words.any & table::ALIKE != 0;
        self.bits |= words.any;
        words.row.last = [words.last, words.before_last];
        (self.level.size, self.row) = (words.size, words.row);
        (self.base, self.mark_class) = (words.base, words.class_so_far());
        if words.row.letters == 0 {
            (self.row.is_open, self.script) = (false, 0);
        }
        words.at
    }
}

impl Words {
    /// True if it is the third of its kind in a row.
    #[inline(always)]
    fn letter(&mut self, code: u32, fold: &Fold) -> bool {
        let letter = u32::from_le_bytes(fold.text);
        let repeated = self.last == letter && self.before_last == letter;
        (self.before_last, self.last) = (self.last, letter);
        (self.any, self.all) = (self.any | fold.bits, self.all & fold.bits);
        self.letters += 1;
        self.base = Base::Code(code);
        repeated
    }

    /// The class of the marks on the last letter.
    fn class_so_far(&self) -> u8 {
        if self.last == 0 { self.mark_class } else { 0 }
    }

    /// The row knows its letters.
    #[inline(always)]
    fn settle(&mut self) {
        self.row.foreign += self.letters - self.row.letters;
        self.row.letters = self.letters;
        let not_alike = self.all & table::ALIKE == 0;
        self.row.not_alike |= not_alike;
        self.strange |= not_alike;
    }
}

/// Does this mark stay where marks may, without a second look? Marks of Hangul make a word Korean,
/// whatever letter they hang on.
#[inline(always)]
fn stays_simply(mark: u32, fold: &Fold, mark_class: u8) -> bool {
    fold.class == Class::Mark
        && fold.bits & table::COMPOSES == 0
        && (fold.mark_class() == 0 || fold.mark_class() >= mark_class)
        && !matches!(mark, 0x93C | 0x302E | 0x302F)
}
