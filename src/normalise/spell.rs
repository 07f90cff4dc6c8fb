//! A stretch of a text as the keys of its letters: what all odd words in it could be spelt with, cheaply
//! and never too little.

use std::sync::LazyLock;

use unicode_normalization::char::compose;

use super::alike::key;
use super::fold;
use super::glance::is_alike;
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
    /// What may begin with it, and end with it.
    pub(crate) begins: Bound,
    pub(crate) ends: Bound,
}

/// What may stand from, or to, a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    /// No word.
    #[default]
    Nothing,
    /// A word that is not odd: with an odd one beside it, it may be a form.
    Plain,
    /// Any word, or a stretch of a run.
    Word,
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

/// Fills `keys` with those of a stretch; true where there are emoji in it, which are words without keys.
/// `None`: it takes a closer look.
pub(crate) fn keys(text: &str, keys: &mut Vec<Key>) -> Option<bool> {
    keys.clear();
    let mut speller = Speller {
        keys,
        row: 0,
        piece: Piece::default(),
        letters: 0,
        spaceless: false,
        korean: false,
        foreign: false,
        ascii: false,
        arabic: false,
        digits: false,
        emoji: false,
        base: None,
        last: ' ',
    };
    text.chars().try_for_each(|c| speller.take(c))?;
    speller.end_row();
    // Letters of a script without classes have those that they look like, and digits of Arabic words
    // those that they stand for.
    let mixed = speller.foreign && speller.ascii || speller.arabic && speller.digits;
    (!mixed).then_some(speller.emoji)
}

struct Speller<'k> {
    keys: &'k mut Vec<Key>,
    /// Where the row of what touches each other begins, and what of it stands behind the last sign.
    row: usize,
    piece: Piece,
    /// The row's letters and digits, marks apart.
    letters: usize,
    spaceless: bool,
    korean: bool,
    /// Scripts without classes; ASCII letters; Arabic; digits; emoji.
    foreign: bool,
    ascii: bool,
    arabic: bool,
    digits: bool,
    emoji: bool,
    base: Option<Fold>,
    last: char,
}

/// Letters and digits without a sign.
#[derive(Clone, Copy, Debug, Default)]
struct Piece {
    start: usize,
    /// There is something other than letters of ASCII.
    strange: bool,
    /// There is a letter of ASCII that looks like none of another script.
    unlike: bool,
    /// What stands before it may be the `@` of a handle.
    named: bool,
}

impl Piece {
    /// What stands from and to it: it is no odd word, and with the signs beside it one begins and ends only
    /// where the row does.
    fn bounds(self, keys: &[Key]) -> [Bound; 2] {
        let repeats = keys.array_windows().any(|[a, b, c]| a.key == b.key && b.key == c.key);
        let odd = self.strange || !self.unlike || repeats;
        [odd || self.named, odd].map(|odd| if odd { Bound::Word } else { Bound::Plain })
    }
}

impl Speller<'_> {
    fn take(&mut self, c: char) -> Option<()> {
        let fold = table::table().get(c);
        match fold.class {
            Class::Letter => self.letter(c, &fold)?,
            Class::Digit => {
                self.digits = true;
                self.piece.strange = true;
                self.letters += 1;
                self.push(key_of(c)?);
            }
            Class::Sign | Class::InnerSign | Class::Pipe => self.sign(c, fold.class)?,
            Class::Mark => return self.mark(c, &fold),
            Class::Joiner | Class::Selector | Class::Invisible => return Some(()),
            Class::EmojiLetter | Class::Marked | Class::Strange => return None,
            Class::Emoji | Class::Tone => {
                self.emoji = true;
                self.end_row();
            }
            _ => self.end_row(),
        }
        (self.base, self.last) = (Some(fold), c);
        Some(())
    }

    fn letter(&mut self, c: char, fold: &Fold) -> Option<()> {
        self.spaceless |= fold.bits & table::SPACELESS != 0;
        self.korean |= fold.bits & table::KOREAN != 0;
        self.ascii |= c.is_ascii();
        self.piece.strange |= !c.is_ascii();
        self.piece.unlike |= u8::try_from(c).is_ok_and(|c| c.is_ascii() && !is_alike(c));
        self.letters += 1;
        if !c.is_ascii() && fold.bits & table::SPACELESS == 0 {
            let script = table::table().script(fold.script);
            self.foreign |= fold.script != 0 && !letters::has_classes(script);
            self.arabic |= script == unicode_script::Script::Arabic;
        }
        self.push(key_of(c)?);
        Some(())
    }

    /// A letter of a word with signs; words without them begin and end beside it. One that may as well
    /// separate ends the row; beside any other no letter is single, nor is a piece one, and words with it begin
    /// and end where the row does.
    fn sign(&mut self, c: char, class: Class) -> Option<()> {
        let (key, optional) = (key_of(c)?, class != Class::Sign);
        let mut bound = Bound::Nothing;
        if optional {
            self.end_row();
            bound = Bound::Word;
        } else {
            self.end_piece();
        }
        self.keys.push(Key { key, optional, begins: bound, ends: bound });
        let start = self.keys.len();
        let named = start == self.row + 1;
        self.piece = Piece { start, named, ..Piece::default() };
        if optional {
            self.row = start;
        }
        Some(())
    }

    /// Letters without a sign end here.
    fn end_piece(&mut self) {
        let piece = self.keys.get_mut(self.piece.start..).unwrap_or_default();
        let [begins, ends] = self.piece.bounds(piece);
        piece.first_mut().into_iter().for_each(|first| first.begins = begins);
        piece.last_mut().into_iter().for_each(|last| last.ends = ends);
    }

    fn push(&mut self, key: char) {
        let bound = Bound::Nothing;
        self.keys.push(Key { key, optional: false, begins: bound, ends: bound });
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
        self.piece.strange = true;
        self.push(key_of(c)?);
        Some(())
    }

    /// What touched each other ends here.
    fn end_row(&mut self) {
        self.end_piece();
        let row = self.keys.get_mut(self.row..).unwrap_or_default();
        row.first_mut().into_iter().for_each(|first| first.begins = Bound::Word);
        row.last_mut().into_iter().for_each(|last| last.ends = Bound::Word);
        let split = self.letters <= PIECE_MAX || self.spaceless;
        // Particles are written to Korean words.
        if split || self.korean {
            row.iter_mut().for_each(|key| key.ends = Bound::Word);
        }
        if split {
            row.iter_mut().for_each(|key| key.begins = Bound::Word);
        }
        let start = self.keys.len();
        (self.row, self.letters) = (start, 0);
        self.piece = Piece { start, ..Piece::default() };
        (self.spaceless, self.korean) = (false, false);
    }
}
