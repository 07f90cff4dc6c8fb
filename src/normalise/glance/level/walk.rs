//! Levels a text without asking much of most letters: what stands in it as it folds is copied, ASCII and
//! letters alike, and each of the others is one load from a table and a few stores. What could be odd
//! is asked of the shape of the text later, many characters at a time. What takes a third look is left
//! to the slow twin.

use std::ops::Range;

use unicode_normalization::char::compose;

use crate::lanes::{self, BLOCK, Lanes, Spaced, Work};
use crate::normalise::sketch::offset;
use crate::normalise::table::{self, Class, Fold, Table};

use super::super::pass::{DOT, LEAD, WORD};
use super::block::{self, Before, Block, Notes};
use super::shape::EDGE;
use super::steps::{CLUSTER, Info, KEEPS, MARK, Step, Steps, steps};
use super::{APART, last_char};

/// Room behind what is written, so that blocks may be.
const TAIL: usize = 2 * BLOCK;

/// What a walk writes; [`Cursor`] knows how much of each counts. Longer than what any text makes.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// One byte a character: ASCII as it is, letters by their kind. [`EDGE`] spaces stand before them.
    pub(super) shape: Vec<u8>,
    /// Behind each character that is not as it was: its places in the shape and in the bytes. Between
    /// them both go by the same characters.
    pub(super) turns: Vec<Turn>,
    /// Places in the words of the pass of the blanks between what is glued.
    pub(super) glued: Vec<u32>,
    /// Letters of the text that are to be written over by others, when they are copied.
    swaps: Vec<(usize, Step)>,
}

impl Written {
    pub(super) fn make_room(&mut self, text: &str) {
        self.swaps.clear();
        // A character of two bytes makes six at most: an emoji.
        let room = 3 * text.len() + TAIL;
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
            // Of a character there is one of each, and seldom another of what it is glued to.
            self.shape.resize(EDGE + text.len() + TAIL, b' ');
            self.turns.resize(text.len() + TAIL, Turn::default());
            self.glued.resize(text.len() + TAIL, 0);
        }
    }
}

/// A place in the shape, and in the upper half the one in the bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn(u64);

impl Turn {
    fn new(chars: usize, size: usize) -> Self {
        Self(u64::from(offset(chars)) | u64::from(offset(size)) << u32::BITS)
    }

    fn chars(self) -> usize {
        usize::try_from(self.0 & u64::from(u32::MAX)).unwrap_or_default()
    }

    fn size(self) -> usize {
        usize::try_from(self.0 >> u32::BITS).unwrap_or_default()
    }
}

/// How far a walk is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// In the text, in the bytes, in the shape; in the other lists.
    from: usize,
    pub(super) size: usize,
    pub(super) chars: usize,
    pub(super) turns: usize,
    pub(super) glued: usize,
    /// The last character that was no mark, and the class of the last mark on it.
    last: Info,
    mark_class: u32,
    /// All that letters said of themselves.
    pub(super) notes: Info,
    pub(super) scripts: [u32; 2],
}

impl Cursor {
    /// Copies what is plain, up to the end of a text; behind it so many characters of the shape stand.
    fn copy_to(&mut self, text: &[u8], chars: usize, (steps, written): (&Steps, &mut Written)) {
        if text.len() == self.from {
            return;
        }
        if self.last.has(CLUSTER) {
            // They belong to it: what is glued stands behind them.
            self.copy_marks(text, (steps, written));
            self.unglue(text, written);
        }
        let gap = text.len() - self.from;
        if gap == 0 {
            self.chars = chars;
            return;
        }
        let plain = text.get(self.from..).unwrap_or_default();
        if let Some(to) = written.bytes.get_mut(self.size..self.size + gap) {
            to.copy_from_slice(plain);
        }
        let (from, size) = (self.from, self.size);
        for (at, step) in written.swaps.drain(..) {
            let at = size + at - from;
            let to = written.bytes.get_mut(at..at + step.info.size()).unwrap_or_default();
            to.iter_mut().zip(step.text.to_le_bytes()).for_each(|(to, byte)| *to = byte);
        }
        let (last, class) = steps.last(plain);
        (self.last, self.mark_class) = (last.unwrap_or(self.last), class);
        (self.size, self.chars, self.from) = (self.size + gap, chars, text.len());
    }

    /// Copies the plain marks that come next; they are of three bytes, all of them.
    fn copy_marks(&mut self, text: &[u8], (steps, written): (&Steps, &mut Written)) {
        let start = self.from;
        while steps.is_plain_mark(text, self.from) {
            self.from += 3;
        }
        let marks = text.get(start..self.from).unwrap_or_default();
        if let Some(to) = written.bytes.get_mut(self.size..self.size + marks.len()) {
            to.copy_from_slice(marks);
        }
        self.size += marks.len();
        if !marks.is_empty() {
            self.mark_class = steps.last(marks).1;
        }
    }

    /// A blank between a cluster and a plain word behind it.
    fn unglue(&mut self, text: &[u8], written: &mut Written) {
        let next = text.get(self.from).copied().unwrap_or(b' ');
        let in_word = !next.is_ascii();
        if in_word || WORD.has(next) {
            self.put_glue(written);
            self.turn(written);
        }
    }

    fn put_glue(&mut self, written: &mut Written) {
        put(&mut written.glued, self.glued, offset(LEAD + self.size));
        put(&mut written.bytes, self.size, APART);
        (self.glued, self.size) = (self.glued + 1, self.size + 1);
    }

    fn turn(&mut self, written: &mut Written) {
        put(&mut written.turns, self.turns, Turn::new(self.chars, self.size));
        self.turns += 1;
    }

    /// Writes a character that is not plain, all before it being copied.
    #[inline]
    fn write(&mut self, step: Step, written: &mut Written) {
        let info = step.info;
        if info.is_glued(self.last) {
            self.put_glue(written);
        }
        if let Some(to) = written.bytes.get_mut(self.size..).and_then(<[u8]>::first_chunk_mut) {
            *to = step.text.to_le_bytes();
        }
        self.size += info.size();
        self.mark_class = info.mark_class();
        if !info.has(MARK) {
            self.last = info;
        }
        self.note(info, info.of_script());
    }

    fn note(&mut self, notes: Info, [had, lacked]: [u32; 2]) {
        self.notes.0 |= notes.0;
        self.scripts = [self.scripts[0] | had, self.scripts[1] | lacked];
    }
}

/// From places of characters in the shape, in order, to those in the bytes.
pub(super) struct Trace<'w> {
    turns: &'w [Turn],
    bytes: &'w [u8],
    table: &'static Table,
    /// The last turn passed, or what was asked for behind it.
    chars: usize,
    size: usize,
}

impl<'w> Trace<'w> {
    pub(super) fn new(turns: &'w [Turn], bytes: &'w [u8]) -> Self {
        Self { turns, bytes, table: table::table(), chars: 0, size: 0 }
    }

    pub(super) fn to(&mut self, char: usize) -> usize {
        let behind = self.turns.partition_point(|turn| turn.chars() <= char);
        let (passed, turns) = self.turns.split_at_checked(behind).unwrap_or_default();
        self.turns = turns;
        if let Some(turn) = passed.last() {
            (self.chars, self.size) = (turn.chars(), turn.size());
        }
        while self.chars < char && self.size < self.bytes.len() {
            self.go_on();
        }
        self.size
    }

    /// Goes over a character with its marks.
    fn go_on(&mut self) {
        self.chars += 1;
        let first = self.table.beyond(self.bytes, self.size);
        self.size = first.map_or(self.size + 1, |(_, _, end)| end);
        while let Some((_, fold, end)) = self.table.beyond(self.bytes, self.size)
            && fold.class == Class::Mark
        {
            self.size = end;
        }
    }
}

fn put<T>(list: &mut [T], at: usize, value: T) {
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
}

/// Is a text better walked over? Most letters of scripts with spaces stand in it as they fold, but for
/// those of Latin, whose accents go; and where there is nothing but ASCII, so does all.
pub(super) fn suits(text: &str) -> bool {
    let (text, steps) = (text.as_bytes(), steps());
    let mut at = 0;
    while let Some(beyond) = beyond_ascii(text, at) {
        let Some((step, end)) = steps.beyond(text, beyond) else { return false };
        if step.info.is_letter() {
            return step.info.is_foreign();
        }
        at = end;
    }
    at == 0
}

/// The first place beyond ASCII from one on.
fn beyond_ascii(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let (chunks, _) = rest.as_chunks::<16>();
    let passed = chunks.iter().take_while(|chunk| chunk.is_ascii()).count() * 16;
    let beyond = rest.get(passed..)?.iter().position(|byte| !byte.is_ascii())?;
    Some(from + passed + beyond)
}

/// A walk over a text.
pub(super) struct Walk<'w> {
    text: &'w [u8],
    /// The same.
    spaced: &'w Spaced,
    pub(super) written: &'w mut Written,
    pub(super) links: &'w mut Vec<[u32; 2]>,
    pub(super) cursor: Cursor,
    table: &'static Table,
    steps: &'static Steps,
    /// Behind the last emoji and what nobody sees behind it, and whether that joins.
    emoji_end: Option<usize>,
    joined: bool,
}

/// What is from one place to another.
struct Stretch<'w, 's> {
    walk: &'s mut Walk<'w>,
    range: Range<usize>,
}

impl Work for Stretch<'_, '_> {
    type Out = Option<()>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Option<()> {
        let Range { start, end } = self.range;
        let (mut before, mut notes) = (Before::default(), Notes::default());
        let mut base = self.walk.cursor.chars;
        for at in (start..end).step_by(BLOCK) {
            let own = u64::MAX >> BLOCK.saturating_sub(end - at);
            let (bytes, known) = ((self.walk.spaced, at, own), (&mut before, &mut notes));
            let mut block = block::look(lanes, bytes, self.walk.steps, known)?;
            for place in lanes::places(0, block.others) {
                self.walk.take((at, base), place, &mut block)?;
            }
            let shape = self.walk.written.shape.get_mut(base + EDGE..)?.first_chunk_mut()?;
            lanes.keep(lanes.load(&block.kinds), block.chars, shape);
            base += ones(block.chars);
        }
        self.walk.cursor.note(Info(notes.notes), notes.scripts);
        self.walk.copy_to(end, base);
        Some(())
    }
}

fn ones(mask: u64) -> usize {
    usize::try_from(mask.count_ones()).unwrap_or_default()
}

impl<'w> Walk<'w> {
    /// `links`: takes places of links in the words of the pass.
    pub(super) fn new(
        (text, spaced): (&'w str, &'w Spaced),
        written: &'w mut Written,
        links: &'w mut Vec<[u32; 2]>,
    ) -> Self {
        Self {
            text: text.as_bytes(),
            spaced,
            written,
            links,
            cursor: Cursor::default(),
            table: table::table(),
            steps: steps(),
            emoji_end: None,
            joined: false,
        }
    }

    /// Takes a text; `None` if that is for the slow twin.
    pub(super) fn run(&mut self, links: &[Range<usize>]) -> Option<Cursor> {
        for link in links {
            self.go_to(link.start)?;
            self.link(link)?;
        }
        self.go_to(self.text.len())?;
        Some(self.cursor)
    }

    fn go_to(&mut self, end: usize) -> Option<()> {
        let range = self.cursor.from..end;
        if range.is_empty() { Some(()) } else { lanes::run(Stretch { walk: self, range }) }
    }

    fn copy_to(&mut self, to: usize, chars: usize) {
        let text = self.text.get(..to).unwrap_or_default();
        self.cursor.copy_to(text, chars, (self.steps, self.written));
    }

    /// Takes a character of a block that is not plain. `at`, `base`: where the block begins in the text
    /// and in the shape.
    #[inline(always)] // counts bits in one go
    fn take(&mut self, (at, base): (usize, usize), place: usize, block: &mut Block) -> Option<()> {
        let (step, end) = self.steps.beyond(self.text, at + place)?;
        // A letter that is as long as what it folds to is copied with what is around it.
        if step.info.is_foreign() && step.info.size() == end - at - place {
            self.written.swaps.push((at + place, step));
            put(&mut block.kinds, place, step.info.kind());
            self.cursor.note(step.info, step.info.of_script());
            return Some(());
        }
        let before = block.chars & !(u64::MAX << place);
        self.copy_to(at + place, base + ones(before));
        let Cursor { last, mark_class, .. } = self.cursor;
        let shown = if step.info.is_special(last, mark_class) {
            self.take_special(at + place)?
        } else {
            self.cursor.from = end;
            self.cursor.write(step, self.written);
            shown(step)
        };
        match shown {
            Some(kind) => {
                put(&mut block.kinds, place, kind);
                self.cursor.chars += 1;
            }
            None => block.chars &= !(1 << place),
        }
        self.cursor.turn(self.written);
        Some(())
    }

    /// Its byte in the shape, if it has one.
    #[inline(never)]
    fn take_special(&mut self, at: usize) -> Option<Option<u8>> {
        let (code, fold, end) = self.table.beyond(self.text, at)?;
        self.cursor.from = end;
        let c = char::from_u32(code)?;
        match fold.class {
            Class::Mark => self.mark(c, &fold),
            Class::Marked => {
                let (letter, (mark, fold)) = self.table.parts(c)?;
                let kind = self.write(Step::of(code, &letter, self.table));
                self.mark(mark, &fold)?;
                kind
            }
            Class::Invisible | Class::Selector | Class::Joiner => {
                if self.emoji_end == Some(at) {
                    self.emoji_end = Some(end);
                    self.joined |= fold.class == Class::Joiner;
                }
                Some(None)
            }
            Class::Emoji | Class::Tone => self.emoji(&fold, at..end),
            // Behind a cluster it stands between no letters, though it is written in every line.
            Class::InnerSign if self.is_behind_cluster() => self.write(Step::ascii(b',', 0)),
            Class::InnerSign => self.write(Step::ascii(b'+', 0)),
            Class::Others => {
                self.write(Step::ascii(b',', 0))?;
                self.write(Step::ascii(b',', 0))
            }
            _ => {
                let step = Step::of(code, &fold, self.table);
                // Nobody looks for three of these in a row.
                let is_long = step.info.size() > 3 && !step.info.has(CLUSTER);
                if is_long { None } else { self.write(step) }
            }
        }
    }

    fn write(&mut self, step: Step) -> Option<Option<u8>> {
        if !step.is_plain() {
            return None;
        }
        self.cursor.write(step, self.written);
        Some(shown(step))
    }

    /// A mark on what stands before it, which it may stay on or leave.
    fn mark(&mut self, mark: char, fold: &Fold) -> Option<Option<u8>> {
        let Cursor { last: base, mark_class, from, .. } = self.cursor;
        // A plain mark behind one that goes would be copied.
        let goes = || (!self.steps.is_plain_mark(self.text, from)).then_some(None);
        if base == Info::default() {
            return None;
        }
        if mark == '\u{93C}' && base.has(KEEPS) {
            return Some(None);
        }
        if !base.is_letter() || base.script() == 0 {
            return if fold.bits & table::LOSES_MARKS != 0 { goes() } else { None };
        }
        let composes = fold.bits & table::COMPOSES != 0;
        if !base.has(KEEPS) {
            return if composes { None } else { goes() };
        }
        let class = u32::from(fold.mark_class());
        let moves = class != 0 && (class < mark_class || composes && mark_class != 0);
        if moves || matches!(mark, '\u{302E}' | '\u{302F}') {
            return None;
        }
        if composes && compose(self.last_char()?, mark).is_some() {
            return None;
        }
        self.write(Step::mark(fold))
    }

    fn last_char(&self) -> Option<char> {
        last_char(self.written.bytes.get(..self.cursor.size)?)
    }

    /// A mark on a cluster counts as a letter.
    fn is_behind_cluster(&self) -> bool {
        let is_letter = |last: char| self.table.get(last).class == Class::Letter;
        self.cursor.last.has(CLUSTER) && self.last_char().is_some_and(is_letter)
    }

    fn emoji(&mut self, fold: &Fold, Range { start, end }: Range<usize>) -> Option<Option<u8>> {
        let goes_on = self.emoji_end.replace(end) == Some(start);
        if fold.class == Class::Tone && goes_on {
            return Some(None);
        }
        let apart = Step::ascii(APART, 0);
        if goes_on && self.joined {
            self.cursor.size -= 1;
        } else {
            self.write(apart)?;
        }
        self.write(Step::emoji(fold))?;
        let kind = self.write(apart);
        self.joined = false;
        // No mark hangs on it.
        self.cursor.last = Info::default();
        kind
    }

    /// The dots of links are no disguise.
    fn link(&mut self, link: &Range<usize>) -> Option<()> {
        let bytes = self.text.get(link.clone())?;
        if !bytes.is_ascii() || link.is_empty() || link.start != self.cursor.from {
            return None;
        }
        let chars = self.cursor.chars;
        let shape = self.written.shape.get_mut(chars + EDGE..)?;
        shape.get_mut(..link.len())?.copy_from_slice(bytes);
        self.copy_to(link.end, chars + link.len());
        let end = self.cursor.size;
        let start = end - link.len();
        self.links.push([offset(LEAD + start), offset(LEAD + end)]);
        // `|` is more than a dot.
        let bytes = self.written.bytes.get_mut(start..end)?;
        let dots = bytes.iter_mut().filter(|byte| DOT.has(**byte) && **byte != b'|');
        dots.for_each(|dot| *dot = b',');
        Some(())
    }
}

/// The byte of a character in the shape: marks have none.
fn shown(step: Step) -> Option<u8> {
    (!step.info.has(MARK)).then(|| step.info.kind())
}
