//! Stage 3: a post and its views to [`Hits`]: every pattern of every rule, with the exact range in
//! the original.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fast;
mod hits;
mod naive;

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::decode::{Piece, Post};
use crate::extract::{self, FoundLink};
use crate::normalise::{self, Odd, Views};
use crate::record::Part;
use crate::rules::Rule;

pub use hits::{Hit, Hits, PatternId, Spot};
pub use naive::Naive;

/// A piece of a post with the links in it, which are found before any pattern is asked.
#[derive(Clone, Debug)]
pub struct Seen<'p> {
    /// The piece.
    pub piece: Piece<'p>,
    /// The links in its text, in order; none where no pattern looks at such pieces.
    pub links: Vec<FoundLink>,
}

/// The same with its views, made with these links.
#[derive(Debug)]
struct Viewed<'s> {
    seen: &'s Seen<'s>,
    piece: Piece<'s>,
    views: Views<'s>,
}

/// The patterns of all rules, compiled.
#[derive(Debug)]
pub struct Tables {
    /// First pattern of each rule.
    first: Vec<u32>,
    engine: fast::Engine,
}

impl<'p> Seen<'p> {
    /// A piece, with its links looked for.
    #[must_use]
    pub fn of(piece: Piece<'p>) -> Self {
        Self { piece, links: extract::links(piece.text) }
    }

    /// How many words it has, as `gap` and `within` count them.
    #[must_use]
    pub fn words(&self) -> usize {
        self.view_quickly(Some(Vec::new())).views.counted()
    }

    /// With the views of the slow truth.
    fn view(&self) -> Viewed<'_> {
        let views = normalise::views(self.piece.text, &self.link_ranges());
        Viewed { seen: self, piece: self.piece, views }
    }

    /// The same, quicker. `odd`: the odd words that are asked for, where that is not all of them.
    fn view_quickly(&self, odd: Option<Vec<Odd>>) -> Viewed<'_> {
        let views = normalise::quick_views(self.piece.text, &self.link_ranges(), odd);
        Viewed { seen: self, piece: self.piece, views }
    }

    fn link_ranges(&self) -> Vec<Range<usize>> {
        self.links.iter().map(|link| link.range.clone()).collect()
    }
}

impl<'s> Viewed<'s> {
    fn seen(&self) -> &'s Seen<'s> {
        self.seen
    }
}

/// A pattern that does not compile. `rules` has checked them all, so this is a fault of the set as
/// a whole or of a caller that went round the check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A regular expression.
    #[error(
        "regex of pattern {pattern} in rule {rule} does not compile within 1 MiB: check the pack again"
    )]
    Regex {
        /// Id of the rule.
        rule: String,
        /// Name of the pattern.
        pattern: String,
    },
    /// A list of substrings or exact strings.
    #[error("list of pattern {pattern} in rule {rule} does not fit one automaton: split the list")]
    List {
        /// Id of the rule.
        rule: String,
        /// Name of the pattern.
        pattern: String,
    },
    /// Too many.
    #[error("more than 2^32 patterns in one rule set: leave out packs")]
    TooMany,
}

impl BuildError {
    fn regex((rule, pattern): (String, String)) -> Self {
        Self::Regex { rule, pattern }
    }

    fn list((rule, pattern): (String, String)) -> Self {
        Self::List { rule, pattern }
    }
}

impl Tables {
    /// Compiles the patterns of all rules; they are numbered rule by rule.
    ///
    /// # Errors
    ///
    /// A regex is not valid or larger than 1 MiB compiled; a list is too large for one automaton.
    pub fn build(rules: &[Rule]) -> Result<Self, BuildError> {
        let mut first = Vec::with_capacity(rules.len());
        let mut count = 0;
        for rule in rules {
            first.push(u32::try_from(count).map_err(|_| BuildError::TooMany)?);
            count += rule.patterns.len();
        }
        Ok(Self { first, engine: fast::Engine::build(rules)? })
    }

    /// The number of a rule's first pattern; the others follow. `rule`: index into the rules given
    /// to [`Tables::build`].
    #[must_use]
    pub fn first_pattern(&self, rule: usize) -> PatternId {
        PatternId(self.first.get(rule).copied().unwrap_or(u32::MAX))
    }

    /// Every hit on one post of every rule that could fire: where none of the patterns hits that a
    /// rule waits for, nothing of it is told. `seen`: its pieces, in the order of
    /// [`Post::pieces`].
    #[must_use]
    pub fn scan(&self, post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
        self.engine.scan(post, seen)
    }

    /// Does any pattern look at such pieces? Of others [`Tables::scan`] asks nothing.
    #[must_use]
    pub fn looks_at(&self, part: Part) -> bool {
        self.engine.looks_at(part)
    }

    /// Bytes that the tables take, automata and regexes apart.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.engine.bytes()
    }
}
