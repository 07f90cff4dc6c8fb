//! Gathers what the matchers find to hits: one a (pattern, piece, range), with the mildest view and
//! the lowest entry.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::record::View;
use crate::scan::{Hit, Hits, PatternId, Spot, Viewed};

/// Finds so far.
#[derive(Default)]
pub(in crate::scan) struct Found {
    piece: usize,
    all: BTreeMap<(usize, Place), What>,
}

/// Where something was found.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Text { piece: usize, start: usize, end: usize },
    Field(Spot),
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
        let place = Place::Text { piece: self.piece, start: range.start, end: range.end };
        self.add_at(pattern, place, view, (entry, value));
    }

    /// A value of the post that is one of the entries.
    pub(super) fn add_value(&mut self, pattern: usize, spot: Spot, found: (usize, &str)) {
        self.add_at(pattern, Place::Field(spot), View::Raw, found);
    }

    fn add_at(&mut self, pattern: usize, place: Place, view: View, (entry, value): (usize, &str)) {
        let what = self.all.entry((pattern, place)).or_insert_with(|| What {
            view,
            entry,
            values: BTreeSet::new(),
        });
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
        for ((pattern, place), what) in self.all {
            let Ok(pattern) = u32::try_from(pattern) else { continue };
            let pattern = PatternId(pattern);
            let (piece, range, field) = match place {
                Place::Text { piece, start, end } => (piece, start..end, None),
                Place::Field(spot) => (usize::MAX, 0..0, Some(spot)),
            };
            let words = viewed(piece).map(|viewed| viewed.views.words_touching(&range));
            let at = hits.all.len();
            hits.values.extend(what.values.into_iter().map(|value| (pattern, at, value)));
            hits.all.push(Hit {
                pattern,
                piece,
                range,
                words: words.unwrap_or_default(),
                view: what.view,
                field,
                entry: what.entry,
            });
        }
        hits
    }
}
