//! What the fold makes of each character alone: asked of the slow truth once, then looked up.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical};
use unicode_script::Script;

use super::fold::{self, Glyph, Kind};
use super::{emoji, letters, odd, tables};

/// What a character is to a text that is folded in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// One letter, or several of one script.
    Letter,
    Digit,
    Space,
    Line,
    /// Separates.
    Other,
    /// Separates, and counts as several characters.
    Others,
    /// Separates; a letter to odd words.
    Sign,
    /// The same between letters only.
    InnerSign,
    /// Left out between letters by odd words.
    Dot,
    /// `|`, which is both.
    Pipe,
    Emoji,
    Tone,
    EmojiLetter,
    Joiner,
    /// Makes nothing; belongs to an emoji before it.
    Selector,
    /// Makes nothing.
    Invisible,
    /// Hangs on the character before it.
    Mark,
    /// A letter and a mark in one, which stay apart: see [`Table::parts`].
    Marked,
    /// Not to be understood alone.
    Strange,
}

impl Class {
    /// Does a mark behind it hang on it?
    pub(super) fn takes_marks(self) -> bool {
        !matches!(
            self,
            Self::Mark
                | Self::Marked
                | Self::Invisible
                | Self::Joiner
                | Self::Selector
                | Self::Emoji
                | Self::Tone
                | Self::EmojiLetter
        )
    }
}

/// A letter with the glyph of a letter of another script.
pub(super) const ALIKE: u8 = 1;
/// A word with it is odd by that alone.
pub(super) const SMALL: u8 = 2;
/// Came out of a compatibility form.
pub(super) const COMPAT: u8 = 4;
/// A letter with a mark that stands for itself.
pub(super) const OWN: u8 = 8;
/// Of a script without spaces.
pub(super) const SPACELESS: u8 = 16;
/// A letter that is a sign too.
pub(super) const SIGN: u8 = 32;
/// A letter of Hangul.
pub(super) const KOREAN: u8 = 64;

/// A letter whose script loses its marks; a mark that goes from what is no letter.
pub(super) const LOSES_MARKS: u8 = 128;
/// Of a mark: it makes another character of some.
pub(super) const COMPOSES: u8 = 1;

/// What a character folds to alone.
#[derive(Clone, Copy, Debug)]
#[repr(align(8))] // one load
pub(super) struct Fold {
    pub(super) text: [u8; 4],
    /// Bytes of the text that count, [`PLAIN`], and sixteen times the letters that it makes.
    sizes: u8,
    pub(super) class: Class,
    /// Number of its script; 0 for what has none of its own. Of a mark, its combining class.
    pub(super) script: u8,
    pub(super) bits: u8,
}

/// One letter of a script with spaces, and nothing else: what nearly every character is.
const PLAIN: u8 = 8;

const NOTHING: Fold = Fold { text: [0; 4], sizes: 0, class: Class::Strange, script: 0, bits: 0 };

impl Fold {
    /// The folded bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.get(..self.size()).unwrap_or_default()
    }

    /// How many bytes they are.
    pub(super) fn size(&self) -> usize {
        usize::from(self.sizes & 7)
    }

    /// Letters that it makes.
    pub(super) fn letters(&self) -> u8 {
        self.sizes >> 4
    }

    /// The folded text.
    pub(super) fn str(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// Its first character, and what is behind it. One byte is one of ASCII, and needs no look at what it is.
    pub(super) fn first(&self) -> Option<(char, &str)> {
        if let [byte] = self.bytes() {
            return Some((char::from(*byte), ""));
        }
        let mut chars = self.str().chars();
        chars.next().map(|first| (first, chars.as_str()))
    }

    /// One letter of a script with spaces, and nothing else.
    pub(super) fn is_plain_letter(&self) -> bool {
        self.sizes & PLAIN != 0
    }

    /// The combining class of a mark.
    pub(super) fn mark_class(&self) -> u8 {
        self.script
    }

    /// The glyph of a character that makes one, is no letter, and stands for itself alone.
    pub(super) fn glyph(&self, shown: char, range: Range<usize>) -> Option<Glyph> {
        let kind = match self.class {
            Class::Digit => Kind::Digit,
            Class::Space => Kind::Space,
            Class::Line => Kind::Line,
            Class::Other | Class::Sign | Class::InnerSign | Class::Dot | Class::Pipe => Kind::Other,
            _ => return None,
        };
        let compat = self.bits & COMPAT != 0;
        let (ch, _) = self.first()?;
        Some(Glyph { ch, kind, range, shown, compat, joined: false })
    }
}

/// Characters in a row that share what they fold to, where they fold to themselves.
const BLOCK: usize = 128;

/// Every character, by blocks.
#[derive(Debug)]
pub(super) struct Table {
    ascii: [Fold; 128],
    /// Those of two bytes and ASCII once more: one load for most letters.
    low: Vec<Fold>,
    blocks: Vec<u16>,
    folds: Vec<Fold>,
    scripts: Vec<Script>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

/// The table.
pub(super) fn table() -> &'static Table {
    &TABLE
}

impl Table {
    fn build() -> Self {
        let mut table = Self {
            ascii: [NOTHING; 128],
            low: Vec::new(),
            blocks: Vec::new(),
            folds: vec![NOTHING; BLOCK],
            scripts: vec![Script::Common],
        };
        let composing = composing();
        for start in (0..0x11_0000_u32).step_by(BLOCK) {
            let codes = (start..).take(BLOCK).map(char::from_u32);
            let alone = |c: Option<char>| c.map_or(NOTHING, |c| table.alone(c, &composing));
            let block: Vec<Fold> = codes.map(alone).collect();
            let plain = block.iter().all(|fold| fold.class == Class::Strange);
            let number = if plain { 0 } else { table.folds.len() / BLOCK };
            if !plain {
                table.folds.extend(block);
            }
            table.blocks.push(u16::try_from(number).unwrap_or_default());
        }
        let low = ('\0'..'\u{800}').map(|c| table.get(c)).collect();
        table.low = low;
        let ascii = (0..128).map(|byte| table.get(char::from(byte)));
        for (byte, fold) in ascii.collect::<Vec<Fold>>().into_iter().enumerate() {
            if let Some(to) = table.ascii.get_mut(byte) {
                *to = fold;
            }
        }
        table
    }

    /// What an ASCII character folds to alone.
    #[inline]
    pub(super) fn ascii(&self, byte: u8) -> Fold {
        self.ascii.get(usize::from(byte & 0x7F)).copied().unwrap_or(NOTHING)
    }

    /// What a character folds to alone.
    #[inline]
    pub(super) fn get(&self, c: char) -> Fold {
        self.of_code(u32::from(c))
    }

    /// What a character of two bytes folds to alone, by its number.
    #[inline]
    pub(super) fn low(&self, code: u32) -> Fold {
        let at = usize::try_from(code).unwrap_or_default();
        self.low.get(at).copied().unwrap_or(NOTHING)
    }

    /// What a character folds to alone, by its number.
    #[inline]
    pub(super) fn of_code(&self, code: u32) -> Fold {
        let code = usize::try_from(code).unwrap_or_default();
        let block = self.blocks.get(code / BLOCK).copied().unwrap_or_default();
        let at = usize::from(block) * BLOCK + code % BLOCK;
        self.folds.get(at).copied().unwrap_or(NOTHING)
    }

    /// The character beyond ASCII at a place of a text, by its number, what it folds to, and the place
    /// behind it.
    #[inline(always)] // else it goes through memory for each character
    pub(super) fn beyond(&self, text: &[u8], at: usize) -> Option<(u32, Fold, usize)> {
        let byte = *text.get(at)?;
        if byte.is_ascii() {
            return None;
        }
        let tail = |at: usize| text.get(at).map_or(0, |byte| u32::from(byte & 0x3F));
        let (head, second) = (u32::from(byte), tail(at + 1));
        if byte < 0xE0 {
            let code = (head & 0x1F) << 6 | second;
            return Some((code, self.low(code), at + 2));
        }
        let (code, size) = if byte < 0xF0 {
            ((head & 0xF) << 12 | second << 6 | tail(at + 2), 3)
        } else {
            ((head & 7) << 18 | second << 12 | tail(at + 2) << 6 | tail(at + 3), 4)
        };
        Some((code, self.of_code(code), at + size))
    }

    /// What a letter and a mark in one fold to apart, and the mark.
    pub(super) fn parts(&self, c: char) -> Option<(Fold, (char, Fold))> {
        let (letter, mark) = parts(c)?;
        Some((self.get(letter), (mark, self.get(mark))))
    }

    /// The script of a number.
    pub(super) fn script(&self, number: u8) -> Script {
        self.scripts.get(usize::from(number)).copied().unwrap_or(Script::Unknown)
    }

    fn alone(&mut self, c: char, composing: &HashSet<char>) -> Fold {
        // Unassigned and private: nothing is lost by the long way.
        if !c.is_ascii() && tables::script(c) == Script::Unknown {
            return NOTHING;
        }
        let class = |class| Fold { class, ..NOTHING };
        if emoji::is_joiner(c) {
            return class(Class::Joiner);
        }
        if matches!(c, '\u{FE0E}' | '\u{FE0F}') {
            return class(Class::Selector);
        }
        if emoji::region_letter(c).is_some() {
            return NOTHING;
        }
        let glyphs = fold::glyphs(c.encode_utf8(&mut [0; 4]));
        if fold::is_invisible(c) {
            return class(Class::Invisible);
        }
        if fold::hangs(c) {
            let plain = fold::is_plain_mark(c) || is_whole_mark(c, composing);
            return if plain { mark(c, composing) } else { NOTHING };
        }
        match glyphs.as_slice() {
            [] => class(Class::Invisible),
            [only] => self.one(c, only),
            several => self.several(c, several),
        }
    }

    fn one(&mut self, c: char, glyph: &Glyph) -> Fold {
        let sign = letters::is_sign(glyph.ch, glyph.shown);
        let class = match glyph.kind {
            Kind::Letter => return self.letters(std::slice::from_ref(glyph)),
            Kind::Digit => Class::Digit,
            Kind::Mark => Class::Strange,
            Kind::Emoji if emoji::is_tone(c) => Class::Tone,
            Kind::Emoji => Class::Emoji,
            Kind::EmojiLetter => Class::EmojiLetter,
            Kind::Space => Class::Space,
            Kind::Line => Class::Line,
            Kind::Other if sign => Class::Sign,
            Kind::Other if glyph.ch == '|' => Class::Pipe,
            Kind::Other if letters::is_inner_sign(glyph.ch) => Class::InnerSign,
            Kind::Other if odd::is_dot(glyph.ch) => Class::Dot,
            Kind::Other => Class::Other,
        };
        let bits = if sign { SIGN } else { 0 } | if glyph.compat { COMPAT } else { 0 };
        written(Fold { class, bits, ..NOTHING }, &[glyph.ch])
    }

    fn several(&mut self, shown: char, glyphs: &[Glyph]) -> Fold {
        let special = |glyph: &Glyph| {
            letters::is_sign(glyph.ch, glyph.shown)
                || letters::is_inner_sign(glyph.ch)
                || odd::is_dot(glyph.ch)
        };
        if glyphs.iter().all(|glyph| glyph.kind == Kind::Other && !special(glyph)) {
            return Fold { class: Class::Others, ..NOTHING };
        }
        if glyphs.iter().all(|glyph| glyph.kind == Kind::Letter) {
            return self.letters(glyphs);
        }
        let folded = glyphs.iter().map(|glyph| glyph.ch);
        match (glyphs, parts(shown)) {
            ([letter, mark], Some(parts))
                if (letter.kind, mark.kind) == (Kind::Letter, Kind::Mark)
                    && folded.eq([parts.0, parts.1]) =>
            {
                Fold { class: Class::Marked, ..NOTHING }
            }
            _ => NOTHING,
        }
    }

    fn letters(&mut self, glyphs: &[Glyph]) -> Fold {
        let Some(first) = glyphs.first() else { return NOTHING };
        let script = tables::script(first.ch);
        let bit = |bit: u8, has: fn(&Glyph) -> bool| {
            if glyphs.iter().any(has) { bit } else { 0 }
        };
        let all_alike = glyphs.iter().all(odd::is_alike);
        let any_alike = glyphs.iter().any(odd::is_alike);
        let spaceless = glyphs.iter().filter(|glyph| glyph.spaceless()).count();
        let one_kind = glyphs.iter().all(|glyph| tables::script(glyph.ch) == script);
        // Several of a script without spaces would be several words.
        let plain = one_kind && all_alike == any_alike && (spaceless == 0 || glyphs.len() == 1);
        if !plain {
            return NOTHING;
        }
        let bits = bit(ALIKE, odd::is_alike)
            | bit(SMALL, |glyph| tables::is_small_capital(glyph.shown))
            | bit(COMPAT, |glyph| glyph.compat)
            | bit(OWN, |glyph| tables::is_own(glyph.ch))
            | bit(SPACELESS, Glyph::spaceless)
            | bit(SIGN, |glyph| letters::is_sign(glyph.ch, glyph.shown))
            | bit(KOREAN, |glyph| fold::is_hangul(glyph.ch))
            | bit(LOSES_MARKS, |glyph| fold::loses_marks(tables::script(glyph.ch)));
        let Some(script) = self.number(script) else { return NOTHING };
        let chars: Vec<char> = glyphs.iter().map(|glyph| glyph.ch).collect();
        written(Fold { class: Class::Letter, script, bits, ..NOTHING }, &chars)
    }

    fn number(&mut self, script: Script) -> Option<u8> {
        if matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
            return Some(0);
        }
        let known = self.scripts.iter().position(|known| *known == script);
        let number = known.unwrap_or(self.scripts.len());
        if known.is_none() {
            self.scripts.push(script);
        }
        u8::try_from(number).ok()
    }
}

/// The two characters that one decomposes to.
fn parts(c: char) -> Option<(char, char)> {
    let mut parts = Vec::with_capacity(2);
    decompose_canonical(c, |part| parts.push(part));
    if let [letter, mark] = parts.as_slice() { Some((*letter, *mark)) } else { None }
}

/// Every character that composes with one before it.
fn composing() -> HashSet<char> {
    let mut out = HashSet::new();
    for c in '\0'..=char::MAX {
        let mut parts = 0;
        decompose_canonical(c, |part| {
            if parts > 0 {
                out.insert(part);
            }
            parts += 1;
        });
    }
    out
}

/// A mark that is several, which come together again whatever stands before them (Tamil ோ).
fn is_whole_mark(c: char, composing: &HashSet<char>) -> bool {
    let mut parts = Vec::new();
    decompose_canonical(c, |part| parts.push(part));
    let first = parts.first().is_some_and(|first| !composing.contains(first));
    let whole = parts.iter().copied().map(Some).reduce(|whole, next| compose(whole?, next?));
    first && whole == Some(Some(c)) && parts.iter().all(|part| fold::is_plain_mark(*part))
}

fn mark(c: char, composing: &HashSet<char>) -> Fold {
    let composes = if composing.contains(&c) { COMPOSES } else { 0 };
    let goes = if fold::is_unscripted_mark(c) { LOSES_MARKS } else { 0 };
    let mut script = 0;
    // Of several the last counts: what comes behind it may move before it.
    decompose_canonical(c, |part| script = canonical_combining_class(part));
    written(Fold { class: Class::Mark, script, bits: composes | goes, ..NOTHING }, &[c])
}

/// Does a mark stay on what stands before it? `None`: it does more than to stay or to go. `class`: of
/// the mark before it, 0 where there is none; `last`: what was folded before it.
pub(super) fn keeps_mark(
    base: &Fold,
    (mark, fold): (char, &Fold),
    class: u8,
    last: impl FnOnce() -> Option<char>,
) -> Option<bool> {
    if base.class != Class::Letter || base.script == 0 {
        return (fold.bits & LOSES_MARKS != 0).then_some(false);
    }
    if mark == '\u{93C}' {
        return Some(false);
    }
    let composes = fold.bits & COMPOSES != 0;
    let with = |last: Option<char>| last.and_then(|last| compose(last, mark));
    if base.bits & LOSES_MARKS != 0 {
        let own = composes && with(base.str().chars().next_back()).is_some_and(tables::is_own);
        return if own { None } else { Some(false) };
    }
    let moves = fold.mark_class() != 0 && fold.mark_class() < class;
    // The first mark composes with what stands right before it or with nothing, as any of class 0
    // does. Of others the long way knows.
    let first = fold.mark_class() == 0 || class == 0;
    let composes = composes && (!first || with(last()).is_some());
    if moves || composes { None } else { Some(true) }
}

/// The same with its folded bytes, where they fit.
fn written(fold: Fold, chars: &[char]) -> Fold {
    let text: String = chars.iter().collect();
    let mut bytes = [0; 4];
    match (bytes.get_mut(..text.len()), u8::try_from(text.len() + 16 * chars.len())) {
        (Some(to), Ok(sizes)) => {
            to.copy_from_slice(text.as_bytes());
            let letter = fold.class == Class::Letter && chars.len() == 1;
            let plain = letter && fold.bits & (SPACELESS | SIGN) == 0;
            Fold { text: bytes, sizes: sizes | if plain { PLAIN } else { 0 }, ..fold }
        }
        _ => NOTHING,
    }
}
