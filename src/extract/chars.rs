//! A text as the characters a reader sees: invisible ones gone, compatibility forms, escapes and
//! bracketed dots undone, each with the bytes of the original that it stands for.

use std::ops::{Deref, Range};
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// How a character came to be what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// As it stands.
    Plain,
    /// A compatibility form, a bracketed dot or a backslash escape.
    Disguised,
    /// A percent escape.
    Escaped,
}

/// One character to read, and the bytes it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) c: char,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) written: Written,
}

impl Unit {
    /// A letter, digit, mark, hyphen or underscore: what stands between the dots of a host.
    pub(super) fn is_label(self) -> bool {
        is_label(self.c)
    }

    /// A dot of a host: IDNA takes the ideographic full stop for one.
    pub(super) fn is_dot(self) -> bool {
        matches!(self.c, '.' | '。')
    }
}

/// The characters of a text in order.
pub(super) struct Units(Vec<Unit>);

impl Deref for Units {
    type Target = [Unit];

    fn deref(&self) -> &[Unit] {
        &self.0
    }
}

impl Units {
    pub(super) fn of(text: &str) -> Self {
        Self(units(text))
    }

    /// As browsers read an address: line ends and tabs dropped wherever they stand, and spaces
    /// around it.
    pub(super) fn of_address(url: &str) -> Self {
        let mut units = units(url);
        units.retain(|unit| !matches!(unit.c, '\t' | '\n' | '\r'));
        let spaces = units.iter().take_while(|unit| unit.c.is_whitespace()).count();
        units.drain(..spaces);
        let end = units.iter().rposition(|unit| !unit.c.is_whitespace()).map_or(0, |last| last + 1);
        units.truncate(end);
        Self(units)
    }

    pub(super) fn char(&self, at: usize) -> Option<char> {
        self.get(at).map(|unit| unit.c)
    }

    pub(super) fn is_label(&self, at: usize) -> bool {
        self.get(at).is_some_and(|unit| unit.is_label())
    }

    pub(super) fn is_dot(&self, at: usize) -> bool {
        self.get(at).is_some_and(|unit| unit.is_dot())
    }

    /// Does this stand here?
    pub(super) fn reads(&self, at: usize, text: &str) -> bool {
        text.chars().zip(at..).all(|(c, at)| self.char(at) == Some(c))
    }

    /// What stands in these units, ideographic dots as dots.
    pub(super) fn text(&self, range: Range<usize>) -> String {
        let units = self.get(range).unwrap_or_default();
        units.iter().map(|unit| if unit.is_dot() { '.' } else { unit.c }).collect()
    }
}

pub(super) fn is_label(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    }
    LABELS.has(c).unwrap_or_else(|| is_far_label(c))
}

fn is_far_label(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// A bit for each character of the first plane. Each letter of a text that may hold a link is asked
/// more than once, and the standard look-ups cost more than all else for it.
struct Plane(Vec<u64>);

impl Plane {
    fn of(is_in: fn(char) -> bool) -> Self {
        let bit = |code: u32| u64::from(char::from_u32(code).is_some_and(is_in));
        let bits = |start: u32| (0..64).fold(0, |bits, at| bits | bit(start + at) << at);
        Self((0..0x1_0000).step_by(64).map(bits).collect())
    }

    /// `None` beyond the plane.
    fn has(&self, c: char) -> Option<bool> {
        let code = usize::try_from(u32::from(c)).unwrap_or_default();
        self.0.get(code / 64).map(|bits| bits >> (code % 64) & 1 == 1)
    }
}

static LABELS: LazyLock<Plane> = LazyLock::new(|| Plane::of(is_far_label));

/// Those that are seen, and as what they are.
static CALM: LazyLock<Plane> =
    LazyLock::new(|| Plane::of(|c| !is_invisible(c) && compatible(c) == c));

/// The characters of `text` in order.
fn units(text: &str) -> Vec<Unit> {
    let mut seen = Vec::with_capacity(text.len());
    if text.is_ascii() {
        seen.extend(text.bytes().enumerate().map(|(at, byte)| as_it_stands(at, char::from(byte))));
    } else {
        let calm = &*CALM;
        for (start, c) in text.char_indices() {
            match calm.has(c) {
                Some(true) => seen.push(as_it_stands(start, c)),
                _ => seen.extend(unit(start, c)),
            }
        }
    }
    if !seen.iter().any(|unit| matches!(unit.c, '%' | '[' | '(' | '{' | '【' | '〔' | '\\')) {
        return seen;
    }
    let mut reader = Reader { seen: &seen, at: 0, out: Vec::with_capacity(seen.len()) };
    while reader.step() {}
    reader.out
}

fn as_it_stands(start: usize, c: char) -> Unit {
    Unit { c, start, end: start + c.len_utf8(), written: Written::Plain }
}

fn unit(start: usize, c: char) -> Option<Unit> {
    let end = start + c.len_utf8();
    if is_invisible(c) {
        return None;
    }
    let plain = compatible(c);
    let written = if plain == c { Written::Plain } else { Written::Disguised };
    Some(Unit { c: plain, start, end, written })
}

/// Undoes what takes more than one character: escapes and bracketed dots.
struct Reader<'u> {
    seen: &'u [Unit],
    at: usize,
    out: Vec<Unit>,
}

impl Reader<'_> {
    fn step(&mut self) -> bool {
        let Some(&unit) = self.seen.get(self.at) else { return false };
        let taken = match unit.c {
            '%' => self.percent(unit),
            '[' | '(' | '{' | '【' | '〔' => self.bracketed(unit),
            '\\' => self.backslash(unit),
            _ => None,
        };
        if taken.is_none() {
            self.out.push(unit);
            self.at += 1;
        }
        true
    }

    /// `%2D`, or `%D0%BF`: undone where the character needs no escape in any part of a link.
    fn percent(&mut self, first: Unit) -> Option<()> {
        let mut bytes = [0u8; 4];
        let mut length = 1;
        let mut index = 0;
        let mut end = first.end;
        while index < length {
            let at = self.at + index * 3;
            (self.seen.get(at)?.c == '%').then_some(())?;
            let low = self.seen.get(at + 2)?;
            let value = self.seen.get(at + 1)?.c.to_digit(16)? * 16 + low.c.to_digit(16)?;
            *bytes.get_mut(index)? = u8::try_from(value).ok()?;
            if index == 0 {
                length = utf8_length(value)?;
            }
            end = low.end;
            index += 1;
        }
        let c = std::str::from_utf8(bytes.get(..length)?).ok()?.chars().next()?;
        (is_label(c) || matches!(c, '.' | '~')).then_some(())?;
        self.out.push(Unit { c, start: first.start, end, written: Written::Escaped });
        self.at += 3 * length;
        Some(())
    }

    /// `[.]`, `( dot )`, `[:]//`: one of [`BRACKETED`] between brackets of any kind; the spaces
    /// around a dot behind a label belong to it.
    fn bracketed(&mut self, open: Unit) -> Option<()> {
        let mut at = self.skip_space(self.at + 1);
        let mut word = String::new();
        while let Some(unit) = self.seen.get(at).filter(|unit| !ends_bracketed(unit.c)) {
            if word.chars().count() == BRACKETED_MAX {
                return None;
            }
            word.extend(unit.c.to_lowercase());
            at += 1;
        }
        at = self.skip_space(at);
        let close =
            self.seen.get(at).filter(|unit| matches!(unit.c, ']' | ')' | '}' | '】' | '〕'))?;
        let (_, stands_for) = BRACKETED.iter().find(|(written, _)| *written == word)?;
        let mut range = (open.start, close.end);
        at += 1;
        let before = self.out.iter().rposition(|unit| unit.c != ' ');
        let after = self.skip_space(at);
        let before_is_label =
            before.and_then(|index| self.out.get(index)).is_some_and(|unit| unit.is_label());
        if *stands_for == "." && before_is_label {
            self.out.truncate(before.map_or(0, |index| index + 1));
            range = (self.out.last()?.end, self.seen.get(after)?.start);
            at = after;
        }
        let (start, end) = range;
        let written = Written::Disguised;
        self.out.extend(stands_for.chars().map(|c| Unit { c, start, end, written }));
        self.at = at;
        Some(())
    }

    /// `t\.me/some\_name` as bots send it, and `https:\/\/` out of JSON.
    fn backslash(&mut self, first: Unit) -> Option<()> {
        let next =
            self.seen.get(self.at + 1).filter(|unit| matches!(unit.c, '.' | '_' | '-' | '/'));
        let next = *next?;
        self.out.push(Unit { start: first.start, written: Written::Disguised, ..next });
        self.at += 2;
        Some(())
    }

    fn skip_space(&self, at: usize) -> usize {
        let space = self.seen.get(at).is_some_and(|unit| unit.c == ' ');
        at + usize::from(space)
    }
}

/// What stands in brackets, and what is meant.
const BRACKETED: [(&str, &str); 9] = [
    (".", "."),
    ("。", "."),
    ("dot", "."),
    ("точка", "."),
    ("点", "."),
    ("點", "."),
    (":", ":"),
    ("/", "/"),
    ("://", "://"),
];

/// Characters of the longest of [`BRACKETED`].
const BRACKETED_MAX: usize = 5;

fn ends_bracketed(c: char) -> bool {
    c.is_whitespace() || matches!(c, ']' | ')' | '}' | '】' | '〕')
}

fn utf8_length(first: u32) -> Option<usize> {
    match first {
        0x00..=0x7F => Some(1),
        0xC2..=0xDF => Some(2),
        0xE0..=0xEF => Some(3),
        0xF0..=0xF4 => Some(4),
        _ => None,
    }
}

/// Nothing to see: default-ignorable characters, fillers, and the strokes that are laid over
/// letters (`t̶.̶m̶e̶`), which no host may hold.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}'
        | '\u{0305}' | '\u{0332}'..='\u{0338}' | '\u{20D0}'..='\u{20F0}')
}

/// The character a compatibility form stands for, where it is one that links are made of.
pub(super) fn compatible(c: char) -> char {
    match c {
        '\u{2010}' | '\u{2011}' => return '-',
        '\u{2044}' | '\u{2215}' => return '/',
        '\u{2236}' | '\u{A789}' => return ':',
        '\u{1F150}'..='\u{1F169}' => return enclosed(c, 0x1F150),
        '\u{1F170}'..='\u{1F189}' => return enclosed(c, 0x1F170),
        _ => {}
    }
    if !may_be_compatible(c) {
        return c;
    }
    let mut forms = std::iter::once(c).nfkc();
    match (forms.next(), forms.next()) {
        (Some(one), None) if is_label(one) || "./:%@[](){}。 ".contains(one) => one,
        _ => c,
    }
}

/// False for the blocks that most text is written in and that hold no form of a Latin letter or of
/// a sign of links: the full look-up costs more than all else for a character.
fn may_be_compatible(c: char) -> bool {
    !matches!(c, '\u{C0}'..='\u{1FF}' | '\u{370}'..='\u{1CFF}' | '\u{3041}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
        || c == '\u{17F}'
}

/// A letter in a black circle or square; `first` is the one that holds A.
fn enclosed(c: char, first: u32) -> char {
    char::from_u32(u32::from(c) - first + u32::from('a')).unwrap_or(c)
}

/// The writing a letter belongs to, as far as it tells where a link begins and ends; `None` for
/// digits, marks and signs, which go with any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// A to Z and its kin.
    Latin,
    /// Scripts whose words stand glued to a link without a space often: Chinese, Japanese,
    /// Korean, Thai, Arabic and the like.
    Glued(Script),
    /// Any other.
    Other(Script),
}

/// The writing of a character.
pub(super) fn writing(c: char) -> Option<Writing> {
    if c.is_ascii() {
        return c.is_ascii_alphabetic().then_some(Writing::Latin);
    }
    match c.script() {
        Script::Common | Script::Inherited | Script::Unknown => None,
        Script::Latin => Some(Writing::Latin),
        Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo => {
            Some(Writing::Glued(Script::Han))
        }
        script @ (Script::Thai
        | Script::Lao
        | Script::Khmer
        | Script::Myanmar
        | Script::Arabic
        | Script::Hebrew) => Some(Writing::Glued(script)),
        script => Some(Writing::Other(script)),
    }
}

/// The letter a-z that this one looks like, in one case or the other; lower case. Only letters
/// that somebody who reads a host takes for the Latin one, so that `и` and `ш` are not here.
pub(super) fn look_alike(c: char) -> Option<char> {
    let index = LOOK_ALIKES.binary_search_by_key(&c, |&(odd, _)| odd).ok()?;
    LOOK_ALIKES.get(index).map(|&(_, plain)| plain)
}

/// Sorted by the first. Small letters only stand here where capitals do too: a host has no case.
#[rustfmt::skip]
const LOOK_ALIKES: [(char, char); 101] = [
    ('ı', 'i'), ('ſ', 's'), ('ƅ', 'b'), ('ȷ', 'j'), ('ɑ', 'a'), ('ɡ', 'g'), ('ɢ', 'g'), ('ɩ', 'i'), ('ɪ', 'i'),
    ('ɴ', 'n'), ('ʀ', 'r'), ('ʏ', 'y'), ('ʙ', 'b'), ('ʜ', 'h'), ('ʟ', 'l'),
    ('Α', 'a'), ('Β', 'b'), ('Ε', 'e'), ('Ζ', 'z'), ('Η', 'h'), ('Ι', 'i'), ('Κ', 'k'), ('Μ', 'm'), ('Ν', 'n'),
    ('Ο', 'o'), ('Ρ', 'p'), ('Τ', 't'), ('Υ', 'y'), ('Χ', 'x'),
    ('α', 'a'), ('β', 'b'), ('γ', 'y'), ('ε', 'e'), ('η', 'n'), ('ι', 'i'), ('κ', 'k'), ('ν', 'v'), ('ο', 'o'),
    ('ρ', 'p'), ('τ', 't'), ('υ', 'u'), ('χ', 'x'),
    ('Ѕ', 's'), ('І', 'i'), ('Ј', 'j'), ('А', 'a'), ('В', 'b'), ('Е', 'e'), ('К', 'k'), ('М', 'm'), ('Н', 'h'),
    ('О', 'o'), ('Р', 'p'), ('С', 'c'), ('Т', 't'), ('У', 'y'), ('Х', 'x'),
    ('а', 'a'), ('в', 'b'), ('г', 'r'), ('е', 'e'), ('к', 'k'), ('м', 'm'), ('н', 'h'), ('о', 'o'), ('п', 'n'),
    ('р', 'p'), ('с', 'c'), ('т', 't'), ('у', 'y'), ('х', 'x'), ('ѕ', 's'), ('і', 'i'), ('ј', 'j'), ('ѵ', 'v'),
    ('һ', 'h'), ('Ӏ', 'l'), ('ӏ', 'l'), ('ԁ', 'd'), ('ԛ', 'q'), ('ԝ', 'w'),
    ('ᴀ', 'a'), ('ᴄ', 'c'), ('ᴅ', 'd'), ('ᴇ', 'e'), ('ᴊ', 'j'), ('ᴋ', 'k'), ('ᴍ', 'm'), ('ᴏ', 'o'), ('ᴘ', 'p'),
    ('ᴛ', 't'), ('ᴜ', 'u'), ('ᴠ', 'v'), ('ᴡ', 'w'), ('ᴢ', 'z'), ('ᴦ', 'r'), ('ꜰ', 'f'), ('ꜱ', 's'), ('ꟾ', 'i'),
    ('ꮃ', 'w'), ('ꮯ', 'c'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_sorted_so_that_each_is_found() {
        for (odd, plain) in LOOK_ALIKES {
            assert_eq!(look_alike(odd), Some(plain), "{odd} U+{:04X}", u32::from(odd));
            assert!(plain.is_ascii_lowercase() && !odd.is_ascii());
        }
        assert_eq!(look_alike('и'), None);
        assert_eq!(look_alike('a'), None);
    }

    #[test]
    fn blocks_that_are_passed_over_hold_no_form_of_what_links_are_made_of() {
        let skipped = ('\0'..=char::MAX).filter(|&c| !c.is_ascii() && !may_be_compatible(c));
        for c in skipped {
            let mut forms = std::iter::once(c).nfkc();
            let form = (forms.next(), forms.next());
            let ascii = matches!(form, (Some(one), None) if one.is_ascii_alphanumeric() || "./:%@".contains(one));
            assert!(!ascii, "U+{:04X} is {form:?}", u32::from(c));
        }
    }
}
