//! What a character does to a level, in one load: a table for all that need no second look.

use std::sync::LazyLock;

use crate::lanes::Set;
use crate::normalise::table::{self, Class, Fold, Table};

use super::super::pass::ALIKE;

/// Letters in the shape of a text: one byte a character. None of these is seen by anybody, so that a
/// text that has one itself is refused.
pub(super) mod kind {
    /// A letter of Latin beyond ASCII; one that makes its word odd.
    pub(in super::super) const LATIN: u8 = 1;
    pub(in super::super) const LATIN_ODD: u8 = 2;
    /// A letter of another script that looks like one of a third, and one that does not.
    pub(in super::super) const TWIN: u8 = 3;
    pub(in super::super) const STRANGE: u8 = 4;
    /// A cluster of a script without spaces.
    pub(in super::super) const CLUSTER: u8 = 5;
}

/// Of a mark, its combining class; of others the number of the script.
const SCRIPT: u32 = 0xFF;
/// The highest class of plain marks, so that none of them moves before another: the others are 0.
const VIRAMA: u32 = 9;
const KIND_AT: u32 = 8;
const SIZE_AT: u32 = 16;
const SIZE: u32 = 7;

/// Hangs on the character before it.
pub(super) const MARK: u32 = 1 << 19;
/// Marks stay on it.
pub(super) const KEEPS: u32 = MARK << 1;
/// A letter or a digit.
const WORD: u32 = 1 << 21;
/// A cluster of a script without spaces.
pub(super) const CLUSTER: u32 = 1 << 22;
/// To be looked at twice.
const SPECIAL: u32 = 1 << 23;
/// A letter of a script with spaces.
const ROW: u32 = 1 << 24;
/// What the text is told of.
pub(super) const COMPAT: u32 = 1 << 25;
pub(super) const OWN: u32 = 1 << 26;
pub(super) const SMALL: u32 = 1 << 27;
pub(super) const KOREAN: u32 = 1 << 28;
/// Became ASCII.
pub(super) const MADE: u32 = 1 << 29;
/// A letter of a script with spaces other than Latin.
const FOREIGN: u32 = 1 << 31;

/// What a character says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Info(pub(super) u32);

impl Info {
    pub(super) fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    /// The number of its script, or the combining class of a mark.
    pub(super) fn script(self) -> u32 {
        self.0 & SCRIPT
    }

    pub(super) fn is_letter(self) -> bool {
        self.has(ROW | CLUSTER)
    }

    #[inline(always)]
    pub(super) fn size(self) -> usize {
        small(self.0 >> SIZE_AT & SIZE)
    }

    /// Its byte in the shape.
    pub(super) fn kind(self) -> u8 {
        let [_, kind, ..] = self.0.to_le_bytes();
        kind
    }

    /// Is it glued to the one before it?
    pub(super) fn is_glued(self, before: Self) -> bool {
        (self.0 & before.0 & WORD != 0) & ((self.0 | before.0) & CLUSTER != 0)
    }

    /// Needs a second look behind this one, with a mark of this class on it.
    pub(super) fn is_special(self, before: Self, mark_class: u32) -> bool {
        let class = self.mark_class();
        let stays = before.has(KEEPS) && (class == 0 || class >= mark_class);
        self.has(SPECIAL) || self.has(MARK) && !stays
    }

    /// The combining class of a mark; 0 of others.
    pub(super) fn mark_class(self) -> u32 {
        if self.has(MARK) { self.script() } else { 0 }
    }

    /// A letter of a script with spaces other than Latin?
    pub(super) fn is_foreign(self) -> bool {
        self.has(FOREIGN)
    }

    /// Those bits that letters of scripts with spaces other than Latin have, and those that they lack;
    /// none of others.
    pub(super) fn of_script(self) -> [u32; 2] {
        if self.is_foreign() { [self.0, !self.0] } else { [0; 2] }
    }
}

/// Were all of one script, of which these are all bits that any has, and that any lacks?
pub(super) fn is_one_script([had, lacked]: [u32; 2]) -> bool {
    had & lacked & SCRIPT == 0
}

fn small(number: u32) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// What is written for a character, and what it says of itself.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(8))] // one load
pub(super) struct Step {
    /// UTF-8, the first byte lowest.
    pub(super) text: u32,
    pub(super) info: Info,
}

impl Step {
    const SPECIAL: Self = Self { text: 0, info: Info(SPECIAL) };

    /// One ASCII character that stands for another, which `bits` are of.
    pub(super) const fn ascii(byte: u8, bits: u32) -> Self {
        let info = (byte as u32) << KIND_AT | 1 << SIZE_AT | bits;
        Self { text: byte as u32, info: Info(info) }
    }

    /// An emoji.
    pub(super) fn emoji(fold: &Fold) -> Self {
        Self {
            text: u32::from_le_bytes(fold.text),
            info: Info(u32::from(b',') << KIND_AT | sized(fold)),
        }
    }

    /// A mark that stays.
    pub(super) fn mark(fold: &Fold) -> Self {
        let info = MARK | sized(fold) | u32::from(fold.mark_class());
        Self { text: u32::from_le_bytes(fold.text), info: Info(info) }
    }

    /// What a character does that folds to this.
    pub(super) fn of(code: u32, fold: &Fold, table: &Table) -> Self {
        match fold.class {
            Class::Letter => letter(fold, table),
            Class::Digit => Self::ascii(fold.text[0], WORD | MADE),
            // Nukta goes, and marks of Hangul make a word Korean.
            Class::Mark if matches!(code, 0x93C | 0x302E | 0x302F) => Self::SPECIAL,
            Class::Mark if fold.bits & table::COMPOSES == 0 => Self::mark(fold),
            Class::Space => Self::ascii(b' ', 0),
            Class::Line => Self::ascii(b'\n', 0),
            Class::Sign => Self::ascii(b'$', 0),
            Class::Pipe => Self::ascii(b'|', 0),
            Class::Dot => Self::ascii(b'.', 0),
            Class::Other => Self::ascii(b',', 0),
            _ => Self::SPECIAL,
        }
    }

    fn is_char(self, code: u32) -> bool {
        let c = char::from_u32(code).unwrap_or_default();
        let mut bytes = [0; 4];
        c.encode_utf8(&mut bytes);
        self.text == u32::from_le_bytes(bytes)
    }

    /// Can it be taken as it is, behind something that takes marks?
    pub(super) fn is_plain(self) -> bool {
        !self.info.has(SPECIAL)
    }
}

fn sized(fold: &Fold) -> u32 {
    u32::from(u8::try_from(fold.size()).unwrap_or_default()) << SIZE_AT
}

fn letter(fold: &Fold, table: &Table) -> Step {
    let latin = table.ascii(b'a').script;
    let spaceless = fold.bits & table::SPACELESS != 0;
    let alike = fold.bits & table::ALIKE != 0;
    let is_known = spaceless && fold.letters() == 1
        || fold.script == latin && (fold.letters() == 1 || fold.bytes().is_ascii())
        || fold.script != 0 && fold.letters() == 1;
    if !is_known || fold.bits & table::SIGN != 0 {
        return Step::SPECIAL;
    }
    let kind = match fold.script {
        _ if spaceless => kind::CLUSTER,
        // The pass knows of look-alikes among small ASCII letters.
        script if script == latin && alike && !fold.bytes().iter().all(|byte| ALIKE.has(*byte)) => {
            kind::LATIN_ODD
        }
        script if script == latin => kind::LATIN,
        _ if alike => kind::TWIN,
        _ => kind::STRANGE,
    };
    let bit = |is: bool, bit: u32| if is { bit } else { 0 };
    let has = |bits: u8| fold.bits & bits != 0;
    let of_row = bit(has(table::COMPAT), COMPAT)
        | bit(has(table::OWN), OWN)
        | bit(has(table::SMALL), SMALL)
        | bit(has(table::KOREAN), KOREAN)
        | bit(fold.script == latin && fold.text[0].is_ascii(), MADE)
        | bit(fold.script != latin, FOREIGN)
        | ROW;
    let keeps = fold.script != 0 && !has(table::LOSES_MARKS);
    let bits = if spaceless { CLUSTER } else { of_row } | bit(keeps, KEEPS) | WORD;
    let info = u32::from(fold.script) | u32::from(kind) << KIND_AT | sized(fold) | bits;
    Step { text: u32::from_le_bytes(fold.text), info: Info(info) }
}

/// Characters that share what they do, where all of them are special.
const BLOCK: usize = 128;

/// The steps of all characters of three bytes or less.
#[derive(Debug)]
pub(super) struct Steps {
    /// Those of two bytes, and ASCII.
    low: Vec<Step>,
    blocks: Vec<u16>,
    steps: Vec<Step>,
    /// Plain letters by all of their bytes but the last: those of two bytes, then those of three.
    plain: Vec<Plain>,
    /// The first bytes of plain letters without the highest bit.
    pub(super) begins: Set,
}

/// Those of 64 characters that stand in the text as they fold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    /// By their last bytes without the highest bit. Marks, and letters: all of one script with spaces.
    pub(super) marks: Set,
    pub(super) letters: Set,
    /// Those of the letters that look like one of another script.
    pub(super) twins: Set,
    /// What all letters say, and what any does.
    pub(super) info: Info,
}

/// Characters that differ in the last byte alone.
const TAILS: u32 = 64;

impl Plain {
    fn build(first: u32, step: impl Fn(u32) -> Step) -> Self {
        let is_itself = |code: &u32| {
            let text = char::from_u32(*code).map(|c| c.encode_utf8(&mut [0; 4]).len());
            let step = step(*code);
            step.is_plain() && text == Some(step.info.size()) && step.is_char(*code)
        };
        let own: Vec<(u32, Step)> =
            (first..first + TAILS).filter(is_itself).map(|code| (code, step(code))).collect();
        let is_row = |step: &Step| step.info.has(ROW) && step.info.kind() != kind::LATIN_ODD;
        let mut kept: Vec<(u32, Step)> = Vec::new();
        // Of the script that most of them are of.
        for (_, one) in own.iter().filter(|(_, step)| is_row(step)) {
            let alike = |step: &Step| is_row(step) && step.info.script() == one.info.script();
            let same: Vec<_> = own.iter().filter(|(_, step)| alike(step)).copied().collect();
            kept = if same.len() > kept.len() { same } else { kept };
        }
        let set = |chosen: &mut dyn Iterator<Item = &(u32, Step)>| {
            let low = |code: &u32| u8::try_from(code % TAILS).unwrap_or_default();
            Set::of(&chosen.map(|(code, _)| low(code)).collect::<Vec<u8>>())
        };
        let is_twin = |(_, step): &&(u32, Step)| step.info.kind() == kind::TWIN;
        // Marks of two bytes are seldom.
        let is_mark = |(_, step): &&(u32, Step)| {
            first >= 0x800 && step.info.has(MARK) && step.info.script() <= VIRAMA
        };
        Self {
            marks: set(&mut own.iter().filter(is_mark)),
            letters: set(&mut kept.iter()),
            twins: set(&mut kept.iter().filter(is_twin)),
            info: Info(kept.iter().fold(0, |all, (_, step)| all | step.info.0)),
        }
    }

    fn is_empty(&self) -> bool {
        [self.marks, self.letters].iter().all(|set| (0..64).all(|tail| !set.has(tail)))
    }
}

static STEPS: LazyLock<Steps> = LazyLock::new(Steps::build);

/// All of them.
pub(super) fn steps() -> &'static Steps {
    &STEPS
}

impl Steps {
    fn build() -> Self {
        let table = table::table();
        let mut all = Self {
            low: Vec::new(),
            blocks: Vec::new(),
            steps: vec![Step::SPECIAL; BLOCK],
            plain: Vec::new(),
            begins: Set::of(&[]),
        };
        for start in (0..0x1_0000_u32).step_by(BLOCK) {
            let block = (start..).take(BLOCK);
            let block = block.map(|code| Step::of(code, &table.of_code(code), table));
            let block: Vec<Step> = block.collect();
            let plain = block.iter().any(|step| step.is_plain());
            let number = if plain { all.steps.len() / BLOCK } else { 0 };
            if plain {
                all.steps.extend(block);
            }
            all.blocks.push(u16::try_from(number).unwrap_or_default());
        }
        let low = (0..0x800).map(|code| match u8::try_from(code) {
            Ok(byte) if byte.is_ascii() => of_ascii(byte, table),
            _ => Step::of(code, &table.of_code(code), table),
        });
        all.low = low.collect();
        let step = |code: u32| Step::of(code, &table.of_code(code), table);
        all.plain = (0..0x1_0000).step_by(64).map(|first| Plain::build(first, step)).collect();
        let first_byte = |number: usize| match number {
            0..0x20 => 0x40 | number,
            _ => 0x60 | number >> 6,
        };
        let begins = all.plain.iter().enumerate().filter(|(_, plain)| !plain.is_empty());
        let begins = begins.filter_map(|(number, _)| u8::try_from(first_byte(number)).ok());
        all.begins = Set::of(&begins.collect::<Vec<u8>>());
        all
    }

    /// What an ASCII character says of itself.
    #[inline(always)]
    pub(super) fn ascii(&self, byte: u8) -> Info {
        self.low.get(usize::from(byte & 0x7F)).map_or(Info(0), |step| step.info)
    }

    /// The plain ones that begin with these bytes, and how many of those are before the last.
    #[inline(always)]
    pub(super) fn plain(&self, first: u8, second: u8) -> Option<(&Plain, usize)> {
        let number = usize::from(first & 0x1F);
        if first < 0xE0 {
            return Some((self.plain.get(number)?, 1));
        }
        let number = usize::from(first & 0xF) << 6 | usize::from(second & 0x3F);
        if first < 0xF0 { Some((self.plain.get(number)?, 2)) } else { None }
    }

    /// What the last character of a text says that is no mark, if there is one, and the class of the
    /// last mark behind it.
    pub(super) fn last(&self, text: &[u8]) -> (Option<Info>, u32) {
        if let Some(byte) = text.last().filter(|byte| byte.is_ascii()) {
            return (Some(self.ascii(*byte)), 0);
        }
        let (mut end, mut class) = (text.len(), None);
        while let Some(before) = text.get(..end).filter(|before| !before.is_empty()) {
            end = before.iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or_default();
            let first = before.get(end).copied().unwrap_or_default();
            let step = self.beyond(text, end).map(|(step, _)| step.info);
            let info = if first.is_ascii() { self.ascii(first) } else { step.unwrap_or_default() };
            if !info.has(MARK) {
                return (Some(info), class.unwrap_or_default());
            }
            class = class.or(Some(info.mark_class()));
        }
        (None, class.unwrap_or_default())
    }

    /// Is a plain mark at a place?
    pub(super) fn is_plain_mark(&self, text: &[u8], at: usize) -> bool {
        let Some([first, second, third]) = text.get(at..).and_then(<[u8]>::first_chunk) else {
            return false;
        };
        let plain = self.plain(*first, *second);
        !first.is_ascii()
            && plain.is_some_and(|(plain, tails)| tails == 2 && plain.marks.has(third & 0x7F))
    }

    /// What the character beyond ASCII at a place of a text does, and the place behind it. Those of
    /// four bytes are special.
    #[inline(always)]
    pub(super) fn beyond(&self, text: &[u8], at: usize) -> Option<(Step, usize)> {
        let [first, second] = *text.get(at..)?.first_chunk()?;
        let third = text.get(at + 2).copied().unwrap_or_default();
        let tail = |byte: u8| u32::from(byte & 0x3F);
        let head = u32::from(first);
        if first < 0xE0 {
            let code = (head & 0x1F) << 6 | tail(second);
            return Some((*self.low.get(small(code))?, at + 2));
        }
        if first >= 0xF0 {
            return Some((Step::SPECIAL, at + 4));
        }
        let code = small((head & 0xF) << 12 | tail(second) << 6 | tail(third));
        let block = usize::from(*self.blocks.get(code / BLOCK)?);
        Some((*self.steps.get(block * BLOCK + code % BLOCK)?, at + 3))
    }
}

/// A character of ASCII is as it is written; what it says is for what stands behind it.
fn of_ascii(byte: u8, table: &Table) -> Step {
    let fold = table.ascii(byte);
    let bits = match fold.class {
        Class::Letter => ROW | WORD | u32::from(fold.script),
        Class::Digit => WORD,
        _ => 0,
    };
    Step::ascii(byte, bits)
}
