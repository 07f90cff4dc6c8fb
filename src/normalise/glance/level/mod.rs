//! Makes a text level: folded letters, and for everything else one ASCII character of its kind, so
//! that a pass by masks can read it. What masks of bytes cannot see of letters beyond ASCII is
//! judged here.
//!
//! ```text
//! ASCII            as it is
//! letters, digits  folded; a blank between what is glued: clusters of scripts without spaces
//! emoji            a word of its own, `-` around it
//! signs, dots, …   `$ + | .`, anything else `,`; what nobody sees is left out
//! ```

mod foreign;
mod runs;

use std::ops::Range;

use crate::normalise::sketch::offset;
use crate::normalise::table::{self, Class, Fold, Table};

use super::pass::{ALIKE, DOT, LEAD, LETTER, SIGN, SOLID, WORD};

/// Stands between what is glued, and around emoji: nothing to any clause, and no white space, of which
/// there is as much as in the text.
const APART: u8 = b'-';

/// Bytes that a character of one may be written as.
const GROWTH: usize = 8;

/// A levelled text, and what was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Longer than the text; `size` bytes count.
    bytes: Vec<u8>,
    size: usize,
    /// Places in the words of the pass of the blanks between what is glued.
    pub(super) glued: Vec<u32>,
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
        self.glued.clear();
        self.links.clear();
        self.singles.clear();
        self.korean = false;
        self.doubtful = false;
        self.odd_words.clear();
        self.runs.clear();
    }

    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.size).unwrap_or_default()
    }

    /// Takes a text. `links`: in order.
    pub(super) fn fill(&mut self, text: &str, links: &[Range<usize>]) -> Result<(), Refused> {
        self.clear();
        let room = 2 * text.len() + 2 * GROWTH;
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
        let mut pass = Pass::new(text, links, self);
        pass.run()?;
        pass.finish();
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, bytes: [u8; 4], size: usize) {
        if let Some(to) = self.bytes.get_mut(self.size..).and_then(<[u8]>::first_chunk_mut) {
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

    fn last_char(&self) -> Option<char> {
        let tail = self.text().get(self.size.saturating_sub(4)..)?;
        let start = tail.iter().rposition(|byte| byte & 0xC0 != 0x80)?;
        std::str::from_utf8(tail.get(start..)?).ok()?.chars().next()
    }

    fn last(&self) -> u8 {
        let at = self.size.checked_sub(1);
        at.and_then(|at| self.bytes.get(at)).copied().unwrap_or(b' ')
    }
}

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

struct Pass<'t, 'l> {
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
    fn new(text: &'t str, links: &'t [Range<usize>], level: &'l mut Level) -> Self {
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

    fn run(&mut self) -> Result<(), Refused> {
        let mut at = 0;
        while at < self.text.len() {
            at = self.ascii(at);
            while let Some((code, fold, end)) = self.table.beyond(self.text, at) {
                let c = char::from_u32(code).ok_or(Refused)?;
                self.one(c, &fold, at)?;
                at = self.go_on(end);
            }
        }
        self.close_row(b' ');
        Ok(())
    }

    /// More of what was just read, by a loop of its own, where there is one; the place behind it.
    fn go_on(&mut self, from: usize) -> usize {
        match self.row {
            Row { is_open: false, .. } => from,
            Row { spaceless: true, .. } => self.clusters(from),
            _ if self.script == self.latin => from,
            _ => self.foreign_words(from),
        }
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
            if let Some(to) =
                self.level.bytes.get_mut(self.level.size..).and_then(<[u8]>::first_chunk_mut)
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
            let bytes = level.bytes.get_mut(start..end).unwrap_or_default();
            // `|` is more than a dot.
            let dots = bytes.iter_mut().filter(|byte| DOT.has(**byte) && **byte != b'|');
            dots.for_each(|dot| *dot = b',');
        }
    }

    /// Clusters of scripts without spaces from a place behind one on; the place behind them.
    fn clusters(&mut self, from: usize) -> usize {
        let (mut at, mut base) = (from, self.base);
        while let Some((code, fold, end)) = self.table.beyond(self.text, at) {
            if fold.class != Class::Letter || fold.bits & table::SPACELESS == 0 {
                break;
            }
            self.level.glued.push(offset(LEAD + self.level.size));
            self.level.push_ascii(APART);
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
        let last = || self.level.last_char().map(|last| self.table.get(last).class);
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
        self.level.glued.push(offset(LEAD + self.level.size));
        self.level.push_ascii(APART);
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
        let last = || self.level.last_char();
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

    fn finish(self) {
        const BOTH: u8 = table::COMPAT | table::OWN;
        self.level.korean = self.bits & table::KOREAN != 0;
        let mixed = self.bits & BOTH == BOTH || self.bits & table::SMALL != 0;
        let alike =
            self.alike.iter().zip(&self.strange).any(|(alike, strange)| alike & !strange != 0);
        self.level.doubtful |= mixed || alike || self.made_ascii && self.has_made_handle();
        self.level.note_runs();
    }

    /// Could an `@` be taken for a handle's that is none, for letters behind it were made ASCII?
    fn has_made_handle(&self) -> bool {
        let name = |at: usize| self.text.get(at + 1..at + 5).unwrap_or_default();
        let ats = self.text.iter().enumerate().filter(|(_, byte)| **byte == b'@');
        ats.into_iter().any(|(at, _)| name(at).iter().any(|byte| !byte.is_ascii()))
    }
}

fn note(scripts: &mut [u64; 4], script: u8) {
    if let Some(bits) = scripts.get_mut(usize::from(script / 64)) {
        *bits |= 1 << (script % 64);
    }
}
