//! Which hits are shown for a rule that fired.

use std::collections::BTreeSet;

use super::EVIDENCE_PER_PATTERN;
use super::reach::Reach;
use super::seen::Seen;
use crate::rules::Condition;

/// Indexes into all hits, rising: of each pattern that speaks for the condition, the first
/// [`EVIDENCE_PER_PATTERN`], those that take part in a `within` before others.
pub(super) fn of(condition: &Condition, seen: &Seen<'_>) -> Vec<usize> {
    let mut speaking = Speaking::default();
    speaking.collect(condition, seen, true);
    let mut shown = BTreeSet::new();
    for &pattern in &speaking.patterns {
        let (near, far): (Vec<_>, Vec<_>) = seen
            .of(pattern)
            .iter()
            .map(|(index, _)| *index)
            .partition(|index| speaking.near.contains(index));
        shown.extend(near.into_iter().chain(far).take(EVIDENCE_PER_PATTERN));
    }
    shown.into_iter().collect()
}

/// What speaks for a condition: names that stand under no `not` (or under two).
#[derive(Default)]
struct Speaking {
    patterns: BTreeSet<usize>,
    /// Hits that take part in a `within`.
    near: BTreeSet<usize>,
}

impl Speaking {
    fn collect(&mut self, condition: &Condition, seen: &Seen<'_>, speaks: bool) {
        match condition {
            Condition::Not(inner) => self.collect(inner, seen, !speaks),
            Condition::And(several) | Condition::Or(several) => {
                several.iter().for_each(|inner| self.collect(inner, seen, speaks));
            }
            // A field is no pattern: it has no hit to show.
            Condition::Field(_) => {}
            _ if !speaks => {}
            Condition::Pattern(pattern)
            | Condition::Hits(pattern, ..)
            | Condition::Different(pattern, ..) => {
                self.patterns.insert(*pattern);
            }
            Condition::Of(_, patterns) => self.patterns.extend(patterns),
            Condition::Within { words, left, right } => {
                self.patterns.extend(left.iter().chain(right));
                self.pairs(seen, *words, (left, right));
                self.pairs(seen, *words, (right, left));
            }
        }
    }

    /// Adds the hits of the first side that have one of the second near.
    fn pairs(&mut self, seen: &Seen<'_>, words: usize, (of, among): (&[usize], &[usize])) {
        let reach = Reach::new(seen.of_all(among));
        let near = seen.of_all(of).into_iter().filter(|found| reach.has_near(*found, words));
        self.near.extend(near.map(|(index, _)| index));
    }
}
