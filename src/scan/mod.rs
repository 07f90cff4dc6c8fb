//! Stage 3: a post and its views to [`Hits`]: every pattern of every rule, with the exact range in
//! the original.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod hits;
mod naive;

#[cfg(test)]
mod tests;

use crate::decode::{Piece, Post};
use crate::extract::FoundLink;
use crate::normalise::Views;
use crate::rules::Rule;

pub use hits::{Hit, Hits, PatternId};

/// A piece of a post with what was found out about it before any pattern is asked.
#[derive(Clone, Debug)]
pub struct Seen<'p> {
    /// The piece.
    pub piece: Piece<'p>,
    /// The links in its text.
    pub links: Vec<FoundLink>,
    /// Its views, made with these links.
    pub views: Views<'p>,
}

/// The patterns of all rules, compiled.
#[derive(Debug)]
pub struct Tables {
    /// First pattern of each rule.
    first: Vec<u32>,
    naive: naive::Naive,
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
        Ok(Self { first, naive: naive::Naive::build(rules)? })
    }

    /// The number of a rule's first pattern; the others follow. `rule`: index into the rules given
    /// to [`Tables::build`].
    #[must_use]
    pub fn first_pattern(&self, rule: usize) -> PatternId {
        PatternId(self.first.get(rule).copied().unwrap_or(u32::MAX))
    }

    /// Every hit of every pattern on one post. `seen`: its pieces, in the order of
    /// [`Post::pieces`].
    #[must_use]
    pub fn scan(&self, post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
        self.naive.scan(post, seen)
    }
}
