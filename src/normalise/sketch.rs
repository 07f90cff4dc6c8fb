//! What a scan asks of every text before it knows whether anything hits: the folded words with their
//! places, and the odd ones. Of texts that hit nothing, nearly all, nothing else is ever made.

use std::ops::Range;

use super::fold::is_hangul;
use super::odd::Odd;
use super::views::Views;

/// A text in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// The folded text.
    pub(crate) folded: String,
    /// Its words, in order.
    pub(crate) tokens: Vec<Token>,
    /// Where odd words and runs could be.
    pub(crate) suspects: Suspects,
}

/// What of a text could be odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Suspects {
    /// These are, in any order.
    Known(Vec<Odd>),
    /// Stretches that no odd word reaches out of, none over another; and a bit for each script of
    /// which there is a letter that looks like none of another.
    Within(Vec<Range<usize>>, [u64; 4]),
}

impl Suspects {
    /// Nothing is odd.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Known(odd) => odd.is_empty(),
            Self::Within(stretches, _) => stretches.is_empty(),
        }
    }
}

impl Default for Suspects {
    fn default() -> Self {
        Self::Known(Vec::new())
    }
}

/// One word of the folded text. Texts are far below 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token {
    /// Byte range in the folded text.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Byte range in the original.
    pub(crate) raw_start: u32,
    pub(crate) raw_end: u32,
    /// The counted word it is part of, or one before it: two words whose numbers differ by two have
    /// a counted word between them.
    pub(crate) counted: u32,
    /// Stands right behind the word before it.
    pub(crate) glued: bool,
    /// A cluster of a script without spaces.
    pub(crate) spaceless: bool,
    /// Holds Hangul.
    pub(crate) korean: bool,
}

/// An offset in a text.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The place of an offset.
pub(super) fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

impl Token {
    /// Byte range in the folded text.
    pub(crate) fn folded(&self) -> Range<usize> {
        place(self.start)..place(self.end)
    }

    /// Byte range in the original.
    pub(super) fn raw(&self) -> Range<usize> {
        place(self.raw_start)..place(self.raw_end)
    }
}

impl Sketch {
    /// From views, the slow way.
    pub(crate) fn of(views: &Views<'_>) -> Self {
        let korean = |range: &Range<usize>| {
            views.folded().get(range.clone()).unwrap_or_default().chars().any(is_hangul)
        };
        // Words of one character are one: nothing stands between the first and what follows the last.
        let mut counted = views.counted_words().to_vec();
        counted.dedup();
        let before = |at: usize| counted.partition_point(|word| word.end <= at);
        let tokens = views.words().iter().map(|word| Token {
            start: offset(word.folded.start),
            end: offset(word.folded.end),
            raw_start: offset(word.range.start),
            raw_end: offset(word.range.end),
            counted: offset(before(word.range.start)),
            glued: word.glued,
            spaceless: word.spaceless,
            korean: korean(&word.folded),
        });
        Self {
            folded: views.folded().to_owned(),
            tokens: tokens.collect(),
            suspects: Suspects::Known(views.odd().to_vec()),
        }
    }

    /// The text of a word.
    pub(crate) fn text(&self, token: &Token) -> &str {
        self.folded.get(token.folded()).unwrap_or_default()
    }

    /// The folded text from a word on.
    pub(crate) fn from(&self, token: &Token) -> &[u8] {
        self.folded.as_bytes().get(place(token.start)..).unwrap_or_default()
    }

    /// The words that a range of the original touches.
    pub(crate) fn touching(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.tokens.partition_point(|token| place(token.raw_end) <= range.start);
        let after = self.tokens.partition_point(|token| place(token.raw_start) < range.end);
        first..after.max(first)
    }
}

/// The beginnings of a word that an entry matches where the rest is a particle: words of Hangul are
/// anchored at their start, and a foreign word may have a particle too.
pub(crate) fn stems(word: &str) -> impl Iterator<Item = &str> {
    let hangul = !word.is_ascii() && word.chars().any(is_hangul);
    let ends = word.char_indices().skip(1).take(if hangul { word.len() } else { 0 });
    let mut other = false;
    ends.filter_map(move |(at, next)| {
        let (stem, _) = word.split_at_checked(at)?;
        let last = stem.chars().next_back()?;
        other |= !last.is_alphabetic();
        (is_hangul(last) || is_hangul(next) && !other).then_some(stem)
    })
}
