//! What a scan found: which pattern, where in the original, by which entry and view.

use std::ops::Range;

use crate::record::View;
use crate::rules::{HashKind, PostField};

/// A named pattern of one rule, numbered over the whole rule set: rule by rule, in the order of
/// each rule's patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternId(pub u32);

/// A value of a post that is compared as it is, and holds no text to point into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// A field.
    Field(PostField),
    /// A hash of the medium of this number.
    Medium(usize, HashKind),
}

impl Spot {
    /// JSON pointer into the post as the native format has it.
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Self::Field(field) => field.pointer(),
            Self::Medium(number, hash) => format!("/media/{number}/{}", hash.name()),
        }
    }
}

/// One (pattern, piece, range in the original), whatever views or entries gave it; or one (pattern,
/// field).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which pattern.
    pub pattern: PatternId,
    /// Index into [`crate::decode::Post::pieces`]; beyond all of them for a hit of a field.
    pub piece: usize,
    /// Byte range in the piece's text, on character boundaries.
    pub range: Range<usize>,
    /// The words of the piece that the range touches, counted as `gap` and `within` count them;
    /// empty, at the next word, where it touches none.
    pub words: Range<usize>,
    /// The mildest view that gave it.
    pub view: View,
    /// The field, where the hit is of one: then it is of no piece, and has no range and no words.
    pub field: Option<Spot>,
    /// The lowest entry of the pattern's list that gave it; 0 for patterns without entries.
    pub entry: usize,
}

/// All hits of one post, sorted by (pattern, piece, range), without doubles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The hits.
    pub all: Vec<Hit>,
    /// For `x.different`: (pattern, hit's index in `all`, canonical value) where the value is the
    /// entry's folded form, or for a pattern without entries the canonical form of what was found.
    /// Several rows for one hit where several entries gave it.
    pub values: Vec<(PatternId, usize, String)>,
}

impl Hits {
    /// The hits of one pattern.
    pub fn of(&self, pattern: PatternId) -> impl Iterator<Item = (usize, &Hit)> {
        self.all.iter().enumerate().filter(move |(_, hit)| hit.pattern == pattern)
    }
}
