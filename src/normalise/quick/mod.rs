//! One pass over a text to its [`Sketch`]: characters are looked up, words are cut, and what could be
//! odd is handed to the clauses of `odd`, as little of the text as they need. Where a character does
//! not stand for itself alone the slow truth folds the whole text.

use std::collections::HashSet;
use std::ops::Range;

use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_script::Script;

use super::sketch::{Sketch, Token};
use super::table::{self, Class, Fold, Table};
use super::views::views;
use super::{fold, odd, tables};

#[cfg(test)]
mod tests;

/// The sketch of a text. `links`: byte ranges of the links in it, in order.
#[must_use]
pub(crate) fn sketch(text: &str, links: &[Range<usize>]) -> Sketch {
    let mut pass = Pass::new(text);
    if pass.run().is_none() {
        return Sketch::of(&views(text, links));
    }
    pass.finish(links)
}

/// A stretch without white space.
#[derive(Clone, Copy, Debug, Default)]
struct Chunk {
    start: usize,
    end: usize,
    /// Could hold an odd word.
    odd: bool,
    /// Begins, or ends, with a letter that touches no other.
    starts_single: bool,
    ends_single: bool,
    /// Is such a letter, or a sign between letters, and nothing else.
    single: bool,
    /// Is three letters at most, and nothing else.
    short: bool,
}

/// What was seen of a chunk so far.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    start: usize,
    odd: bool,
    has_sign: bool,
    has_letter: bool,
    /// Single letters.
    singles: usize,
    /// Letters, digits and signs in a row up to here.
    solid: usize,
    /// The last of them is a letter.
    solid_letter: bool,
    /// Characters that are none, and inner signs among them.
    others: usize,
    inner: usize,
    /// Rows of solid characters that have ended, and the length of the first.
    rows: usize,
    first_row: usize,
    /// Nothing stands before the first row.
    bare_start: bool,
}

/// A word that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    start: usize,
    raw_start: usize,
    raw_end: usize,
    script: u8,
    bits: u8,
    letters: usize,
    digits: usize,
    mixed: bool,
    not_alike: bool,
    repeated: bool,
    glued: bool,
    spaceless: bool,
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
    table: &'static Table,
    folded: String,
    tokens: Vec<Token>,
    chunks: Vec<Chunk>,
    open: Option<Open>,
    word: Option<Word>,
    before: Before,
    /// The character that marks hang on, and the classes of marks that are on it already.
    base: Option<(char, Fold)>,
    mark_class: u8,
    after_emoji: bool,
    joined: bool,
    /// Scripts with a letter that looks like none of another script.
    strange: [u64; 4],
    /// Words of two to four letters that all look like letters of another script: chunk, script.
    alike: Vec<(usize, u8)>,
    /// Characters since the last word ended, and the last of them.
    since: usize,
    separator: char,
    last_is_number: bool,
    counted: usize,
}

impl<'t> Pass<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            table: table::table(),
            folded: String::with_capacity(text.len() + 8),
            tokens: Vec::with_capacity(text.len() / 4),
            chunks: Vec::with_capacity(text.len() / 4),
            open: None,
            word: None,
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
        for (at, c) in self.text.char_indices() {
            let fold = self.table.get(c);
            let end = at + c.len_utf8();
            match fold.class {
                Class::Letter | Class::Digit => self.word_char(&fold, at, end),
                Class::Mark => {
                    self.mark(c, end)?;
                    continue;
                }
                Class::Invisible => continue,
                Class::Joiner => {
                    self.joined = true;
                    continue;
                }
                Class::Selector => {
                    self.selector(end);
                    continue;
                }
                Class::Emoji | Class::Tone | Class::EmojiLetter => self.emoji(&fold, at, end),
                Class::Space | Class::Line => self.space(fold.class, at),
                Class::Strange => return None,
                _ => self.other(c, fold.class, at),
            }
            if !matches!(fold.class, Class::Emoji | Class::Tone | Class::EmojiLetter) {
                self.base = Some((c, fold));
                self.mark_class = 0;
                (self.after_emoji, self.joined) = (false, false);
            }
        }
        self.close_word();
        self.close_chunk(self.text.len());
        Some(())
    }

    fn open(&mut self, at: usize) -> &mut Open {
        self.open.get_or_insert(Open { start: at, ..Open::default() })
    }

    /// A letter, digit, sign or letter emoji.
    fn solid(&mut self, at: usize, letter: bool) {
        let open = self.open(at);
        if open.rows == 0 && open.solid == 0 {
            open.bare_start = open.others == 0;
        }
        open.solid += 1;
        open.solid_letter = letter;
        open.has_letter |= letter;
    }

    /// The row of solid characters ends here.
    fn close_row(&mut self) {
        let Some(open) = self.open.as_mut().filter(|open| open.solid > 0) else { return };
        if open.solid == 1 && open.solid_letter {
            open.singles += 1;
        }
        if open.rows == 0 {
            open.first_row = open.solid;
        }
        open.rows += 1;
        open.solid = 0;
    }

    fn word_char(&mut self, fold: &Fold, at: usize, end: usize) {
        let letter = fold.class == Class::Letter;
        let inner = self.before == Before::Inner;
        self.solid(at, letter);
        // A ligature is several letters.
        let size = fold.bytes().len();
        let several = size > 1 && fold.bytes().first().is_some_and(u8::is_ascii);
        let open = self.open(at);
        if several {
            open.solid += size - 1;
        }
        open.has_sign |= fold.bits & table::SIGN != 0;
        // Everything before a letter that is a dot or sign behind a letter may be a disguise.
        open.odd |= letter && inner;
        let spaceless = fold.bits & table::SPACELESS != 0;
        let goes_on = self.word.is_some_and(|word| !word.spaceless && !spaceless);
        if !goes_on {
            let glued = self.word.is_some();
            self.close_word();
            self.begin_word(at, glued, spaceless);
        }
        self.add_to_word(fold, letter, end);
        self.before = if letter { Before::Letter } else { Before::Digit };
    }

    fn begin_word(&mut self, at: usize, glued: bool, spaceless: bool) {
        if !glued && !self.folded.is_empty() {
            self.folded.push(' ');
        }
        self.word = Some(Word {
            start: self.folded.len(),
            raw_start: at,
            raw_end: at,
            glued,
            spaceless,
            ..Word::default()
        });
    }

    fn add_to_word(&mut self, fold: &Fold, letter: bool, end: usize) {
        let Some(word) = self.word.as_mut() else { return };
        let text = std::str::from_utf8(fold.bytes()).unwrap_or_default();
        let before = self.folded.get(word.start..).unwrap_or_default();
        if letter {
            word.letters += text.chars().count();
            word.repeated |= ends_in_three(before, text);
            if fold.script != 0 {
                word.mixed |= word.script != 0 && word.script != fold.script;
                word.script = fold.script;
            }
            word.bits |= fold.bits;
            if fold.bits & table::ALIKE == 0 {
                word.not_alike = true;
                if let Some(bits) = self.strange.get_mut(usize::from(fold.script / 64)) {
                    *bits |= 1 << (fold.script % 64);
                }
            }
        } else {
            word.digits += 1;
        }
        word.raw_end = end;
        self.folded.push_str(text);
    }

    fn close_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let text = self.folded.get(word.start..).unwrap_or_default();
        let both = table::COMPAT | table::OWN;
        let mixed = word.mixed || word.bits & table::SMALL != 0 || word.bits & both == both;
        let digits = word.digits > 0 && word.letters >= 2 && odd_digits(text);
        let alike = !word.not_alike && word.letters >= 2;
        let odd = !word.spaceless && (mixed || digits || word.repeated || alike && word.letters >= 5);
        if alike && !word.spaceless && !odd {
            self.alike.push((self.chunks.len(), word.script));
        }
        if let Some(open) = self.open.as_mut() {
            open.odd |= odd;
        }
        let number = word.letters == 0 && word.digits > 0;
        let merged = number
            && self.last_is_number
            && self.since == 1
            && matches!(self.separator, '.' | ',' | '\'' | '’' | ':' | '/' | '⁄' | '٫' | '٬');
        self.push_token(&word, merged);
        self.last_is_number = number;
        self.since = 0;
    }

    fn push_token(&mut self, word: &Word, merged: bool) {
        if !merged && !self.tokens.is_empty() {
            self.counted += 1;
        }
        self.tokens.push(Token {
            folded: word.start..self.folded.len(),
            range: word.raw_start..word.raw_end,
            counted: self.counted,
            glued: word.glued,
            spaceless: word.spaceless,
        });
    }

    /// A mark on what stands before it. `None`: it does more than to stay or to go.
    fn mark(&mut self, mark: char, end: usize) -> Option<()> {
        let (_, base) = self.base?;
        let class = canonical_combining_class(mark);
        let kept = if base.class == Class::Letter {
            let last = std::str::from_utf8(base.bytes()).ok()?.chars().next_back()?;
            let whole = compose(last, mark);
            let script = self.table.script(base.script);
            if fold::loses_marks(script) {
                if whole.is_some_and(tables::is_own) {
                    return None;
                }
                false
            } else if base.script == 0 {
                if !fold::is_unscripted_mark(mark) {
                    return None;
                }
                false
            } else {
                let before = self.folded.chars().next_back()?;
                let moves = class != 0 && class < self.mark_class;
                if whole.is_some() || compose(before, mark).is_some() || moves {
                    return None;
                }
                mark != '\u{93C}'
            }
        } else {
            if !fold::is_unscripted_mark(mark) {
                return None;
            }
            false
        };
        self.mark_class = class;
        let in_word = matches!(base.class, Class::Letter | Class::Digit);
        if let Some(word) = self.word.as_mut().filter(|_| in_word) {
            word.raw_end = end;
            if kept {
                self.folded.push(mark);
                self.before = Before::Letter;
            }
        }
        Some(())
    }

    /// Belongs to the emoji before it.
    fn selector(&mut self, end: usize) {
        if let Some(last) = self.tokens.last_mut().filter(|_| self.after_emoji) {
            last.range.end = end;
        }
    }

    fn emoji(&mut self, fold: &Fold, at: usize, end: usize) {
        self.close_word();
        let tone = fold.class == Class::Tone;
        let text = std::str::from_utf8(fold.bytes()).unwrap_or_default();
        self.base = None;
        if tone && self.after_emoji {
            self.selector(end);
            return;
        }
        let letter = fold.class == Class::EmojiLetter;
        if letter {
            self.solid(at, true);
            let inner = self.before == Before::Inner;
            let open = self.open(at);
            open.has_sign = true;
            open.odd |= inner;
        } else {
            self.open(at).others += 1;
            self.close_row();
        }
        let joined = self.after_emoji && self.joined && !letter;
        if joined {
            self.folded.push_str(text);
            let size = self.folded.len();
            if let Some(last) = self.tokens.last_mut() {
                (last.folded.end, last.range.end) = (size, end);
            }
        } else {
            if !self.folded.is_empty() {
                self.folded.push(' ');
            }
            let word = Word { start: self.folded.len(), raw_start: at, raw_end: end, ..Word::default() };
            self.folded.push_str(text);
            self.push_token(&word, false);
        }
        self.last_is_number = false;
        self.since = 0;
        self.before = if letter { Before::Letter } else { Before::Other };
        (self.after_emoji, self.joined) = (!letter, false);
    }

    fn other(&mut self, c: char, class: Class, at: usize) {
        self.close_word();
        let letter_before = self.before == Before::Letter;
        if class == Class::Sign && !self.is_handle(c, at) {
            self.solid(at, false);
            self.open(at).has_sign = true;
        } else {
            self.close_row();
            let open = self.open(at);
            open.others += 1;
            open.inner += usize::from(matches!(class, Class::InnerSign | Class::Pipe));
        }
        let inner = matches!(class, Class::InnerSign | Class::Pipe | Class::Dot);
        self.before = if inner && letter_before { Before::Inner } else { Before::Other };
        self.since += if class == Class::Others { 2 } else { 1 };
        self.separator = c;
    }

    /// `@` and four characters of a handle behind it, and nothing solid before it.
    fn is_handle(&self, c: char, at: usize) -> bool {
        let touches = self.open.is_some_and(|open| open.solid > 0);
        let name = self.text.as_bytes().get(at + 1..at + 5).unwrap_or_default();
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        c == '@' && !touches && name.len() == 4 && name.iter().all(part)
    }

    fn space(&mut self, class: Class, at: usize) {
        self.close_word();
        self.close_chunk(at);
        self.before = Before::Space;
        self.since += 1;
        self.separator = if class == Class::Line { '\n' } else { ' ' };
    }

    fn close_chunk(&mut self, end: usize) {
        let ends_single = self.open.is_some_and(|open| open.solid == 1);
        self.close_row();
        let Some(open) = self.open.take() else { return };
        let only_row = open.rows == 1 && open.others == 0;
        let lone_sign = open.rows == 0 && open.others == 1 && open.inner == 1;
        self.chunks.push(Chunk {
            start: open.start,
            end,
            odd: open.odd || open.has_sign && open.has_letter || open.singles >= 3,
            starts_single: open.bare_start && open.first_row == 1 || lone_sign,
            ends_single: ends_single || lone_sign,
            single: only_row && open.first_row == 1 || lone_sign,
            short: only_row && open.first_row <= 3 || lone_sign,
        });
    }

    fn finish(mut self, links: &[Range<usize>]) -> Sketch {
        self.merge_links(links);
        let alike: Vec<(usize, u8)> = std::mem::take(&mut self.alike);
        for (chunk, script) in alike {
            let bits = self.strange.get(usize::from(script / 64)).copied().unwrap_or_default();
            if let Some(chunk) = self.chunks.get_mut(chunk).filter(|_| bits >> (script % 64) & 1 == 0) {
                chunk.odd = true;
            }
        }
        let regions = self.regions();
        let mut odd = Vec::new();
        if !regions.is_empty() {
            let strange = self.strange_scripts();
            for region in regions {
                let part = self.text.get(region.clone()).unwrap_or_default();
                let glyphs = fold::glyphs_at(part, region.start);
                odd.extend(odd::odd_in(&glyphs, links, &strange));
            }
        }
        Sketch { folded: self.folded, tokens: self.tokens, odd }
    }

    fn strange_scripts(&self) -> HashSet<Script> {
        let numbers = (0..=u8::MAX).filter(|number| {
            let bits = self.strange.get(usize::from(number / 64)).copied().unwrap_or_default();
            bits >> (number % 64) & 1 == 1
        });
        numbers.map(|number| self.table.script(number)).collect()
    }

    /// Words of one link are one word, to counting.
    fn merge_links(&mut self, links: &[Range<usize>]) {
        let mut less = 0;
        let mut last: Option<usize> = None;
        for token in &mut self.tokens {
            let at = links.partition_point(|link| link.end <= token.range.start);
            let link = links.get(at).filter(|link| link.start < token.range.end).map(|_| at);
            // It begins in the link of the word before it.
            less += usize::from(link.is_some() && link == last);
            last = link;
            token.counted = token.counted.saturating_sub(less);
        }
    }

    /// Ranges of the text that could hold odd words, none over another.
    fn regions(&self) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::new();
        for (at, chunk) in self.chunks.iter().enumerate() {
            let range = if self.is_run(at) {
                self.run_around(at)
            } else if chunk.odd {
                chunk.start..chunk.end
            } else {
                continue;
            };
            match out.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => {
                    last.start = last.start.min(range.start);
                    last.end = last.end.max(range.end);
                }
                None => out.push(range),
            }
        }
        out
    }

    /// Could this chunk be the middle of a run with spaces?
    fn is_run(&self, at: usize) -> bool {
        let chunk = |at: Option<usize>| at.and_then(|at| self.chunks.get(at));
        let single = chunk(Some(at)).is_some_and(|chunk| chunk.single);
        single
            && chunk(at.checked_sub(1)).is_some_and(|chunk| chunk.ends_single)
            && chunk(at.checked_add(1)).is_some_and(|chunk| chunk.starts_single)
    }

    /// The run, what may be joined to it, and one chunk more on either side.
    fn run_around(&self, at: usize) -> Range<usize> {
        let short = |at: usize| self.chunks.get(at).is_some_and(|chunk| chunk.short);
        let mut first = at.saturating_sub(1);
        while first > 0 && short(first) {
            first -= 1;
        }
        let mut last = (at + 1).min(self.chunks.len().saturating_sub(1));
        while last + 1 < self.chunks.len() && short(last) {
            last += 1;
        }
        let start = self.chunks.get(first).map_or(0, |chunk| chunk.start);
        start..self.chunks.get(last).map_or(0, |chunk| chunk.end)
    }
}

/// Do the last three characters of a word become equal when these are added?
fn ends_in_three(before: &str, added: &str) -> bool {
    let mut last = before.chars().rev().take(2).collect::<Vec<_>>();
    last.reverse();
    last.extend(added.chars());
    last.windows(3).any(|three| three.iter().all(|c| Some(c) == three.first()))
}

/// *digits*, on a folded word.
fn odd_digits(word: &str) -> bool {
    let bare = || word.chars().filter(|c| !fold::is_kept_mark(*c));
    let digits = bare().filter(char::is_ascii_digit).count();
    let letters = bare().count() - digits;
    let leading = bare().take_while(char::is_ascii_digit).count();
    let trailing = word.chars().rev().filter(|c| !fold::is_kept_mark(*c));
    let trailing = trailing.take_while(char::is_ascii_digit).count();
    let then_letters = leading == digits && (letters <= 2 || digits >= 2);
    let then_digits = trailing == digits && digits >= 2;
    digits > 0 && letters >= 2 && !then_letters && !then_digits
}
