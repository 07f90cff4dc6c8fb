//! Levels any text, character by character: the truth of the walk, and quicker than it where few
//! letters stand in the text as they fold, as in Latin with accents, or in scripts without spaces.

use std::ops::Range;

use crate::normalise::sketch::offset;
use crate::normalise::table::{self, Class, Fold, Table};

use super::super::pass::{ALIKE, DOT, LEAD, LETTER, SIGN, WORD};
use super::{APART, Level, Refused, has_made_handle, last_char};

/// Letters beyond ASCII in a row, with their marks.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    is_open: bool,
    start: usize,
    /// Something that a single letter must not touch stands before it.
    touched: bool,
    letters: u32,
    /// One cluster of a script without spaces.
    spaceless: bool,
    /// Letters of scripts other than Latin, and whether all look like letters of another one.
    foreign: u32,
    not_alike: bool,
    /// The last two of them, the last first; 0 is none.
    last: [u32; 2],
}

/// What marks hang on.
#[derive(Clone, Copy, Debug)]
enum Base {
    Nothing,
    Ascii(u8),
    /// A character beyond it, by its number.
    Code(u32),
    /// A letter that was written in one with a mark.
    Apart(Fold),
}

impl Base {
    fn fold(self, table: &Table) -> Option<Fold> {
        match self {
            Self::Nothing => None,
            Self::Ascii(byte) => Some(table.ascii(byte)),
            Self::Code(code) => Some(table.of_code(code)),
            Self::Apart(fold) => Some(fold),
        }
    }
}

pub(super) struct Pass<'t, 'l> {
    text: &'t [u8],
    links: &'t [Range<usize>],
    table: &'static Table,
    latin: u8,
    level: &'l mut Level,
    row: Row,
    /// Script of the letters right before; 0 is none.
    script: u8,
    /// What marks hang on, and the class of the last one.
    base: Base,
    mark_class: u8,
    after_emoji: bool,
    joined: bool,
    /// Scripts with a letter that looks like none of another script, and those with a short word of
    /// look-alikes.
    strange: [u64; 4],
    alike: [u64; 4],
    /// Bits of all letters.
    bits: u8,
    /// ASCII letters were made of others, so that `@` before them may be no handle's.
    made_ascii: bool,
}

impl<'t, 'l> Pass<'t, 'l> {
    pub(super) fn new(text: &'t str, links: &'t [Range<usize>], level: &'l mut Level) -> Self {
        let table = table::table();
        Self {
            text: text.as_bytes(),
            links,
            table,
            latin: table.ascii(b'a').script,
            level,
            row: Row::default(),
            script: 0,
            base: Base::Nothing,
            mark_class: 0,
            after_emoji: false,
            joined: false,
            strange: [0; 4],
            alike: [0; 4],
            bits: 0,
            made_ascii: false,
        }
    }

    pub(super) fn run(&mut self) -> Result<(), Refused> {
        let mut at = 0;
        while at < self.text.len() {
            at = self.ascii(at);
            while let Some((code, fold, end)) = self.table.beyond(self.text, at) {
                let c = char::from_u32(code).ok_or(Refused)?;
                self.one(c, &fold, at)?;
                at = self.clusters(end);
            }
        }
        self.close_row(b' ');
        Ok(())
    }

    /// ASCII from a place on; the place behind it.
    fn ascii(&mut self, from: usize) -> usize {
        let next = self.text.get(from).copied().filter(u8::is_ascii);
        let Some(next) = next else { return from };
        self.close_row(next);
        (self.after_emoji, self.joined, self.script) = (false, false, 0);
        let mut at = from;
        // Eight at a time: most of what is written is short.
        while let Some(eight) = self.text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let high = u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080;
            if let Some(to) = self
                .level
                .written
                .bytes
                .get_mut(self.level.size..)
                .and_then(<[u8]>::first_chunk_mut)
            {
                *to = *eight;
            }
            let count = usize::try_from(high.trailing_zeros() / 8).unwrap_or_default();
            (at, self.level.size) = (at + count, self.level.size + count);
            if high != 0 {
                break;
            }
        }
        while let Some(byte) = self.text.get(at).copied().filter(u8::is_ascii) {
            self.level.push_ascii(byte);
            at += 1;
        }
        if !self.links.is_empty() {
            self.undot(from..at);
        }
        let last = at.checked_sub(1).and_then(|at| self.text.get(at)).copied();
        self.base = last.map_or(Base::Nothing, Base::Ascii);
        self.mark_class = 0;
        at
    }

    /// The dots of links are no disguise. `range` was written last.
    fn undot(&mut self, range: Range<usize>) {
        let shift = self.level.size - range.len();
        let (level, links) = (&mut self.level, self.links);
        let first = links.partition_point(|link| link.end <= range.start);
        for link in links.get(first..).unwrap_or_default() {
            if link.start >= range.end {
                return;
            }
            let start = link.start.max(range.start) - range.start + shift;
            let end = link.end.min(range.end) - range.start + shift;
            if link.start >= range.start && link.end <= range.end {
                level.links.push([offset(LEAD + start), offset(LEAD + end)]);
            }
            let bytes = level.written.bytes.get_mut(start..end).unwrap_or_default();
            // `|` is more than a dot.
            let dots = bytes.iter_mut().filter(|byte| DOT.has(**byte) && **byte != b'|');
            dots.for_each(|dot| *dot = b',');
        }
    }

    /// Clusters of scripts without spaces from a place right behind one on; the place behind them.
    fn clusters(&mut self, from: usize) -> usize {
        if !self.row.is_open || !self.row.spaceless {
            return from;
        }
        let (mut at, mut base) = (from, self.base);
        while let Some((code, fold, end)) = self.table.beyond(self.text, at) {
            if fold.class != Class::Letter || fold.bits & table::SPACELESS == 0 {
                break;
            }
            self.level.push_glue();
            self.level.push(fold.text, fold.size());
            (at, base) = (end, Base::Code(code));
        }
        if at > from {
            // The last of them touches the one before it.
            (self.row.touched, self.base, self.mark_class) = (true, base, 0);
        }
        at
    }

    fn one(&mut self, c: char, fold: &Fold, at: usize) -> Result<(), Refused> {
        match fold.class {
            Class::Letter => self.letter(c, fold)?,
            Class::Digit => self.stand_in(fold.text[0], c),
            Class::Mark => return self.mark(c, fold),
            Class::Marked => {
                let (letter, (mark, fold)) = self.table.parts(c).ok_or(Refused)?;
                self.letter(c, &letter)?;
                self.base = Base::Apart(letter);
                self.mark(mark, &fold)?;
            }
            Class::Invisible | Class::Selector => return Ok(()),
            Class::Joiner => {
                self.joined = true;
                return Ok(());
            }
            Class::Emoji | Class::Tone => {
                self.emoji(fold);
                return Ok(());
            }
            Class::EmojiLetter | Class::Strange => return Err(Refused),
            Class::Space => self.stand_in(b' ', c),
            Class::Line => self.stand_in(b'\n', c),
            Class::Sign => self.stand_in(b'$', c),
            // Behind a cluster it stands between no letters, though it is written in every line.
            Class::InnerSign if self.is_behind_cluster() => self.stand_in(b',', c),
            Class::InnerSign => self.stand_in(b'+', c),
            Class::Pipe => self.stand_in(b'|', c),
            Class::Dot => {
                let after = self.links.partition_point(|link| link.end <= at);
                let in_link = self.links.get(after).is_some_and(|link| link.start <= at);
                self.stand_in(if in_link { b',' } else { b'.' }, c);
            }
            Class::Other => self.stand_in(b',', c),
            Class::Others => {
                self.stand_in(b',', c);
                self.level.push_ascii(b',');
            }
        }
        (self.after_emoji, self.joined) = (false, false);
        Ok(())
    }

    /// A mark on a cluster counts as a letter.
    fn is_behind_cluster(&self) -> bool {
        let last = || last_char(self.level.text()).map(|last| self.table.get(last).class);
        self.row.is_open && self.row.spaceless && last() == Some(Class::Letter)
    }

    fn stand_in(&mut self, byte: u8, c: char) {
        self.close_row(byte);
        self.made_ascii |= byte.is_ascii_digit();
        self.script = 0;
        self.level.push_ascii(byte);
        (self.base, self.mark_class) = (Base::Code(u32::from(c)), 0);
    }

    /// A letter of a script with spaces that goes on with the row.
    #[inline(always)]
    fn plain_letter(&mut self, c: char, fold: &Fold) {
        let code = u32::from_le_bytes(fold.text);
        let row = &mut self.row;
        // *repeats*.
        let repeated = row.last == [code; 2];
        row.last = [code, row.last[0]];
        row.letters += 1;
        if fold.script != self.script {
            self.change_script(fold);
        }
        self.judge(fold);
        self.doubt_if(repeated);
        self.write(c, fold);
    }

    /// The word at this place could be odd.
    #[inline(always)]
    fn doubt_if(&mut self, odd: bool) {
        if odd {
            self.level.doubt();
        }
    }

    #[inline(always)]
    fn write(&mut self, c: char, fold: &Fold) {
        self.level.push(fold.text, fold.size());
        (self.base, self.mark_class) = (Base::Code(u32::from(c)), 0);
    }

    /// *mixed*.
    fn change_script(&mut self, fold: &Fold) {
        if fold.script != 0 {
            self.doubt_if(self.script != 0);
            self.script = fold.script;
        }
    }

    /// What the letter does to its word.
    #[inline(always)]
    fn judge(&mut self, fold: &Fold) {
        let alike = fold.bits & table::ALIKE != 0;
        self.bits |= fold.bits;
        if fold.script != self.latin {
            self.row.foreign += 1;
            if !alike {
                self.row.not_alike = true;
                note(&mut self.strange, fold.script);
            }
            // Beside Latin ones it would count as one of them.
            self.doubt_if(alike && fold.script == 0);
            return;
        }
        let made = fold.text[0];
        self.made_ascii |= made.is_ascii();
        // The pass knows of look-alikes among small ASCII letters.
        self.doubt_if(alike && !ALIKE.has(made));
    }

    fn letter(&mut self, c: char, fold: &Fold) -> Result<(), Refused> {
        if fold.bits & table::SIGN != 0 {
            return Err(Refused);
        }
        let spaceless = fold.bits & table::SPACELESS != 0;
        if !self.row.is_open || self.row.spaceless || spaceless {
            self.open_row(spaceless);
        }
        if fold.letters() == 1 {
            if !spaceless {
                self.plain_letter(c, fold);
                return Ok(());
            }
            self.script = 0;
            self.row.letters += 1;
            self.write(c, fold);
            return Ok(());
        }
        // Several letters beyond ASCII might make three of one with those beside them.
        if !fold.bytes().is_ascii() {
            return Err(Refused);
        }
        // An ß is one letter, though the fold makes two of it.
        self.row.letters += 1;
        self.row.last = [0; 2];
        if fold.script != self.script {
            self.change_script(fold);
        }
        self.judge(fold);
        let is_alike = || fold.bytes().iter().all(|byte| ALIKE.has(*byte));
        self.doubt_if(fold.bits & table::ALIKE != 0 && !is_alike());
        self.write(c, fold);
        Ok(())
    }

    fn open_row(&mut self, spaceless: bool) {
        let before = self.level.last();
        let in_word = !before.is_ascii() || WORD.has(before);
        let was_spaceless = self.row.is_open && self.row.spaceless;
        if self.row.is_open {
            self.end_row(true);
        }
        if in_word && (spaceless || was_spaceless) {
            self.glue();
        } else if LETTER.has(before) {
            self.script = self.latin;
        }
        let touched = in_word || SIGN.has(before);
        self.row =
            Row { is_open: true, start: self.level.size, touched, spaceless, ..Row::default() };
    }

    fn glue(&mut self) {
        self.level.push_glue();
        self.script = 0;
    }

    /// The row ends before this character.
    fn close_row(&mut self, next: u8) {
        if !self.row.is_open {
            return;
        }
        let spaceless = self.row.spaceless;
        let foreign = self.script != 0 && self.script != self.latin;
        self.doubt_if(LETTER.has(next) && !spaceless && foreign);
        self.end_row(WORD.has(next) || SIGN.has(next));
        if WORD.has(next) && spaceless {
            self.glue();
        }
    }

    /// `touches`: something that a single letter must not touch stands behind it.
    fn end_row(&mut self, touches: bool) {
        self.row.is_open = false;
        self.row.touched |= touches;
        let row = self.row;
        self.end_word(&row, self.script);
    }

    /// What letters of a script in a row say where the row ends.
    #[inline(always)]
    fn end_word(&mut self, row: &Row, script: u8) {
        if row.letters == 1 && !row.touched {
            self.level.singles.push(row.start..self.level.size);
        }
        if row.not_alike || row.spaceless || row.foreign < 2 {
            return;
        }
        self.doubt_if(row.foreign >= 5);
        note(&mut self.alike, script);
    }

    fn emoji(&mut self, fold: &Fold) {
        self.close_row(b' ');
        self.script = 0;
        (self.base, self.mark_class) = (Base::Nothing, 0);
        if fold.class == Class::Tone && self.after_emoji {
            return;
        }
        if self.after_emoji && self.joined {
            self.level.size -= 1;
        } else {
            self.level.push_ascii(APART);
        }
        self.level.push(fold.text, fold.size());
        self.level.push_ascii(APART);
        (self.after_emoji, self.joined) = (true, false);
    }

    /// A mark on what stands before it, which it may stay on or leave.
    fn mark(&mut self, mark: char, fold: &Fold) -> Result<(), Refused> {
        let base = self.base.fold(self.table).ok_or(Refused)?;
        let last = || last_char(self.level.text());
        let kept = table::keeps_mark(&base, (mark, fold), self.mark_class, last).ok_or(Refused)?;
        if mark != '\u{93C}' {
            self.mark_class = fold.mark_class();
        }
        if kept {
            // Marks of Hangul make a word Korean, whatever letter they hang on.
            if !self.row.is_open || matches!(mark, '\u{302E}' | '\u{302F}') {
                return Err(Refused);
            }
            self.row.last = [0; 2];
            self.level.push(fold.text, fold.size());
        }
        Ok(())
    }

    pub(super) fn finish(self) {
        const BOTH: u8 = table::COMPAT | table::OWN;
        self.level.korean = self.bits & table::KOREAN != 0;
        let mixed = self.bits & BOTH == BOTH || self.bits & table::SMALL != 0;
        let alike =
            self.alike.iter().zip(&self.strange).any(|(alike, strange)| alike & !strange != 0);
        self.level.doubtful |= mixed || alike || self.made_ascii && has_made_handle(self.text);
        self.level.note_runs();
    }
}

fn note(scripts: &mut [u64; 4], script: u8) {
    if let Some(bits) = scripts.get_mut(usize::from(script / 64)) {
        *bits |= 1 << (script % 64);
    }
}
