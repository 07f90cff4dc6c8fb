//! Stage 4: hits to [`Verdict`]. Pure: the same post and the same rules give the same verdict.
//!
//! A rule is evaluated where it has a hit, looks at posts of this kind and is no draft. First its
//! `except` hides hits, then its condition is asked, then `soften`. Everything here is at most
//! n log n in the hits of a post, because the sender of a post chooses how many there are.
//!
//! A condition may be unknown, where it compares a field that the post does not have. What is not
//! asked is never unknown: every condition needs a hit to hold, and without one it is false
//! whatever its fields are.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod condition;
mod evidence;
mod except;
mod explain;
mod facts;
mod reach;
mod seen;
#[cfg(test)]
mod tests;
mod truth;

// What the indexes of a verdict point into: whoever reads a verdict needs these too.
pub use crate::scan::{Hit, Hits, PatternId, Spot};
pub use explain::{Explained, From, Seeing, Step, explain};
pub use truth::Truth;

use std::cmp::Reverse;

use crate::decode::Post;
use crate::rules::{Action, Rule, Severity, Status, Tripped};
use condition::holds;
use facts::Facts;
use seen::{Seen, Value};

/// What the rules together say about one post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Rules whose condition holds, most severe first, ties by rule id.
    pub fired: Vec<Fired>,
    /// Indexes of the rules that were asked and whose condition rests on fields that the post does
    /// not have, in the same order. They do not fire.
    pub unknown: Vec<usize>,
}

/// One rule that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Index into the rule set's rules.
    pub rule: usize,
    /// What it asks for: its actions, or those of `soften` where that held too.
    pub actions: Vec<Action>,
    /// True where `soften` replaced the actions.
    pub softened: bool,
    /// Why the actions are milder than the rule says, or none are taken: it is above its limit. A rule
    /// that counts acts later, so that what holds now says nothing of that.
    pub limited: Option<Tripped>,
    /// Indexes into `Hits::all` that made the condition hold, in order, at most
    /// [`EVIDENCE_PER_PATTERN`] a pattern.
    pub evidence: Vec<usize>,
}

/// Ranges kept for each named pattern of a rule: enough to show, too few to flood an event.
pub const EVIDENCE_PER_PATTERN: usize = 16;

/// Asks every rule that has a hit. `first` holds, by rule, the id of its pattern 0, rising; the
/// patterns of a rule are numbered on from there.
#[must_use]
pub fn score(rules: &[Rule], first: &[PatternId], post: &Post<'_>, hits: &Hits) -> Verdict {
    if hits.all.is_empty() {
        return Verdict::default();
    }
    let mut values: Vec<&Value> = hits.values.iter().collect();
    values.sort_by_key(|(pattern, _, _)| *pattern);
    let facts = Facts::new(post);
    let mut verdict = Verdict::default();
    let mut next = 0;
    while let Some(hit) = hits.all.get(next) {
        let index = first.partition_point(|&start| start <= hit.pattern);
        let end = first.get(index).copied().unwrap_or(PatternId(u32::MAX));
        let from = next;
        next = hits.all.partition_point(|hit| hit.pattern < end).max(next + 1);
        let Some(index) = index.checked_sub(1) else { continue };
        let (Some(rule), Some(&start)) = (rules.get(index), first.get(index)) else { continue };
        if rule.status == Status::Draft || !rule.looks_at(post.kind) {
            continue;
        }
        let seen = Seen::new(rule, start, (from..next, &hits.all), &values, &facts);
        match holds(&rule.condition, &seen) {
            Truth::Yes => verdict.fired.push(fire(rule, index, &seen)),
            Truth::Unknown => verdict.unknown.push(index),
            Truth::No => {}
        }
    }
    verdict.fired.sort_by(|a, b| rank(rules, a.rule).cmp(&rank(rules, b.rule)));
    verdict.unknown.sort_by(|a, b| rank(rules, *a).cmp(&rank(rules, *b)));
    verdict
}

/// Orders rules: most severe first, ties by rule id.
fn rank(rules: &[Rule], index: usize) -> Option<(Reverse<Severity>, &str)> {
    rules.get(index).map(|rule| (Reverse(rule.severity), rule.id.as_str()))
}

/// What a rule asks for whose condition holds. Only what surely holds makes the answer milder.
fn fire(rule: &Rule, index: usize, seen: &Seen<'_>) -> Fired {
    let soften = rule.soften.as_ref().filter(|soften| holds(&soften.when, seen).is_yes());
    let mut fired = Fired {
        rule: index,
        actions: soften.map_or(&rule.actions, |soften| &soften.to).clone(),
        softened: soften.is_some(),
        limited: None,
        evidence: evidence::of(&rule.condition, seen),
    };
    if let Some(held) = rule.held.filter(|_| rule.count.is_none()) {
        fired.hold_back(rule, held);
    }
    fired
}

impl Fired {
    /// The rule is above its limit: this is what is left of it.
    pub fn hold_back(&mut self, rule: &Rule, to: Tripped) {
        self.actions = to.leaves(&self.actions, &rule.category);
        self.limited = Some(to);
    }
}
