//! `within N words of`: which hits stand near enough to one of the other side.
//!
//! Two hits of one piece with the words `a..b` and `c..d` are `max(0, c - b, a - d)` words apart:
//! from the nearest ends, in either order, 0 where they overlap. So one is within reach of the
//! other if `c <= b + n` and `a <= d + n`. Sorted by `c`, the candidates of a hit are a prefix of
//! its piece, and only the largest `d` of that prefix matters.

use super::seen::Found;

/// The hits of one side, to be asked for hits of the other.
pub(super) struct Reach(Vec<Row>);

/// One hit of the side, and what the prefix of its piece up to it holds.
struct Row {
    piece: usize,
    start: usize,
    /// Largest end of words, and whose.
    best: (usize, usize),
    /// Largest end of the others: a hit is not near itself.
    second: Option<usize>,
}

impl Reach {
    /// Of the hits of one side.
    pub(super) fn new(mut side: Vec<Found<'_>>) -> Self {
        side.sort_unstable_by_key(|(index, hit)| (hit.piece, hit.words.start, *index));
        side.dedup_by_key(|(index, _)| *index);
        let mut rows: Vec<Row> = Vec::with_capacity(side.len());
        for (index, hit) in side {
            let own = (hit.words.end, index);
            let last = rows.last().filter(|row| row.piece == hit.piece);
            let (best, second) = match last {
                None => (own, None),
                Some(row) if own.0 > row.best.0 => (own, Some(row.best.0)),
                Some(row) => (row.best, row.second.max(Some(own.0))),
            };
            rows.push(Row { piece: hit.piece, start: hit.words.start, best, second });
        }
        Self(rows)
    }

    /// Is there a hit of this side, other than the asked one, at most `words` words away?
    pub(super) fn has_near(&self, (index, hit): Found<'_>, words: usize) -> bool {
        let last = (hit.piece, hit.words.end.saturating_add(words));
        let behind = self.0.partition_point(|row| (row.piece, row.start) <= last);
        let row = behind.checked_sub(1).and_then(|at| self.0.get(at));
        let Some(row) = row.filter(|row| row.piece == hit.piece) else { return false };
        let end = if row.best.1 == index { row.second } else { Some(row.best.0) };
        end.is_some_and(|end| hit.words.start <= end.saturating_add(words))
    }
}
