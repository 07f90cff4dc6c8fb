//! Gathers what the matchers find to hits: one a (pattern, piece, range), with the mildest view and
//! the lowest entry.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::record::View;
use crate::scan::{Hit, Hits, PatternId, Viewed};

/// Finds so far.
#[derive(Default)]
pub(in crate::scan) struct Found {
    piece: usize,
    all: BTreeMap<(usize, usize, usize, usize), What>,
}

struct What {
    view: View,
    entry: usize,
    values: BTreeSet<String>,
}

impl Found {
    /// What comes next is of this piece.
    pub(in crate::scan) fn enter(&mut self, piece: usize) {
        self.piece = piece;
    }

    /// One find; empty ranges are none.
    pub(super) fn add(
        &mut self,
        pattern: usize,
        range: &Range<usize>,
        view: View,
        (entry, value): (usize, &str),
    ) {
        if range.is_empty() {
            return;
        }
        let what = self
            .all
            .entry((pattern, self.piece, range.start, range.end))
            .or_insert_with(|| What { view, entry, values: BTreeSet::new() });
        what.view = what.view.min(view);
        what.entry = what.entry.min(entry);
        if !what.values.contains(value) {
            what.values.insert(value.to_owned());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// `viewed`: a piece by its number.
    pub(in crate::scan) fn into_hits<'v>(
        self,
        viewed: impl Fn(usize) -> Option<&'v Viewed<'v>>,
    ) -> Hits {
        let mut hits = Hits::default();
        for ((pattern, piece, start, end), what) in self.all {
            let Ok(pattern) = u32::try_from(pattern) else { continue };
            let pattern = PatternId(pattern);
            let words = viewed(piece).map(|viewed| viewed.views.words_touching(&(start..end)));
            let at = hits.all.len();
            hits.values.extend(what.values.into_iter().map(|value| (pattern, at, value)));
            hits.all.push(Hit {
                pattern,
                piece,
                range: start..end,
                words: words.unwrap_or_default(),
                view: what.view,
                entry: what.entry,
            });
        }
        hits
    }
}
