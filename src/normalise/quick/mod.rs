//! One pass over a text to its [`Sketch`]: characters are looked up, words are cut, and what could be
//! odd is handed to the clauses of `odd`, as little of the text as they need. Where a character does
//! not stand for itself alone the slow truth folds the whole text.

use std::collections::HashSet;
use std::ops::Range;

use unicode_script::Script;

use chunks::Chunks;
use glyphs::plain_glyphs;
use spare::Spare;
pub(crate) use spare::reuse;

use super::sketch::{Sketch, Suspects, Token, offset, place};
use super::table::{self, Class, Fold, Table};
use super::views::{Views, views, views_of};
use super::{fold, odd};

mod chunks;
mod glyphs;
mod spare;
#[cfg(test)]
mod tests;

/// The views of a text, as the slow way makes them: glyphs from the table and odd words from the
/// pass, where each character stands for itself alone. `links` as there; `odd`: the odd words, where
/// they are known or not all of them are asked for.
#[must_use]
pub(crate) fn quick_views<'a>(
    text: &'a str,
    links: &[Range<usize>],
    odd: Option<Vec<odd::Odd>>,
) -> Views<'a> {
    let glyphs = match plain_glyphs(text, 0) {
        Some(glyphs) => glyphs,
        None if odd.is_none() => return views(text, links),
        None => fold::glyphs(text),
    };
    let odd = odd.unwrap_or_else(|| {
        let sketch = sketch(text, links);
        let odd = odd_words(&sketch.suspects, text, links);
        reuse(sketch);
        odd
    });
    views_of(text, links, &glyphs, odd)
}

/// The sketch of a text. `links`: byte ranges of the links in it, in order.
#[must_use]
pub(crate) fn sketch(text: &str, links: &[Range<usize>]) -> Sketch {
    let mut pass = Pass::new(text, links);
    if pass.run().is_none() {
        return Sketch::of(&views(text, links));
    }
    pass.finish()
}

/// The odd words among suspects, of this text and these links.
#[must_use]
pub(crate) fn odd_words(suspects: &Suspects, text: &str, links: &[Range<usize>]) -> Vec<odd::Odd> {
    let (stretches, strange) = match suspects {
        Suspects::Known(odd) => return odd.clone(),
        Suspects::Within(stretches, strange) => (stretches, strange),
    };
    if stretches.is_empty() {
        return Vec::new();
    }
    let strange = strange_scripts(strange);
    let odd = |stretch: &Range<usize>| {
        let part = text.get(stretch.clone()).unwrap_or_default();
        let glyphs = plain_glyphs(part, stretch.start);
        let glyphs = glyphs.unwrap_or_else(|| fold::glyphs_at(part, stretch.start));
        odd::odd_in(&glyphs, links, &strange)
    };
    stretches.iter().flat_map(odd).collect()
}

fn strange_scripts(bits: &[u64; 4]) -> HashSet<Script> {
    let numbers = (0..=u8::MAX).filter(|number| {
        let bits = bits.get(usize::from(number / 64)).copied().unwrap_or_default();
        bits >> (number % 64) & 1 == 1
    });
    numbers.map(|number| table::table().script(number)).collect()
}

/// A word that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    is_open: bool,
    start: usize,
    raw_start: usize,
    raw_end: usize,
    script: u8,
    bits: u8,
    letters: u32,
    digits: u32,
    mixed: bool,
    not_alike: bool,
    repeated: bool,
    glued: bool,
    spaceless: bool,
    /// The last two letters, the last first; 0 is none.
    last: [u32; 2],
}

/// What the character before was, invisible ones left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Nothing, or white space.
    Space,
    /// A letter, mark or letter emoji.
    Letter,
    Digit,
    /// A dot or sign right behind a letter.
    Inner,
    Other,
}

struct Pass<'t> {
    text: &'t str,
    links: &'t [Range<usize>],
    table: &'static Table,
    /// Longer than what is folded; `size` bytes count.
    folded: Vec<u8>,
    size: usize,
    tokens: Vec<Token>,
    chunks: Chunks,
    word: Word,
    before: Before,
    /// What marks hang on, and the class of the last mark that is on it already.
    base: Option<Fold>,
    mark_class: u8,
    after_emoji: bool,
    joined: bool,
    /// Scripts with a letter that looks like none of another script.
    strange: [u64; 4],
    /// Words of two to four letters that all look like letters of another script: chunk, script.
    alike: Vec<(usize, u8)>,
    /// Characters since the last word ended, and the last of them.
    since: u32,
    separator: char,
    last_is_number: bool,
    counted: u32,
}

/// Bytes that a character may fold to, with a space before it.
const GROWTH: usize = 5;

impl<'t> Pass<'t> {
    fn new(text: &'t str, links: &'t [Range<usize>]) -> Self {
        let Spare { mut folded, tokens, chunks } = Spare::take();
        // No character of one byte folds to more than one, none of two to more than four.
        folded.resize(2 * text.len() + 2 * GROWTH, 0);
        Self {
            text,
            links,
            table: table::table(),
            folded,
            size: 0,
            tokens,
            chunks,
            word: Word::default(),
            before: Before::Space,
            base: None,
            mark_class: 0,
            after_emoji: false,
            joined: false,
            strange: [0; 4],
            alike: Vec::new(),
            since: 0,
            separator: ' ',
            last_is_number: false,
            counted: 0,
        }
    }

    /// `None`: something does not stand for itself alone.
    fn run(&mut self) -> Option<()> {
        let mut at = 0;
        while let Some((c, fold, end)) = self.next(at) {
            match fold.class {
                Class::Letter if fold.is_plain_letter() => {
                    at = self.letters(fold, at, end);
                    continue;
                }
                Class::Letter => self.letter(&fold, at, end),
                Class::Digit => self.digit(&fold, at, end),
                Class::Space | Class::Line => self.space(fold.class, at),
                Class::Mark => self.mark(c, &fold, end)?,
                Class::Marked => {
                    let (letter, (mark, fold)) = self.table.parts(c)?;
                    self.letter(&letter, at, end);
                    self.settle(letter);
                    self.mark(mark, &fold, end)?;
                }
                Class::Invisible => {}
                Class::Joiner => self.joined = true,
                Class::Selector => self.selector(end),
                Class::Emoji | Class::Tone | Class::EmojiLetter => self.emoji(&fold, at, end),
                Class::Strange => return None,
                _ => self.other(c, fold.class, at),
            }
            if fold.class.takes_marks() {
                self.settle(fold);
            }
            at = end;
        }
        self.close_word();
        self.chunks.close(self.text.len());
        Some(())
    }

    /// The character at a place, what it folds to, and the place behind it.
    #[inline(always)] // else it goes through memory for each character
    fn next(&self, at: usize) -> Option<(char, Fold, usize)> {
        let bytes = self.text.as_bytes();
        let byte = *bytes.get(at)?;
        if byte.is_ascii() {
            return Some((char::from(byte), self.table.ascii(byte), at + 1));
        }
        let (code, fold, end) = self.table.beyond(bytes, at)?;
        Some((char::from_u32(code)?, fold, end))
    }

    /// Marks hang on this one from here on.
    fn settle(&mut self, fold: Fold) {
        self.base = Some(fold);
        self.mark_class = 0;
        (self.after_emoji, self.joined) = (false, false);
    }

    /// Letters in a row, none of them special, from `at` on; the place behind them. Nearly all of
    /// nearly all texts goes through this loop.
    fn letters(&mut self, first: Fold, at: usize, end: usize) -> usize {
        if !self.word.is_open || self.word.spaceless {
            self.begin_word(at, false);
        }
        self.chunks.open.odd |= self.before == Before::Inner;
        let (mut fold, mut end, mut count) = (first, end, 0);
        let mut word = self.word;
        let (mut last, mut before_last) = (word.last[0], word.last[1]);
        // Bits that all letters of one script have, and that any has.
        let (mut all, mut any) = (table::ALIKE, 0);
        loop {
            let code = u32::from_le_bytes(fold.text);
            word.repeated |= last == code && before_last == code;
            (last, before_last) = (code, last);
            all &= fold.bits;
            any |= fold.bits;
            count += 1;
            self.push(fold.text, fold.size());
            let Some((_, next, behind)) = self.next(end) else { break };
            if !next.is_plain_letter() {
                break;
            }
            if next.script != fold.script {
                self.note_script(&mut word, fold.script, all);
                all = table::ALIKE;
            }
            (fold, end) = (next, behind);
        }
        self.note_script(&mut word, fold.script, all);
        word.bits |= any;
        word.last = [last, before_last];
        word.letters += count;
        word.raw_end = end;
        self.word = word;
        self.chunks.solid(at, true);
        self.chunks.open.solid += count - 1;
        self.before = Before::Letter;
        self.settle(fold);
        end
    }

    /// Letters of this script were in a word; `all`: bits that every one of them has.
    fn note_script(&mut self, word: &mut Word, script: u8, all: u8) {
        if script != word.script && script != 0 {
            word.mixed |= word.script != 0;
            word.script = script;
        }
        if all & table::ALIKE == 0 {
            word.not_alike = true;
            self.note_strange(script);
        }
    }

    fn note_strange(&mut self, script: u8) {
        if let Some(bits) = self.strange.get_mut(usize::from(script / 64)) {
            *bits |= 1 << (script % 64);
        }
    }

    #[inline(always)]
    fn push(&mut self, bytes: [u8; 4], size: usize) {
        if let Some(to) = self.folded.get_mut(self.size..).and_then(<[u8]>::first_chunk_mut) {
            *to = bytes;
        }
        self.size += size;
    }

    fn push_space(&mut self) {
        if self.size > 0 {
            self.push([b' ', 0, 0, 0], 1);
        }
    }

    fn folded(&self, range: Range<usize>) -> &str {
        std::str::from_utf8(self.folded.get(range).unwrap_or_default()).unwrap_or_default()
    }

    /// A letter that is more than that: several, a sign too, a cluster of a script without spaces.
    fn letter(&mut self, fold: &Fold, at: usize, end: usize) {
        let spaceless = fold.bits & table::SPACELESS != 0;
        if !self.word.is_open || self.word.spaceless || spaceless {
            self.begin_word(at, spaceless);
        }
        self.chunks.solid(at, true);
        self.chunks.open.odd |= self.before == Before::Inner;
        self.chunks.open.has_sign |= fold.bits & table::SIGN != 0;
        let so_far = self.folded.get(self.word.start..self.size).unwrap_or_default();
        let (repeated, last) = several(so_far, fold);
        let word = &mut self.word;
        word.letters += u32::from(fold.letters());
        word.repeated |= repeated;
        word.last = last;
        if fold.script != 0 {
            word.mixed |= word.script != 0 && word.script != fold.script;
            word.script = fold.script;
        }
        word.bits |= fold.bits;
        word.raw_end = end;
        if fold.bits & table::ALIKE == 0 {
            word.not_alike = true;
            self.note_strange(fold.script);
        }
        self.push(fold.text, fold.size());
        self.before = Before::Letter;
    }

    fn digit(&mut self, fold: &Fold, at: usize, end: usize) {
        if !self.word.is_open || self.word.spaceless {
            self.begin_word(at, false);
        }
        self.chunks.solid(at, false);
        self.word.digits += 1;
        self.word.last = [0; 2];
        self.word.raw_end = end;
        self.push(fold.text, fold.size());
        self.before = Before::Digit;
    }

    fn begin_word(&mut self, at: usize, spaceless: bool) {
        let glued = self.word.is_open;
        self.close_word();
        if !glued {
            self.push_space();
        }
        self.word = Word {
            is_open: true,
            start: self.size,
            raw_start: at,
            raw_end: at,
            glued,
            spaceless,
            ..Word::default()
        };
    }

    fn close_word(&mut self) {
        if !self.word.is_open {
            return;
        }
        let word = self.word;
        self.word.is_open = false;
        if !word.spaceless {
            self.chunks.open.odd |= self.is_odd(&word);
        }
        let number = word.letters == 0;
        let merged = number
            && self.last_is_number
            && self.since == 1
            && matches!(self.separator, '.' | ',' | '\'' | '’' | ':' | '/' | '⁄' | '٫' | '٬');
        self.push_token(&word, merged);
        self.last_is_number = number;
        self.since = 0;
    }

    fn is_odd(&mut self, word: &Word) -> bool {
        const BOTH: u8 = table::COMPAT | table::OWN;
        let mixed = word.mixed || word.bits & table::SMALL != 0 || word.bits & BOTH == BOTH;
        let digits = word.digits > 0 && word.letters >= 2;
        if mixed
            || word.repeated
            || digits && odd::is_odd_digits(self.folded(word.start..self.size))
        {
            return true;
        }
        let alike = !word.not_alike && word.letters >= 2;
        if alike && word.letters < 5 {
            self.alike.push((self.chunks.number(), word.script));
        }
        alike && word.letters >= 5
    }

    fn push_token(&mut self, word: &Word, merged: bool) {
        self.counted += u32::from(!merged && !self.tokens.is_empty());
        self.tokens.push(Token {
            start: offset(word.start),
            end: offset(self.size),
            raw_start: offset(word.raw_start),
            raw_end: offset(word.raw_end),
            counted: self.counted,
            glued: word.glued,
            spaceless: word.spaceless,
            korean: word.bits & table::KOREAN != 0,
        });
    }

    /// A mark on what stands before it. `None`: it does more than to stay or to go.
    fn mark(&mut self, mark: char, fold: &Fold, end: usize) -> Option<()> {
        let base = self.base?;
        let class = fold.mark_class();
        let last = || self.folded(self.word.start..self.size).chars().next_back();
        let kept = table::keeps_mark(&base, (mark, fold), self.mark_class, last)?;
        if mark != '\u{93C}' {
            self.mark_class = class;
        }
        if self.word.is_open {
            self.word.raw_end = end;
            if kept {
                self.push(fold.text, fold.size());
                self.word.last = [0; 2];
                self.before = Before::Letter;
            }
        }
        Some(())
    }

    /// Belongs to the emoji before it.
    fn selector(&mut self, end: usize) {
        if let Some(last) = self.tokens.last_mut().filter(|_| self.after_emoji) {
            last.raw_end = offset(end);
        }
    }

    fn emoji(&mut self, fold: &Fold, at: usize, end: usize) {
        self.close_word();
        self.base = None;
        self.mark_class = 0;
        if fold.class == Class::Tone && self.after_emoji {
            self.selector(end);
            return;
        }
        let letter = fold.class == Class::EmojiLetter;
        if letter {
            self.chunks.solid(at, true);
            self.chunks.open.has_sign = true;
        } else {
            self.chunks.loose(at);
        }
        if self.after_emoji && self.joined && !letter {
            self.push(fold.text, fold.size());
            let size = offset(self.size);
            if let Some(last) = self.tokens.last_mut() {
                (last.end, last.raw_end) = (size, offset(end));
            }
        } else {
            self.push_space();
            let word = Word { start: self.size, raw_start: at, raw_end: end, ..Word::default() };
            self.push(fold.text, fold.size());
            self.push_token(&word, false);
        }
        self.last_is_number = false;
        self.since = 0;
        self.before = if letter { Before::Letter } else { Before::Other };
        (self.after_emoji, self.joined) = (!letter, false);
    }

    fn other(&mut self, c: char, class: Class, at: usize) {
        self.close_word();
        let mut inner = matches!(class, Class::InnerSign | Class::Pipe);
        if class == Class::Sign && !self.is_handle(c, at) {
            self.chunks.solid(at, false);
            self.chunks.open.has_sign = true;
        } else {
            self.chunks.loose(at);
            self.chunks.open.inner += u32::from(inner);
        }
        inner |= class == Class::Dot && !self.is_in_link(at);
        let letter_before = self.before == Before::Letter;
        self.before = if inner && letter_before { Before::Inner } else { Before::Other };
        self.since += if class == Class::Others { 2 } else { 1 };
        self.separator = c;
    }

    fn is_in_link(&self, at: usize) -> bool {
        let after = self.links.partition_point(|link| link.end <= at);
        self.links.get(after).is_some_and(|link| link.start <= at)
    }

    /// `@` and four characters of a handle behind it, and nothing solid before it.
    fn is_handle(&self, c: char, at: usize) -> bool {
        let name = self.text.as_bytes().get(at + 1..at + 5).unwrap_or_default();
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        c == '@' && self.chunks.open.solid == 0 && name.len() == 4 && name.iter().all(part)
    }

    fn space(&mut self, class: Class, at: usize) {
        self.close_word();
        self.chunks.close(at);
        self.before = Before::Space;
        self.since += 1;
        self.separator = if class == Class::Line { '\n' } else { ' ' };
    }

    fn finish(mut self) -> Sketch {
        if !self.links.is_empty() {
            self.merge_links();
        }
        for (chunk, script) in std::mem::take(&mut self.alike) {
            let bits = self.strange.get(usize::from(script / 64)).copied().unwrap_or_default();
            if bits >> (script % 64) & 1 == 0 {
                self.chunks.set_odd(chunk);
            }
        }
        let suspects = Suspects::Within(self.chunks.regions(), self.strange);
        spare::keep_chunks(self.chunks);
        self.folded.truncate(self.size);
        let folded = String::from_utf8(self.folded).unwrap_or_default();
        Sketch { folded, tokens: self.tokens, suspects }
    }

    /// Words of one link are one word, to counting.
    fn merge_links(&mut self) {
        let (mut less, mut last) = (0, None);
        for token in &mut self.tokens {
            let (start, end) = (place(token.raw_start), place(token.raw_end));
            let at = self.links.partition_point(|link| link.end <= start);
            let link = self.links.get(at).filter(|link| link.start < end).map(|_| at);
            // It begins in the link of the word before it.
            less += u32::from(link.is_some() && link == last);
            last = link;
            token.counted = token.counted.saturating_sub(less);
        }
    }
}

/// The letters of one character behind a word: do three become equal, and which are the last?
fn several(before: &[u8], fold: &Fold) -> (bool, [u32; 2]) {
    let text = [before, fold.bytes()].concat();
    let text = std::str::from_utf8(&text).unwrap_or_default();
    let mut last: Vec<char> = text.chars().rev().take(usize::from(fold.letters()) + 2).collect();
    last.reverse();
    let repeated = last.windows(3).any(|three| three.iter().all(|c| Some(c) == three.first()));
    let code = |c: &char| {
        let mut bytes = [0; 4];
        c.encode_utf8(&mut bytes);
        u32::from_le_bytes(bytes)
    };
    let mut back = last.iter().rev().map(code);
    (repeated, [back.next().unwrap_or_default(), back.next().unwrap_or_default()])
}
