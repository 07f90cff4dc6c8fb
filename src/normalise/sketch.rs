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
    /// Odd words and runs, in any order.
    pub(crate) odd: Vec<Odd>,
}

/// One word of the folded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Byte range in the folded text.
    pub(crate) folded: Range<usize>,
    /// Byte range in the original.
    pub(crate) range: Range<usize>,
    /// The counted word it is part of, or one before it: two words whose numbers differ by two have
    /// a counted word between them.
    pub(crate) counted: usize,
    /// Stands right behind the word before it.
    pub(crate) glued: bool,
    /// A cluster of a script without spaces.
    pub(crate) spaceless: bool,
}

impl Sketch {
    /// From views, the slow way.
    pub(crate) fn of(views: &Views<'_>) -> Self {
        let tokens = views.words().iter().map(|word| Token {
            folded: word.folded.clone(),
            range: word.range.clone(),
            counted: views.words_touching(&word.range).start,
            glued: word.glued,
            spaceless: word.spaceless,
        });
        Self {
            folded: views.folded().to_owned(),
            tokens: tokens.collect(),
            odd: views.odd().to_vec(),
        }
    }

    /// The text of a word.
    pub(crate) fn text(&self, token: &Token) -> &str {
        self.folded.get(token.folded.clone()).unwrap_or_default()
    }

    /// The words that a range of the original touches.
    pub(crate) fn touching(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.tokens.partition_point(|token| token.range.end <= range.start);
        let after = self.tokens.partition_point(|token| token.range.start < range.end);
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
