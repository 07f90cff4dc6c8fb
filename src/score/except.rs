//! `except`: which hits are hidden because they share a whole word with an excepted one.

use std::ops::Range;

use super::Hit;

/// What the excepted hits of a rule cover.
pub(super) struct Hidden {
    /// Words, of those that touch words.
    words: Spans,
    /// Bytes, of those that touch none.
    loose: Spans,
    /// Bytes, of all.
    bytes: Spans,
}

impl Hidden {
    /// Of these excepted hits.
    pub(super) fn by<'h>(excepted: impl Iterator<Item = &'h Hit>) -> Self {
        let (mut words, mut loose, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for hit in excepted {
            let span = (hit.piece, hit.range.clone());
            if hit.words.is_empty() {
                loose.push(span.clone());
            } else {
                words.push((hit.piece, hit.words.clone()));
            }
            bytes.push(span);
        }
        Self { words: Spans::new(words), loose: Spans::new(loose), bytes: Spans::new(bytes) }
    }

    /// Does an excepted hit share a word with this one, or a byte where one of the two has none?
    pub(super) fn hides(&self, hit: &Hit) -> bool {
        if hit.words.is_empty() {
            return self.bytes.overlap(hit.piece, &hit.range);
        }
        self.words.overlap(hit.piece, &hit.words) || self.loose.overlap(hit.piece, &hit.range)
    }
}

/// Ranges by piece, apart from each other and sorted, so that one look-up answers for all.
struct Spans(Vec<(usize, Range<usize>)>);

impl Spans {
    fn new(mut ranges: Vec<(usize, Range<usize>)>) -> Self {
        ranges.retain(|(_, range)| !range.is_empty());
        ranges.sort_unstable_by_key(|(piece, range)| (*piece, range.start));
        ranges.dedup_by(|next, kept| {
            let joins = next.0 == kept.0 && next.1.start <= kept.1.end;
            if joins {
                kept.1.end = kept.1.end.max(next.1.end);
            }
            joins
        });
        Self(ranges)
    }

    fn overlap(&self, piece: usize, range: &Range<usize>) -> bool {
        let before = |(of, span): &(usize, Range<usize>)| (*of, span.end) <= (piece, range.start);
        let next = self.0.get(self.0.partition_point(before));
        !range.is_empty() && next.is_some_and(|(of, span)| *of == piece && span.start < range.end)
    }
}
