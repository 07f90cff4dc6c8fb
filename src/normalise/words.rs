//! Words of the folded text, and the words that `gap` and `within` count.

use std::ops::Range;

use super::fold::{Glyph, Kind};

/// One word: a run of letters, marks and digits; one cluster of a script without spaces; or one
/// emoji sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Byte range in the folded text.
    pub folded: Range<usize>,
    /// Byte range in the original.
    pub range: Range<usize>,
    /// Nothing stands between the word before it and this one: clusters of a script without
    /// spaces, or a word of another script beside one.
    pub glued: bool,
    /// A cluster of a script without spaces.
    pub spaceless: bool,
    /// Digits alone.
    pub number: bool,
    /// Its glyphs.
    pub(crate) glyphs: Range<usize>,
}

/// The folded text and its words.
pub(crate) fn words(glyphs: &[Glyph]) -> (String, Vec<Word>) {
    let mut folded = String::with_capacity(2 * glyphs.len());
    let mut words: Vec<Word> = Vec::with_capacity(glyphs.len() / 4);
    let mut rest = glyphs.iter().enumerate().peekable();
    while let Some((at, glyph)) = rest.next() {
        if !starts_word(glyph) {
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| glyphs.get(at));
        let glued = glyph.in_word() && before.is_some_and(Glyph::in_word);
        if !glued && !folded.is_empty() {
            folded.push(' ');
        }
        let start = folded.len();
        folded.push(glyph.ch);
        let mut word = Word {
            folded: start..start,
            range: glyph.range.clone(),
            glued,
            spaceless: glyph.spaceless(),
            number: glyph.kind == Kind::Digit,
            glyphs: at..at + 1,
        };
        while let Some((at, next)) = rest.next_if(|(_, next)| goes_on(glyph, next)) {
            folded.push(next.ch);
            word.number &= next.kind == Kind::Digit;
            word.range.end = next.range.end;
            word.glyphs.end = at + 1;
        }
        word.folded.end = folded.len();
        words.push(word);
    }
    (folded, words)
}

fn starts_word(glyph: &Glyph) -> bool {
    glyph.in_word() || matches!(glyph.kind, Kind::Emoji | Kind::EmojiLetter)
}

/// Does the word that `first` began go on with `next`?
fn goes_on(first: &Glyph, next: &Glyph) -> bool {
    if !first.in_word() {
        return next.joined;
    }
    let cluster = first.spaceless();
    match next.kind {
        Kind::Mark => true,
        Kind::Letter => !cluster && !next.spaceless(),
        Kind::Digit => !cluster,
        _ => false,
    }
}

/// Ranges in the original that `gap` and `within` count, in order: a link, a number with its
/// separators, an emoji sequence, a cluster, any other word.
pub(crate) fn counted(
    glyphs: &[Glyph],
    words: &[Word],
    links: &[Range<usize>],
) -> Vec<Range<usize>> {
    let mut links: Vec<_> = links.iter().filter(|link| !link.is_empty()).cloned().collect();
    links.sort_by_key(|link| (link.start, link.end));
    let mut links = links.into_iter().peekable();
    let mut out: Vec<Counted> = Vec::with_capacity(words.len());
    for word in words {
        while let Some(link) = links.next_if(|link| link.start < word.range.end) {
            push_link(&mut out, link);
        }
        push_word(&mut out, glyphs, word);
    }
    for link in links {
        push_link(&mut out, link);
    }
    out.into_iter().map(|counted| counted.range).collect()
}

struct Counted {
    range: Range<usize>,
    link: bool,
    /// End in glyphs, where it is a number.
    number: Option<usize>,
}

/// What a link overlaps, a word half inside it or another link, is one word with it.
fn push_link(out: &mut Vec<Counted>, link: Range<usize>) {
    let mut range = link;
    while let Some(last) = out.pop_if(|last| last.range.end > range.start) {
        range = last.range.start.min(range.start)..last.range.end.max(range.end);
    }
    out.push(Counted { range, link: true, number: None });
}

fn push_word(out: &mut Vec<Counted>, glyphs: &[Glyph], word: &Word) {
    if let Some(last) = out.last_mut() {
        let in_link = last.link && word.range.start < last.range.end;
        let goes_on =
            word.number && last.number.is_some_and(|end| one_separator(glyphs, end, word));
        if in_link || goes_on {
            last.range.start = last.range.start.min(word.range.start);
            last.range.end = last.range.end.max(word.range.end);
            last.number = goes_on.then_some(word.glyphs.end);
            return;
        }
    }
    let number = word.number.then_some(word.glyphs.end);
    out.push(Counted { range: word.range.clone(), link: false, number });
}

/// Is there just one separator of numbers (`6.000`, `12:30`, `24/7`, `½`) between?
fn one_separator(glyphs: &[Glyph], end: usize, word: &Word) -> bool {
    let between = glyphs.get(end..word.glyphs.start);
    let [separator] = between.unwrap_or_default() else { return false };
    matches!(separator.ch, '.' | ',' | '\'' | '’' | ':' | '/' | '⁄' | '٫' | '٬')
}
