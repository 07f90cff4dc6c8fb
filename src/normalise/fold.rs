//! The fold: text to glyphs. A glyph is one folded character that knows where it came from.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{
    canonical_combining_class, compose, decompose_canonical, decompose_compatible,
    is_combining_mark,
};
use unicode_script::Script;

use super::{emoji, tables};

/// What a folded character is to words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A letter, case folded.
    Letter,
    /// A mark that its script keeps; belongs to the letter before it.
    Mark,
    /// An ASCII digit, whatever it was.
    Digit,
    /// A character of an emoji sequence or of a flag.
    Emoji,
    /// A letter emoji, or a regional indicator without its flag: a word of its own in `folded`, a
    /// letter in `unmasked`.
    EmojiLetter,
    /// White space within a line, or a blank filler.
    Space,
    /// A line end.
    Line,
    /// Everything else separates too.
    Other,
}

/// One folded character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    /// Folded; one space for white space.
    pub(crate) ch: char,
    /// What it is.
    pub(crate) kind: Kind,
    /// Byte range of the written character with its marks; a character that folds to several gives
    /// all of them its whole range.
    pub(crate) range: Range<usize>,
    /// The base character as written, for its glyph.
    pub(crate) shown: char,
    /// Came out of a compatibility form (a mathematical letter, a ligature, full width).
    pub(crate) compat: bool,
    /// Goes on the word of the glyph before it: joined emoji, the second half of a flag.
    pub(crate) joined: bool,
}

impl Glyph {
    /// Letters, marks and digits make words.
    pub(crate) fn in_word(&self) -> bool {
        matches!(self.kind, Kind::Letter | Kind::Mark | Kind::Digit)
    }

    /// One character cluster of a script that puts no spaces between words.
    pub(crate) fn spaceless(&self) -> bool {
        self.kind == Kind::Letter && is_spaceless(self.ch)
    }
}

/// The first letter of Thai.
pub(super) const FIRST_SPACELESS: char = '\u{E01}';

/// Scripts without spaces, of design section 7. The prolonged sound mark belongs to kana though
/// Unicode calls it common.
pub(crate) fn is_spaceless(c: char) -> bool {
    // Asked of every letter; those of Latin, Greek, Cyrillic, Arabic and Hindi stand before all of these.
    if c < FIRST_SPACELESS {
        return false;
    }
    let named = matches!(
        tables::script(c),
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
    );
    named || matches!(c, 'ー' | '〆')
}

pub(crate) fn is_hangul(c: char) -> bool {
    tables::script(c) == Script::Hangul
}

/// Scripts whose marks the fold takes off.
pub(super) fn loses_marks(script: Script) -> bool {
    matches!(
        script,
        Script::Latin | Script::Greek | Script::Cyrillic | Script::Arabic | Script::Hebrew
    )
}

fn unscripted(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// Characters that nobody sees: default ignorable, format and control characters; and tatweel, which
/// only stretches a word. White space is not among them, nor are the blank fillers, which do take
/// room.
pub(crate) fn is_invisible(c: char) -> bool {
    let control = c.is_control() && !c.is_whitespace();
    control
        || c == 'ـ'
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// White space that ends a line.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Hangul fillers and the blank braille cell look like spaces.
fn is_filler(c: char) -> bool {
    matches!(c, '\u{3164}' | '\u{FFA0}' | '\u{2800}')
}

/// Letters, marks and digits of any form, as they come.
pub(crate) fn is_word_char(c: char) -> bool {
    matches!(kind_of(c), Kind::Letter | Kind::Mark | Kind::Digit) || tables::digit(c).is_some()
}

fn kind_of(c: char) -> Kind {
    if emoji::letters(c).is_some() {
        return Kind::EmojiLetter;
    }
    match c {
        _ if c.is_ascii_digit() => Kind::Digit,
        _ if is_line_end(c) => Kind::Line,
        _ if c.is_whitespace() => Kind::Space,
        _ if is_combining_mark(c) => Kind::Mark,
        // Typographic twin of the apostrophe; a letter to Unicode, but `п'ять` is written with both.
        '\u{2BC}' => Kind::Other,
        _ if c.is_alphabetic() => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Folds a text to glyphs.
pub(crate) fn glyphs(text: &str) -> Vec<Glyph> {
    glyphs_at(text, 0)
}

/// Folds a part of a text that begins at byte `start` of the whole.
pub(super) fn glyphs_at(text: &str, start: usize) -> Vec<Glyph> {
    let mut folder = Folder::default();
    for (at, c) in text.char_indices() {
        let at = start + at;
        folder.take(c, at..at + c.len_utf8());
    }
    folder.flush();
    settle_flags(&mut folder.out);
    folder.out
}

/// Does it belong to what stands before it, if anything does?
pub(super) fn hangs(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(c);
    let jamo =
        ('\u{1161}'..='\u{1175}').contains(&first) || ('\u{11A8}'..='\u{11C2}').contains(&first);
    !is_filler(c) && (is_combining_mark(first) || jamo)
}

/// A mark that is one character however it is written.
pub(super) fn is_plain_mark(c: char) -> bool {
    is_combining_mark(c) && has_one_form(c) && c.to_lowercase().eq([c])
}

/// Does this mark, on nothing or on a sign, go?
pub(super) fn is_unscripted_mark(mark: char) -> bool {
    let script = tables::script(mark);
    unscripted(script) || loses_marks(script)
}

/// A mark in folded text.
pub(super) fn is_kept_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

#[derive(Default)]
struct Folder {
    out: Vec<Glyph>,
    /// A base and what hangs on it, not yet folded.
    open: String,
    open_range: Range<usize>,
    /// The last visible character was an emoji (its tones and selectors do not change that), …
    after_emoji: bool,
    /// … and a joiner came since.
    joiner: bool,
}

impl Folder {
    fn take(&mut self, c: char, range: Range<usize>) {
        if emoji::is_joiner(c) {
            self.joiner = true;
        } else if is_invisible(c) {
            self.select(c, range.end);
        } else if emoji::is_emoji(c) || emoji::letters(c).is_some() {
            self.take_emoji(c, range);
        } else if self.hangs_on(c) {
            self.open.push(c);
            self.open_range.end = range.end;
        } else {
            self.flush();
            self.open.push(c);
            self.open_range = range;
            (self.after_emoji, self.joiner) = (false, false);
        }
    }

    /// A selector behind an emoji belongs to it; anything else that nobody sees belongs to nothing.
    fn select(&mut self, c: char, end: usize) {
        let selector = matches!(c, '\u{FE0E}' | '\u{FE0F}') && self.after_emoji;
        if let Some(last) = self.out.last_mut().filter(|_| selector) {
            last.range.end = end;
        }
    }

    fn take_emoji(&mut self, c: char, range: Range<usize>) {
        self.flush();
        if self.after_emoji && emoji::is_tone(c) {
            if let Some(last) = self.out.last_mut() {
                last.range.end = range.end;
            }
            return;
        }
        let letter = emoji::letters(c).is_some();
        let kind = if letter { Kind::EmojiLetter } else { Kind::Emoji };
        let joined = self.after_emoji && self.joiner && !letter;
        self.out.push(Glyph { ch: c, kind, range, shown: c, compat: false, joined });
        (self.after_emoji, self.joiner) = (!letter, false);
    }

    /// Marks belong to what stands before them, and so do the later parts of a Hangul syllable:
    /// nothing else composes with a character before it.
    fn hangs_on(&self, c: char) -> bool {
        !c.is_ascii() && !self.open.is_empty() && hangs(c)
    }

    fn flush(&mut self) {
        let mut open = self.open.chars();
        let Some(shown) = open.next() else { return };
        if let Some(ch) = fold_simple(shown).filter(|_| open.next().is_none()) {
            self.push(ch, shown, false);
        } else {
            let compat = is_compat(shown);
            for ch in fold_open(&self.open) {
                self.push(ch, shown, compat);
            }
        }
        self.open.clear();
    }

    fn push(&mut self, ch: char, shown: char, compat: bool) {
        let kind = kind_of(ch);
        let ch = if matches!(kind, Kind::Space | Kind::Line) { ' ' } else { ch };
        let range = self.open_range.clone();
        self.out.push(Glyph { ch, kind, range, shown, compat, joined: false });
    }
}

/// What [`fold_open`] makes of a character alone that has no other form but its lower case: nearly
/// all that people write. The full way costs several allocations for each.
fn fold_simple(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    let mut lower = c.to_lowercase();
    let lower = lower.next().filter(|_| lower.next().is_none())?;
    let plain = own_form(c).is_none() && has_one_form(c) && has_one_form(lower);
    let other = is_combining_mark(lower) || matches!(lower, 'ß' | 'ـ');
    (plain && !other).then(|| unify(lower))
}

/// Has neither a canonical nor a compatibility form but itself.
fn has_one_form(c: char) -> bool {
    let mut itself = true;
    decompose_compatible(c, |part| itself &= part == c);
    itself
}

/// Has a compatibility form that is not just the canonical one.
fn is_compat(c: char) -> bool {
    let (mut plain, mut compat) = (Vec::new(), Vec::new());
    decompose_canonical(c, |part| plain.push(part));
    decompose_compatible(c, |part| compat.push(part));
    plain != compat
}

/// What NFKC makes of it, except where that would glue a sign to the word before it or put
/// brackets between the letters of one word.
fn own_form(c: char) -> Option<char> {
    let code = u32::from(c);
    let letter = |from: u32| char::from_u32(u32::from('a') + code - from);
    match code {
        // `brand™` and `brand℠` are the brand, as `brand®` is.
        0x2122 | 0x2120 => Some('\u{AE}'),
        // Letters in brackets are one letter each, as circled ones are.
        0x249C..=0x24B5 => letter(0x249C),
        0x1F110..=0x1F129 => letter(0x1F110),
        _ if is_filler(c) => Some(' '),
        _ => None,
    }
}

/// Folds a base with what hangs on it.
fn fold_open(open: &str) -> Vec<char> {
    let known = open.chars().map(|c| own_form(c).unwrap_or(c));
    let mut folded = String::new();
    let mut marks = Marks::default();
    for c in known.nfkd().flat_map(char::to_lowercase).nfkd() {
        match c {
            'ß' => folded.push_str("ss"),
            // The nukta marks a foreign sound and is left out at will; a tatweel is left of some
            // compatibility forms of Arabic marks.
            '\u{93C}' | 'ـ' => continue,
            _ if is_combining_mark(c) => {
                if marks.keeps(c) {
                    folded.push(c);
                }
                continue;
            }
            _ => folded.push(unify(c)),
        }
        marks = Marks { base: Some(unify(c)), ..Marks::default() };
    }
    folded.nfc().collect()
}

/// One form for letters that writers and keyboards mix: final sigma, forms of alef, yeh and kaf,
/// digits of all scripts. Forms with a mark (أ, ئ) have lost it as any Arabic letter does.
fn unify(c: char) -> char {
    match c {
        'ς' => 'σ',
        'ٱ' | 'ٲ' | 'ٳ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ک' | 'ڪ' => 'ك',
        _ => tables::digit(c).unwrap_or(c),
    }
}

/// Which marks stay on a base.
#[derive(Default)]
struct Marks {
    base: Option<char>,
    last_class: u8,
    /// The base has the mark that makes it a letter of its own.
    own: bool,
}

impl Marks {
    /// Decides on the next mark, in canonical order.
    fn keeps(&mut self, mark: char) -> bool {
        let class = canonical_combining_class(mark);
        // Behind a mark of its own class it does not reach the base.
        let blocked = class != 0 && class == self.last_class;
        self.last_class = class;
        let base = self.base.filter(|base| base.is_alphabetic());
        let script = base.map_or(Script::Common, tables::script);
        if loses_marks(script) {
            let whole = self.base.and_then(|base| compose(base, mark));
            // A mark of another script between two of one class lifts the block, not the rule that
            // such a letter has one mark.
            let keeps = !blocked && !self.own && whole.is_some_and(tables::is_own);
            self.own |= keeps;
            return keeps;
        }
        // A mark on nothing, on a digit or on a sign goes by its own script.
        let deciding = if unscripted(script) { tables::script(mark) } else { script };
        !unscripted(deciding) && !loses_marks(deciding)
    }
}

/// A run of regional indicators that is made of flags alone is flags; in any other run all are
/// letters, or a pair like BL inside a spelt word would eat its letters.
fn settle_flags(glyphs: &mut [Glyph]) {
    let touching = |left: &Glyph, right: &Glyph| is_region(left) && is_region(right);
    for run in glyphs.chunk_by_mut(touching) {
        let flags = run.chunks(2).all(|pair| match pair {
            [first, second] => emoji::is_flag(first.ch, second.ch),
            _ => false,
        });
        if !flags {
            continue;
        }
        for (at, glyph) in run.iter_mut().enumerate() {
            (glyph.kind, glyph.joined) = (Kind::Emoji, at % 2 == 1);
        }
    }
}

fn is_region(glyph: &Glyph) -> bool {
    emoji::region_letter(glyph.ch).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_of_its_own_keeps_one_mark() {
        let fold = |text: &str| glyphs(text).iter().map(|glyph| glyph.ch).collect::<String>();
        assert_eq!(fold("n\u{303}\u{93F}\u{303}"), "ñ");
        assert_eq!(fold("n\u{303}\u{303}"), "ñ");
        assert_eq!(fold("a\u{30A}\u{93F}\u{308}"), "å");
    }

    #[test]
    fn the_short_way_to_fold_a_character_is_the_long_one() {
        for c in '\0'..=char::MAX {
            if let Some(short) = fold_simple(c) {
                assert_eq!(
                    fold_open(c.encode_utf8(&mut [0; 4])),
                    [short],
                    "U+{:04X}",
                    u32::from(c)
                );
                assert!(!is_compat(c), "U+{:04X}", u32::from(c));
            }
        }
    }
}
