//! What one rule sees of a post: its own hits, less those that `except` hides.

use std::ops::Range;

use super::except::Hidden;
use super::facts::Facts;
use super::{Hit, PatternId};
use crate::rules::Rule;

/// A row of [`super::Hits::values`].
pub(super) type Value = (PatternId, usize, String);

/// A hit with its index in [`super::Hits::all`].
pub(super) type Found<'h> = (usize, &'h Hit);

/// `x.hits` never counts further: no rule needs more, and the number stays small.
pub(super) const HITS_MAX: u32 = 65_535;

/// The hits of one rule that count, by pattern.
pub(super) struct Seen<'h> {
    first: PatternId,
    hits: Vec<Found<'h>>,
    values: &'h [&'h Value],
    facts: &'h Facts<'h>,
}

impl<'h> Seen<'h> {
    /// `own`: the rule's range in all hits, and all hits; `values`: all values, by pattern.
    pub(super) fn new(
        rule: &Rule,
        first: PatternId,
        (own, all): (Range<usize>, &'h [Hit]),
        values: &'h [&'h Value],
        facts: &'h Facts<'h>,
    ) -> Self {
        let found = own.clone().zip(all.get(own).unwrap_or_default());
        let excepted =
            |hit: &Hit| rule.except.iter().any(|&pattern| nth(first, pattern) == Some(hit.pattern));
        let mut hits: Vec<Found<'h>> = found.collect();
        if !rule.except.is_empty() {
            let hidden = Hidden::by(hits.iter().map(|(_, hit)| *hit).filter(|hit| excepted(hit)));
            // What hides stays: a condition may name it too.
            hits.retain(|(_, hit)| excepted(hit) || !hidden.hides(hit));
        }
        Self { first, hits, values, facts }
    }

    /// The fields of the post.
    pub(super) fn facts(&self) -> &'h Facts<'h> {
        self.facts
    }

    /// The hits of the rule's pattern of this index, in order.
    pub(super) fn of(&self, pattern: usize) -> &[Found<'h>] {
        let Some(id) = nth(self.first, pattern) else { return &[] };
        let start = self.hits.partition_point(|(_, hit)| hit.pattern < id);
        let end = self.hits.partition_point(|(_, hit)| hit.pattern <= id);
        self.hits.get(start..end).unwrap_or_default()
    }

    /// Does this hit count, by its index in all hits?
    pub(super) fn has(&self, hit: usize) -> bool {
        self.hits.binary_search_by_key(&hit, |(index, _)| *index).is_ok()
    }

    /// The hits of several patterns.
    pub(super) fn of_all(&self, patterns: &[usize]) -> Vec<Found<'h>> {
        patterns.iter().flat_map(|&pattern| self.of(pattern)).copied().collect()
    }

    /// `x.hits`.
    pub(super) fn count(&self, pattern: usize) -> u32 {
        u32::try_from(self.of(pattern).len()).map_or(HITS_MAX, |count| count.min(HITS_MAX))
    }

    /// `x.different`: distinct values of the hits that are not hidden.
    pub(super) fn different(&self, pattern: usize) -> u32 {
        let Some(id) = nth(self.first, pattern) else { return 0 };
        let hits = self.of(pattern);
        let start = self.values.partition_point(|(of, _, _)| *of < id);
        let end = self.values.partition_point(|(of, _, _)| *of <= id);
        let rows = self.values.get(start..end).unwrap_or_default().iter();
        let counts = |hit: &usize| hits.binary_search_by_key(hit, |(index, _)| *index).is_ok();
        let rows = rows.filter(|(_, hit, _)| counts(hit));
        let mut values: Vec<&str> = rows.map(|(_, _, value)| value.as_str()).collect();
        values.sort_unstable();
        values.dedup();
        u32::try_from(values.len()).unwrap_or(u32::MAX)
    }
}

/// The id of a rule's pattern by its index; `None` beyond all ids.
fn nth(first: PatternId, pattern: usize) -> Option<PatternId> {
    let pattern = u32::try_from(pattern).ok()?;
    first.0.checked_add(pattern).map(PatternId)
}
