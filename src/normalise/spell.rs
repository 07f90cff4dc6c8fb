//! A stretch of a text as the keys of its letters: what all odd words in it could be spelt with, cheaply
//! and never too little.

use std::sync::LazyLock;

use unicode_normalization::char::compose;

use super::alike::key;
use super::fold;
use super::letters::{self, Home};
use super::odd::Reading;
use super::table::{self, Class, Fold};
use super::tables;

/// One letter, digit, sign or mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The key of all its readings.
    pub(crate) key: char,
    /// A sign that may as well separate.
    pub(crate) optional: bool,
    /// A word, or a stretch of a run, may begin with it, or end with it.
    pub(crate) begins: bool,
    pub(crate) ends: bool,
}

/// Letters of a row that may be split: of a run itself and of the pieces beside it. In longer ones
/// words begin and end where the row does.
const PIECE_MAX: usize = 3;

/// No key: readings with several, or more than one letter.
const SEVERAL: char = '\0';

static KEYS: LazyLock<Vec<char>> = LazyLock::new(|| {
    (0..0x1_0000).map(|code| char::from_u32(code).map_or(SEVERAL, only_key)).collect()
});

/// The one key of a character, whatever it is read as.
fn only_key(c: char) -> char {
    let mut only = None;
    let mut add = |reading: char| match only {
        None => only = Some(key(reading)),
        Some(known) if known == key(reading) => {}
        Some(_) => only = Some(SEVERAL),
    };
    for glyph in fold::glyphs(c.encode_utf8(&mut [0; 4])) {
        let face = letters::face(&glyph);
        let twins = [tables::twin(face), tables::cyrillic_twin(face)];
        twins.into_iter().flatten().for_each(|twin| add(letters::canonical(twin)));
        for reading in &*letters::readings(&glyph, Home::Other, None) {
            match *reading {
                Reading::Char(c) => add(letters::canonical(c)),
                Reading::Text(_) | Reading::Nothing => add(SEVERAL),
            }
        }
    }
    only.unwrap_or(SEVERAL)
}

fn key_of(c: char) -> Option<char> {
    let key = usize::try_from(u32::from(c)).ok().and_then(|at| KEYS.get(at)).copied();
    key.filter(|key| *key != SEVERAL)
}

/// Fills `keys` with those of a stretch. `None`: it takes a closer look.
pub(crate) fn keys(text: &str, keys: &mut Vec<Key>) -> Option<()> {
    keys.clear();
    let mut speller = Speller {
        keys,
        row: 0,
        piece: 0,
        letters: 0,
        spaceless: false,
        korean: false,
        foreign: false,
        ascii: false,
        arabic: false,
        digits: false,
        base: None,
        last: ' ',
    };
    text.chars().try_for_each(|c| speller.take(c))?;
    speller.end_row();
    // Letters of a script without classes have those that they look like, and digits of Arabic words
    // those that they stand for.
    let mixed = speller.foreign && speller.ascii || speller.arabic && speller.digits;
    (!mixed).then_some(())
}

struct Speller<'k> {
    keys: &'k mut Vec<Key>,
    /// Where the row of what touches each other begins, and what of it stands behind the last sign.
    row: usize,
    piece: usize,
    /// Its letters and digits, marks apart.
    letters: usize,
    spaceless: bool,
    korean: bool,
    /// Scripts without classes; ASCII letters; Arabic; digits.
    foreign: bool,
    ascii: bool,
    arabic: bool,
    digits: bool,
    base: Option<Fold>,
    last: char,
}

impl Speller<'_> {
    fn take(&mut self, c: char) -> Option<()> {
        let fold = table::table().get(c);
        match fold.class {
            Class::Letter => self.letter(c, &fold)?,
            Class::Digit => {
                self.digits = true;
                self.letters += 1;
                self.push(key_of(c)?);
            }
            Class::Sign | Class::InnerSign | Class::Pipe => self.sign(c, fold.class)?,
            Class::Mark => return self.mark(c, &fold),
            Class::Joiner | Class::Selector | Class::Invisible => return Some(()),
            Class::EmojiLetter | Class::Marked | Class::Strange => return None,
            _ => self.end_row(),
        }
        (self.base, self.last) = (Some(fold), c);
        Some(())
    }

    fn letter(&mut self, c: char, fold: &Fold) -> Option<()> {
        self.spaceless |= fold.bits & table::SPACELESS != 0;
        self.korean |= fold.bits & table::KOREAN != 0;
        self.ascii |= c.is_ascii();
        self.letters += 1;
        if !c.is_ascii() && fold.bits & table::SPACELESS == 0 {
            let script = table::table().script(fold.script);
            self.foreign |= fold.script != 0 && !letters::has_classes(script);
            self.arabic |= script == unicode_script::Script::Arabic;
        }
        self.push(key_of(c)?);
        Some(())
    }

    /// A letter of a word with signs; words without them begin and end beside it. One that may as
    /// well separate ends the row; beside any other no letter is single, nor is a piece one.
    fn sign(&mut self, c: char, class: Class) -> Option<()> {
        let (key, optional) = (key_of(c)?, class != Class::Sign);
        if optional {
            self.end_row()
        } else {
            self.end_piece()
        }
        self.keys.push(Key { key, optional, begins: true, ends: true });
        self.piece = self.keys.len();
        if optional {
            self.row = self.piece;
        }
        Some(())
    }

    /// Letters without a sign end here.
    fn end_piece(&mut self) {
        let piece = self.keys.get_mut(self.piece..).unwrap_or_default();
        if let [first, ..] = piece {
            first.begins = true;
        }
        if let [.., last] = piece {
            last.ends = true;
        }
    }

    fn push(&mut self, key: char) {
        self.keys.push(Key { key, optional: false, begins: false, ends: false });
    }

    fn mark(&mut self, c: char, fold: &Fold) -> Option<()> {
        let on_letter = self.base.is_some_and(|base| base.class == Class::Letter);
        let goes = self.base.is_some_and(|base| base.bits & table::LOSES_MARKS != 0);
        if c == '\u{93C}' || on_letter && goes || !on_letter && fold.bits & table::LOSES_MARKS != 0
        {
            return Some(());
        }
        let composes = fold.bits & table::COMPOSES != 0;
        if !on_letter || composes && compose(self.last, c).is_some() {
            return None;
        }
        self.last = c;
        self.push(key_of(c)?);
        Some(())
    }

    /// What touched each other ends here.
    fn end_row(&mut self) {
        self.end_piece();
        let row = self.keys.get_mut(self.row..).unwrap_or_default();
        let split = self.letters <= PIECE_MAX || self.spaceless;
        for key in row {
            key.begins |= split;
            // Particles are written to Korean words.
            key.ends |= split || self.korean;
        }
        (self.row, self.piece, self.letters) = (self.keys.len(), self.keys.len(), 0);
        (self.spaceless, self.korean) = (false, false);
    }
}
