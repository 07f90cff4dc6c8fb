//! The views of one text, and the ways between them.

use std::ops::Range;

use super::fold::{self, Glyph};
use super::odd::{self, Odd, Reading, Shape};
use super::words::{self, Word};

/// A text in all its views.
#[derive(Clone, Debug)]
pub struct Views<'a> {
    /// The text as it came.
    pub raw: &'a str,
    folded: Mapped,
    words: Vec<Word>,
    odd: Vec<Odd>,
    counted: Vec<Range<usize>>,
}

/// A made text that knows where each of its characters came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapped {
    /// The text.
    pub(crate) text: String,
    /// Byte offset of each character but the spaces between words, and its range in the original.
    map: Vec<(usize, Range<usize>)>,
}

/// The views of a text. `links`: byte ranges of the links in it, in any order; each is one word to
/// `gap` and `within`, and no dot inside one is a disguise.
#[must_use]
pub fn views<'a>(text: &'a str, links: &[Range<usize>]) -> Views<'a> {
    let glyphs = fold::glyphs(text);
    let odd = odd::odd(&glyphs, &disjoint(links));
    views_of(text, links, &glyphs, odd)
}

/// The same from the glyphs of the text and its odd words.
pub(super) fn views_of<'a>(
    text: &'a str,
    links: &[Range<usize>],
    glyphs: &[Glyph],
    odd: Vec<Odd>,
) -> Views<'a> {
    let (folded, words) = words::words(glyphs);
    let counted = words::counted(glyphs, &words, &disjoint(links));
    let folded = Mapped { text: folded, map: map(glyphs, &words) };
    Views { raw: text, folded, words, odd, counted }
}

/// The folded form of any string.
#[must_use]
pub fn fold(text: &str) -> String {
    words::words(&fold::glyphs(text)).0
}

fn disjoint(links: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut links: Vec<_> = links.iter().filter(|link| !link.is_empty()).cloned().collect();
    links.sort_by_key(|link| (link.start, link.end));
    links.dedup_by(|next, last| {
        let overlap = next.start < last.end;
        if overlap {
            last.end = last.end.max(next.end);
        }
        overlap
    });
    links
}

fn map(glyphs: &[Glyph], words: &[Word]) -> Vec<(usize, Range<usize>)> {
    let mut out = Vec::with_capacity(glyphs.len());
    for word in words {
        let mut at = word.folded.start;
        for glyph in glyphs.get(word.glyphs.clone()).unwrap_or_default() {
            out.push((at, glyph.range.clone()));
            at += glyph.ch.len_utf8();
        }
    }
    out
}

impl Mapped {
    /// The range in the original that a byte range of this text came from.
    pub(crate) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.map.partition_point(|(at, _)| *at < range.start);
        let after = self.map.partition_point(|(at, _)| *at < range.end);
        let start_of = |at: usize| self.map.get(at).map(|(_, range)| range.start);
        let end_of = |at: usize| self.map.get(at).map(|(_, range)| range.end);
        let last_end = after.checked_sub(1).and_then(end_of);
        if first < after {
            return start_of(first).unwrap_or(0)..last_end.unwrap_or(0);
        }
        // Nothing but a space: what stands between the words.
        let start = last_end.unwrap_or(0);
        start..start_of(first).unwrap_or(start).max(start)
    }

    fn push(&mut self, text: &str, range: &Range<usize>) {
        self.map.push((self.text.len(), range.clone()));
        self.text.push_str(text);
    }
}

impl Views<'_> {
    /// The folded text.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded.text
    }

    /// The byte range in the original of a byte range of [`Views::folded`].
    #[must_use]
    pub fn original(&self, folded: &Range<usize>) -> Range<usize> {
        self.folded.original(folded)
    }

    /// The words of the folded text, in order.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The folded text of the words `from` to `to` (exclusive), where each but the first is glued
    /// to the one before it.
    #[must_use]
    pub fn glued(&self, from: usize, to: usize) -> Option<&str> {
        let glued = self.words.get(from + 1..to)?.iter().all(|word| word.glued);
        let (first, last) = (self.words.get(from)?, self.words.get(to.checked_sub(1)?)?);
        self.folded().get(first.folded.start..last.folded.end).filter(|_| glued)
    }

    /// Odd words and runs.
    #[must_use]
    pub fn odd(&self) -> &[Odd] {
        &self.odd
    }

    /// The words that `gap` and `within` count, by their ranges in the original.
    pub(super) fn counted_words(&self) -> &[Range<usize>] {
        &self.counted
    }

    /// How many words `gap` and `within` count.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.counted.len()
    }

    /// The words, as `gap` and `within` count them, that a byte range of the original touches;
    /// empty, at the next word, where it touches none.
    #[must_use]
    pub fn words_touching(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.counted.partition_point(|word| word.end <= range.start);
        let after = self.counted.partition_point(|word| word.start < range.end);
        first..after.max(first)
    }

    /// How many counted words lie wholly between two places of the original.
    #[must_use]
    pub fn words_between(&self, from: usize, to: usize) -> usize {
        let first = self.counted.partition_point(|word| word.start < from);
        let after = self.counted.partition_point(|word| word.end <= to);
        after.saturating_sub(first)
    }

    /// The folded text with the odd words in the likeliest reading: what a regex or substring of
    /// view `unmasked` runs on besides the folded text.
    pub(crate) fn unmasked(&self) -> Mapped {
        let mut out = Mapped::default();
        for chunk in self.chunks() {
            if !chunk.glued && !out.text.is_empty() {
                out.text.push(' ');
            }
            match chunk.what {
                What::Word(word) => self.push_word(&mut out, word),
                What::Odd(odd) => odd.letters.iter().for_each(|letter| {
                    push_reading(&mut out, letter.plain().first(), &letter.range);
                }),
            }
        }
        out
    }

    fn push_word(&self, out: &mut Mapped, word: &Word) {
        let from = self.folded.map.partition_point(|(at, _)| *at < word.folded.start);
        let chars = self.folded().get(word.folded.clone()).unwrap_or_default();
        for (c, (_, range)) in chars.chars().zip(self.folded.map.iter().skip(from)) {
            out.push(c.encode_utf8(&mut [0; 4]), range);
        }
    }

    /// The text as a row of words and odd words, each place once, the longest odd word first.
    /// Repeats and whole look-alikes are left as words: as likely as not they are what they seem.
    pub(crate) fn chunks(&self) -> Vec<Chunk<'_>> {
        let mut odd: Vec<&Odd> = self.odd.iter().filter(|odd| odd.classes).collect();
        odd.sort_by_key(|odd| (odd.range().start, std::cmp::Reverse(odd.range().end)));
        let mut done = 0;
        odd.retain(|odd| {
            let free = odd.range().start >= done;
            done = if free { odd.range().end } else { done };
            free
        });
        let mut odd = odd.into_iter().peekable();
        let mut out = Vec::new();
        let mut done = 0;
        for word in &self.words {
            while let Some(next) = odd.next_if(|odd| odd.range().start < word.range.end) {
                done = next.range().end;
                out.push(Chunk { glued: false, range: next.range(), what: What::Odd(next) });
            }
            if word.range.start >= done {
                let range = word.range.clone();
                out.push(Chunk { glued: word.glued, range, what: What::Word(word) });
            }
        }
        out
    }
}

fn push_reading(out: &mut Mapped, reading: Option<&Reading>, range: &Range<usize>) {
    match reading {
        Some(Reading::Char(c)) => out.push(c.encode_utf8(&mut [0; 4]), range),
        Some(Reading::Text(text)) => {
            for c in text.chars() {
                out.push(c.encode_utf8(&mut [0; 4]), range);
            }
        }
        Some(Reading::Nothing) | None => {}
    }
}

/// A word or an odd word.
pub(crate) struct Chunk<'v> {
    /// Stands right behind the chunk before it.
    pub(crate) glued: bool,
    /// Byte range in the original.
    pub(crate) range: Range<usize>,
    /// Which.
    pub(crate) what: What<'v>,
}

/// What a chunk is.
pub(crate) enum What<'v> {
    /// A folded word.
    Word(&'v Word),
    /// An odd word.
    Odd(&'v Odd),
}

impl Odd {
    /// Byte range in the original, from the first letter to the last.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        let start = self.letters.first().map_or(0, |letter| letter.range.start);
        start..self.letters.last().map_or(start, |letter| letter.range.end)
    }

    /// In the likeliest reading.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut out = Mapped::default();
        for letter in &self.letters {
            push_reading(&mut out, letter.plain().first(), &letter.range);
        }
        out.text
    }

    /// Is it a run of single letters?
    #[must_use]
    pub fn is_run(&self) -> bool {
        matches!(self.shape, Shape::Run(_))
    }
}
